import { expect, test } from '@jest/globals';
import { MiB, type OperationOptions, type Project } from '@mln/core';
import { fakeHost, fakeProject } from '../../../../core/test/fake-project.js';
import { requireMemory, requireRoom } from '../../src/fleet/memory.js';
import type { Options } from '../../src/options.js';
import { fakeServer, type FakeServerGround } from './ground.js';

const GiB = 1024 * MiB;

/** A project whose hosts have so much memory, in MiB; those of `elsewhere` are on another server. */
function wants(name: string, memories: readonly number[], elsewhere: readonly number[] = []): Project {
  const hosts = [
    ...memories.map((memory, index) => fakeHost(`h${index}`, { memory: memory * MiB })),
    ...elsewhere.map((memory, index) => fakeHost(`e${index}`, { memory: memory * MiB, serviceHost: 'backend2' })),
  ];
  return fakeProject({ name, home: 'backend1', hosts });
}

async function server(options: Options): Promise<FakeServerGround> {
  const ground = await fakeServer(options);
  await ground.build('web', wants('web', [512, 512]).hosts);
  // That of a guest user.
  await ground.build('mail', wants('mail', [256], [4096]).hosts, {}, 'users/mln-guest/projects');
  return ground;
}

test.each<[what: string, options: Options, project: Project, given?: OperationOptions]>([
  ['what fits to the last byte', { memory: '2G' }, wants('new', [768])],
  ['anything, where no limit is configured', {}, wants('new', [1_000_000])],
  ['anything, where that is wanted', { memory: '1G' }, wants('new', [4096]), { overcommit: true }],
  ['a build that takes the place of its own earlier one', { memory: '1280M' }, wants('web', [512, 512])],
  ['hosts that are on other servers', { memory: '1280M' }, wants('new', [], [4096])],
  ['a number alone, which is MiB', { memory: '1536' }, wants('new', [256])],
])('a server takes %s', async (_what, options, project, given = {}) => {
  const { daemon } = await server(options);
  await expect(requireRoom(daemon, project, given)).resolves.toBeUndefined();
});

test('a server refuses more, with figures, and says who has most', async () => {
  const { daemon } = await server({ memory: '2G' });
  await expect(requireRoom(daemon, wants('new', [769]), {})).rejects.toMatchObject({
    code: 'MLN_NO_MEMORY',
    message: 'new would have 769 MiB of memory here, and 768 MiB of 2 GiB are left',
    problems: [{ hint: expect.stringContaining('web 1 GiB, mail 256 MiB') as unknown }],
  });
  // A build that grows beyond it, too.
  await expect(requireRoom(daemon, wants('web', [1793]), {})).rejects.toMatchObject({ code: 'MLN_NO_MEMORY' });
  const small = await server({ memory: '1536M' });
  await expect(requireRoom(small.daemon, wants('new', [257]), {})).rejects.toThrow('256 MiB of 1.5 GiB');
});

test('before a build on this machine, and before nothing else', async () => {
  const { mln } = await server({});
  const at = { id: 'x', user: 'root', at: '' };
  const part = { server: null, phase: 'prepare', units: [], project: wants('new', [2048]), source: '' };
  const check = (name: string, options: OperationOptions = {}): Promise<unknown> =>
    requireMemory(mln, { memory: '2G' }, { ...at, name, options }, part);
  await expect(check('build')).rejects.toMatchObject({ code: 'MLN_NO_MEMORY' });
  await expect(check('build', { overcommit: true })).resolves.toBeUndefined();
  await expect(check('start')).resolves.toBeUndefined();
  expect(2048 * MiB).toBe(2 * GiB);
});
