import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { isMlnError, makerTag, unitsOf, unknownStatus, type Mln, type Project, type Status } from '@mln/core';
import lvm from '@mln/plugin-lvm';
import uml from '@mln/plugin-uml';
import { newOperation } from '../../../core/src/announce.js';
import { decide } from '../../../core/src/decide.js';
import { readProject } from '../../../core/src/read-project.js';
import { fakeShell } from '../../../test/support/examine.js';
import { testKernel } from '../../../test/support/test-kernel.js';
import { tagsOf } from '../src/tags.js';
import { fakeLvm, type FakeLvm } from './fake-lvm.js';

/* What is asked of LVM before a build, for a status, and by the verbs. */

const MiB = 1024 * 1024;
const projects = mkdtempSync(join(tmpdir(), 'mln-lvm-'));
afterAll(() => {
  rmSync(projects, { recursive: true });
});
let machine: FakeLvm;
let uid = 0;
beforeEach(() => {
  machine = fakeLvm({ vg0: 100 * MiB });
  uid = 0;
  jest.spyOn(process as { getuid(): number }, 'getuid').mockImplementation(() => uid);
});
afterEach(() => {
  jest.restoreAllMocks();
});

async function read(
  body: string,
  options: Record<string, unknown> = {},
): Promise<{ readonly mln: Mln; readonly project: Project }> {
  const mln = await testKernel(
    [
      [lvm, options],
      [uml, { default: true }],
    ],
    { shell: machine.shell, projects },
  );
  const { project } = await readProject(mln, '/x.mln', { text: `global { project p }\n${body}` });
  return { mln, project: decide(project, null, 'fixed') };
}

/** What is said before an operation is begun. */
async function prepared(body: string, options = {}, name = 'build'): Promise<string[]> {
  const { mln, project } = await read(body, options);
  const part = { server: null, phase: 'prepare', units: unitsOf(project), project, source: '' };
  try {
    const notes: string[] = [];
    await mln.hooks.execute.promise(newOperation(name), part, ({ text }) => void notes.push(text));
    return notes;
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return error.problems.map(({ code, message }) => `${code} ${message}`);
  }
}

/** A volume of a host of the project p, as its build has tagged it. */
async function addOurs(body: string, name: string, more = {}): Promise<void> {
  const { project } = await read(body);
  for (const host of project.hosts)
    if (`${host.name}.p` === name) machine.add(`vg0/${name}`, { tags: [...tagsOf(host, project)], ...more });
}

const a = 'host a { lvm; lvm_vg vg0 }';

test('a build that can be done has nothing said', async () => {
  await addOurs(a, 'a.p');
  expect(await prepared(`${a}\nhost b { }`)).toEqual([]);
  expect(machine.calls).toEqual([]);
});

test('without lvm2 its package is told', async () => {
  machine.shell = fakeShell(() => null);
  expect(await prepared(a)).toEqual(['MLN_NO_PROGRAM the program lvs is not installed']);
});

test('an ordinary user is told that volumes are root’s', async () => {
  uid = 1000;
  expect(await prepared(a)).toEqual(['MLN_NOT_ALLOWED a: only root makes logical volumes']);
  expect(await prepared(a, {}, 'remove')).toEqual(['MLN_NOT_ALLOWED a: only root removes logical volumes']);
  expect(await prepared('host b { }')).toEqual([]);
});

test('all that is wrong is told at once, before anything is made', async () => {
  machine.add('vg0/b.p', { tags: ['precious'], size: 8 * MiB });
  await addOurs('host c { lvm; lvm_vg vg0 }', 'c.p', { open: true });
  const hosts = ['b', 'c'].map((name) => `host ${name} { lvm; lvm_vg vg0 }`);
  expect(await prepared(['host a { lvm; lvm_vg none }', ...hosts].join('\n'))).toEqual([
    'MLN_NO_GROUP there is no volume group none, where the disks of a are to be; there are: vg0 (100 MiB free)',
    'MLN_NOT_OURS b: the volume vg0/b.p (8 MiB) is not of this project: it is tagged precious',
    'MLN_IMAGE_IN_USE c: its volume vg0/c.p is in use',
  ]);
  expect(machine.calls).toEqual([]);
});

test('a removal goes by what is ours', async () => {
  machine.add('vg0/a.p', { tags: ['precious'], open: true });
  expect(await prepared(a, {}, 'remove')).toEqual([]);
  await addOurs(a, 'a.p', { open: true });
  expect(await prepared(a, {}, 'remove')).toEqual(['MLN_IMAGE_IN_USE a: its volume vg0/a.p is in use']);
});

test('a removal goes on where a group is lost, and says what is left in it', async () => {
  expect(await prepared('host a { lvm; lvm_vg lost }', {}, 'remove')).toEqual([
    'the volume group lost is not here: a.p of a may be left in it',
  ]);
});

test.each<[what: string, pool: readonly [used: string, noted: string, attr?: string] | null, said: readonly string[]]>([
  ['missing', null, ['MLN_NO_GROUP there is no thin pool vg0/pool']],
  ['with room', ['79.90', '10.84'], []],
  [
    'nearly full',
    ['87.50', '10.84'],
    ['the thin pool vg0/pool is used to 87.5 percent, its metadata to 10.84: 8 MiB are left for all volumes in it'],
  ],
  ['full', ['97.50', '10.84'], ['MLN_NO_SPACE the thin pool vg0/pool is full to 97.5 percent']],
  [
    'full of metadata',
    ['20.00', '95.20'],
    ['MLN_NO_SPACE the metadata of the thin pool vg0/pool is full to 95.2 percent'],
  ],
  [
    'not wiped',
    ['20.00', '10.84', 'twi-aot---'],
    ['the thin pool vg0/pool hands out what earlier volumes held, unwiped: lvchange --zero y vg0/pool'],
  ],
])('a thin pool that is %s', async (_, pool, expected) => {
  if (pool !== null)
    machine.add('vg0/pool', { size: 64 * MiB, used: pool[0], noted: pool[1], attr: pool[2] ?? 'twi-aotz--' });
  expect(await prepared('host a { lvm }', { volumeGroup: 'vg0', thinPool: 'pool' })).toEqual(expected);
});

/** What a status says of host a. */
async function detail(status: Partial<Status>, usage = true): Promise<string | null> {
  const { mln, project } = await read(a);
  mln.hooks.monitor.tapPromise({ name: 'fake', stage: 1 }, (statuses) =>
    Promise.resolve(new Map([...statuses, ['a', { ...unknownStatus, ...status }]])),
  );
  const told = await mln.hooks.monitor.promise(new Map([['a', unknownStatus]]), project.hosts, project, { usage });
  return told.get('a')?.detail ?? null;
}

test('a volume that is missing, or somebody else’s, is told of a host that is down', async () => {
  expect(await detail({ state: 'down' })).toBe('its volume vg0/a.p is missing');
  expect(await detail({ state: 'down', detail: 'it has died' })).toBe('it has died; its volume vg0/a.p is missing');
  machine.add('vg0/a.p');
  expect(await detail({ state: 'down' })).toBe('the volume vg0/a.p (4 MiB) is not of this project: it has no tags');
  await addOurs(a, 'a.p');
  expect(await detail({ state: 'down' })).toBeNull();
});

test('of what runs, in polls, and by an ordinary user LVM is not asked', async () => {
  expect(await detail({ state: 'up' })).toBeNull();
  expect(await detail({ state: 'down' }, false)).toBeNull();
  uid = 1000;
  expect(await detail({ state: 'down' })).toBeNull();
});

/** What a verb prints and says. */
async function run(verb: string, options = {}, known: readonly Project[] = []): Promise<string[]> {
  const { mln } = await read(a);
  const said: string[] = [];
  const { addVerbs } = await import('../src/verbs.js');
  const commands: Parameters<Parameters<typeof addVerbs>[0]['add']>[0][] = [];
  addVerbs({ add: (command) => void commands.push(command), option: () => undefined, wrap: () => undefined, all: [] });
  const terminal = {
    print: (text: string) => void said.push(...text.trimEnd().split('\n')),
    note: (text: string) => void said.push(text),
    confirm: (question: string) => Promise.reject(new Error(question)),
  };
  const context = { mln: { ...mln, projects: () => Promise.resolve(known) }, terminal } as never;
  await commands.find(({ name }) => name === verb)?.run(context, [], options);
  return said;
}

test('mln lvm list tells whose each volume is', async () => {
  machine.add('vg0/other', { tags: ['precious'] });
  await addOurs(a, 'a.p');
  machine.add('vg0/template+tiny+1.0+01234567', { tags: ['mln-template:tiny:1.0'] });
  expect((await run('lvm list')).map((line) => line.replace(/ +/g, ' ').trimEnd())).toEqual([
    `vg0/a.p 4 MiB a.p no such project in ${projects}`,
    'vg0/template+tiny+1.0+01234567 4 MiB template tiny:1.0',
  ]);
  const { project } = await read(a);
  expect((await run('lvm list', {}, [project]))[0]?.trimEnd()).toMatch(/ a\.p$/);
  expect((await run('lvm list', {}, [{ ...project, secret: 'another' }]))[0]).toContain('no such project');
});

test('mln lvm prune removes template volumes that nothing stands on, and asks', async () => {
  machine.add('vg0/template+one', { tags: ['mln-template:one'] });
  machine.add('vg0/template+two', { tags: ['mln-template:two'] });
  machine.add('vg0/template+three', { tags: ['mln-template:three'], open: true });
  machine.add('vg0/template+four+new.01234567', { tags: ['mln-template:four', `mln-maker:${makerTag()}`] });
  await addOurs(a, 'a.p', { origin: 'template+two' });
  await expect(run('lvm prune')).rejects.toThrow('Remove vg0/template+one?');
  expect(machine.calls).toEqual([]);
  expect(await run('lvm prune', { yes: true })).toEqual(['vg0/template+one is removed']);
  expect([...machine.volumes.keys()]).toEqual(
    ['two', 'three', 'four+new.01234567'].map((name) => `vg0/template+${name}`).concat('vg0/a.p'),
  );
  expect(await run('lvm prune', { yes: true })).toEqual(['there is nothing to remove']);
});

test('an ordinary user is told that LVM answers root', async () => {
  const stderr = '  WARNING: Running as a non-root user. Functionality may be unavailable.\n';
  machine = { ...machine, shell: fakeShell(() => ({ exitCode: 5, stderr })) };
  await expect(run('lvm list')).rejects.toMatchObject({ code: 'MLN_NOT_ALLOWED' });
});

test('a guest is started on its own volumes alone', async () => {
  expect(await prepared(a, {}, 'start')).toEqual(['MLN_NO_FILE a: its volume vg0/a.p is missing']);
  machine.add('vg0/a.p', { tags: ['precious'] });
  expect(await prepared(a, {}, 'start')).toEqual([
    'MLN_NOT_OURS a: the volume vg0/a.p (4 MiB) is not of this project: it is tagged precious',
  ]);
  await addOurs(a, 'a.p', { open: true });
  expect(await prepared(a, {}, 'start')).toEqual([]);
});

test.each(['build', 'remove'])(
  '%s is not begun over a volume that snapshots stand on; thin ones hinder nobody',
  async (name) => {
    await addOurs(a, 'a.p');
    machine.add('vg0/thin', { origin: 'a.p', pool: 'pool' });
    expect(await prepared(a, {}, name)).toEqual([]);
    machine.add('vg0/backup', { origin: 'a.p' });
    expect(await prepared(a, {}, name)).toEqual([
      'MLN_IMAGE_IN_USE the volume vg0/a.p is neither removed nor made larger: snapshots stand on it: backup',
    ]);
  },
);
