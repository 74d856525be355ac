import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, jest, test } from '@jest/globals';
import { takeLock } from '../src/lock.js';
import type { TemplateRecord } from '../src/state.js';
import { MiB } from '../src/values.js';
import { commandLine, type Ended } from './cli-process.js';
import { fakeHost, fakeProject } from './fake-project.js';
import { templatePlugin } from './template-plugin.js';

// A machine that is busy with other tests takes its time to start processes.
jest.setTimeout(60_000);

const cli = commandLine(templatePlugin);
const run = cli.open();
const mln = (...args: string[]): Promise<Ended> => run(['template', ...args]);
const disk = join(cli.projects, 'ring/gw/root.img');

/** A project with the host gw, as a build leaves it, and what is known of it. */
function built(content: string, state: string, record: Partial<TemplateRecord> = {}): void {
  const root = { role: 'root', store: 'file', path: 'root.img', existing: false, size: null, freeSpace: null } as const;
  const host = fakeHost('gw', { disks: [{ ...root, device: null, mount: null }] });
  const templates = { gw: { name: 'debian@1.0', version: '1.0', sha256: null, ...record } };
  const project = fakeProject({ hosts: [host], directory: join(cli.projects, 'ring') });
  mkdirSync(join(cli.projects, 'ring/gw'), { recursive: true });
  writeFileSync(disk, content);
  truncateSync(disk, 8 * MiB);
  writeFileSync(join(cli.projects, 'ring/state.json'), JSON.stringify({ schema: 1, templates, project }));
  writeFileSync(join(cli.projects, 'statuses.json'), JSON.stringify({ gw: state }));
}

beforeEach(() => {
  built('template as the guest left it', 'down');
});

test('the disk of a host that is stopped is the next version of its template', async () => {
  writeFileSync(join(cli.folder, 'debian'), 'template');
  await mln('add', join(cli.folder, 'debian'));
  const { exit, stdout } = await mln('add', '--from', 'gw.ring', '-m', 'with nginx', '--json');
  expect(exit).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    name: 'debian',
    version: '1.1',
    size: 8 * MiB,
    message: 'with nginx',
    source: 'gw.ring',
  });
  const image = join(cli.templates, 'debian/1.1/image');
  expect(readFileSync(image).equals(readFileSync(disk))).toBe(true);
  expect(statSync(image).blocks * 512).toBeLessThan(MiB);
  expect(await mln('add', '--from', 'gw', '--name', 'other', '--version', '7')).toEqual({
    exit: 0,
    stdout: '',
    stderr: 'other@7 is added\n',
  });
});

test.each<[string, () => void, string, string]>([
  [
    'runs',
    () => {
      built('template', 'up');
    },
    'MLN_PROJECT_RUNS',
    'gw.ring runs',
  ],
  [
    'may run',
    () => {
      built('template', 'unknown');
    },
    'MLN_PROJECT_RUNS',
    'it is not known whether gw.ring runs',
  ],
  [
    'was switched off',
    () => {
      built('template dirty', 'down');
    },
    'MLN_GUEST_EDIT',
    'the disk of gw.ring is not whole: blocks are lost',
  ],
  [
    'has no filesystem',
    () => {
      built('nothing', 'down');
    },
    'MLN_NO_FILESYSTEM',
    'the disk of gw.ring',
  ],
  [
    'was made from a file',
    () => {
      built('template', 'down', { name: './x.ext4', version: null });
    },
    'MLN_USAGE',
    'was not made from a template of the repository',
  ],
])('the disk of a host that %s is not taken', async (_, happens, code, said) => {
  const before = readdirSync(cli.templates, { recursive: true });
  happens();
  const { exit, stderr } = await mln('add', '--from', 'gw.ring');
  expect(exit).not.toBe(0);
  expect(stderr).toContain(`error[${code}]: `);
  expect(stderr).toContain(said);
  expect(readdirSync(cli.templates, { recursive: true })).toEqual(before);
});

test('while somebody works on the project its disks are left alone', async () => {
  const lock = await takeLock(cli.projects, 'ring', 'start');
  expect((await mln('add', '--from', 'gw.ring')).exit).toBe(75);
  lock.release();
});

test.each([
  ['gw.none', 'MLN_NO_UNIT'],
  ['none.ring', 'MLN_NO_UNIT'],
])('there is no host %s', async (name, code) => {
  expect((await mln('add', '--from', name)).stderr).toContain(code);
});

test('prune asks before it removes, and never with --json', async () => {
  await mln('add', '--from', 'gw.ring', '--name', 'p');
  await mln('add', '--from', 'gw.ring', '--name', 'p');
  for (const args of [[], ['--json']]) {
    const asked = await mln('prune', ...args);
    expect(asked.exit).toBe(1);
    expect(asked.stderr + asked.stdout).toContain('MLN_NOT_CONFIRMED');
  }
  expect((await mln('prune', '--dry-run')).stdout).toContain('p@1.0\n');
  const pruned = await mln('prune', '-y');
  expect(pruned).toMatchObject({ exit: 0, stderr: expect.stringMatching(/ are freed\n$/) as unknown });
  expect(pruned.stdout).toContain('p@1.0\n');
  expect(readdirSync(join(cli.templates, 'p'))).toEqual(['1.1']);
  expect((await mln('prune', '--keep', 'many')).exit).toBe(64);
});
