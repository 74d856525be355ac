import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, jest, test } from '@jest/globals';
import { takeLock } from '../src/lock.js';
import type { Disk, Host } from '../src/project.js';
import type { State } from '../src/state.js';
import { MiB } from '../src/values.js';
import { commandLine, type Ended } from './cli-process.js';
import { fakeHost, fakeProject } from './fake-project.js';

/* `mln disk resize` of disks whose filesystems are a word and a size; real ones are in test/guests. */

// A machine that is busy with other tests takes its time to start processes.
jest.setTimeout(60_000);

/**
 * A filesystem is the word `filesystem`, its size when it grew, and `dirty` where it is not whole. With `full` in it,
 * there is no room for it to grow.
 */
const cli = commandLine(`
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
export const manifest = { name: 'images', version: '1.0.0', api: '*' };
export default function images(mln) {
  const failed = (message) =>
    Object.assign(new Error(message), { code: 'MLN_GUEST_EDIT', problems: [{ severity: 'error', code: 'MLN_GUEST_EDIT', message }] });
  mln.hooks.filesystem.tapPromise('images', async (path) => {
    const text = readFileSync(path, 'latin1').replaceAll('\\0', '');
    if (!text.startsWith('filesystem')) return undefined;
    const never = async () => { throw new Error('nobody asks for this'); };
    const check = async () => {
      if (text.includes('dirty')) throw failed('the filesystem of ' + path + ' is not whole');
    };
    const grow = async () => {
      if (text.includes('full')) throw failed('it does not grow');
      const { size } = statSync(path);
      writeFileSync(path, 'filesystem of ' + size);
      truncateSync(path, size);
    };
    return { check, grow, list: never, read: never, readLink: never, apply: never, minimumSize: never };
  });
  mln.hooks.monitor.tapPromise('images', async (statuses) => {
    const said = JSON.parse(readFileSync(join(mln.folders.projects, 'statuses.json'), 'utf8'));
    return new Map([...statuses].map(([name, status]) => [name, { ...status, ...said[name] }]));
  });
}
`);
const run = cli.open();
const resize = (...args: string[]): Promise<Ended> => run(['disk', 'resize', ...args]);
const folder = join(cli.projects, 'ring/gw');
const disk = join(folder, 'root.img');

interface Given {
  readonly content?: string;
  readonly status?: object;
  readonly root?: Partial<Disk>;
  readonly host?: Partial<Host>;
}

/** A project with the host gw, as a build leaves it; its disk has 8 MiB. */
function built({ content = 'filesystem', status = { state: 'down' }, root = {}, host = {} }: Given = {}): void {
  const usual = { role: 'root', store: 'file', path: 'root.img', existing: false, size: null, freeSpace: MiB } as const;
  const gw = fakeHost('gw', { disks: [{ ...usual, device: null, mount: null, ...root }], ...host });
  const project = fakeProject({ hosts: [gw], directory: join(cli.projects, 'ring') });
  mkdirSync(folder, { recursive: true });
  writeFileSync(disk, content, { mode: 0o640 });
  truncateSync(disk, 8 * MiB);
  writeFileSync(join(folder, 'stop'), '#!/bin/sh\n', { mode: 0o700 });
  writeFileSync(join(cli.projects, 'ring/state.json'), JSON.stringify({ schema: 1, templates: {}, project }));
  writeFileSync(join(cli.projects, 'statuses.json'), JSON.stringify({ gw: status }));
}

const stateText = (): string => readFileSync(join(cli.projects, 'ring/state.json'), 'utf8');
const recorded = (): Disk | undefined => (JSON.parse(stateText()) as State).project.hosts[0]?.disks[0];
const inside = (): string => readFileSync(disk, 'latin1').replaceAll('\0', '');

beforeEach(() => {
  built();
});

test.each([
  ['16M', 16 * MiB],
  ['20MB', Math.ceil(20e6 / 4096) * 4096],
  ['+1M', 9 * MiB],
])('%s: disk, filesystem and state are larger, and the note says what a build does', async (wanted, size) => {
  built({ host: { place: { file: '/p/ring.mln', line: 3, column: 5 } } });
  const { exit, stdout, stderr } = await resize('gw.ring', wanted);
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: '' });
  expect(stderr).toMatch(
    /^the disk of gw has .*\nanother build .*: write "size \w+(; free_space no)?" in the block of host gw \(\/p\/ring\.mln:3:5\) to keep this\n$/,
  );
  expect(statSync(disk)).toMatchObject({ size, mode: 0o100640 });
  expect(statSync(disk).blocks * 512).toBeLessThan(MiB);
  expect(inside()).toBe(`filesystem of ${size}`);
  expect(recorded()).toMatchObject({ size, freeSpace: null });
  expect(readdirSync(folder).sort()).toEqual(['root.img', 'stop']);
});

test('what has the size already stays as it is, without a failure', async () => {
  const { mtimeMs } = statSync(disk);
  expect(await resize('gw', '8M', '-p', 'ring')).toEqual({
    exit: 0,
    stdout: '',
    stderr: 'the disk of gw has 8 MiB already\n',
  });
  expect(statSync(disk).mtimeMs).toBe(mtimeMs);
  // A store may have rounded up what was asked for.
  built({ root: { freeSpace: null, size: 7 * MiB } });
  expect((await resize('gw', '7M', '-p', 'ring')).stderr).toBe('the disk of gw has 8 MiB already\n');
});

test.each<[string, Given, string, string, RegExp]>([
  ['it runs', { status: { state: 'up' } }, '16M', 'MLN_PROJECT_RUNS', /mln stop -p ring -h gw/],
  ['it may run', { status: { state: 'unknown' } }, '16M', 'MLN_PROJECT_RUNS', /it is not known that it does not/],
  ['its memory is saved', { status: { state: 'down', saved: true } }, '16M', 'MLN_MEMORY_SAVED', /mln start/],
  ['it would be smaller', {}, '7M', 'MLN_UNSUPPORTED', /has 8 MiB: it is not made smaller[^]*a build makes it anew/],
  ['it is no size', {}, '2 G', 'MLN_USAGE', /2 G: not a size[^]*\+500M/],
  ['it is nothing', {}, '+0', 'MLN_USAGE', /a size cannot be zero/],
  [
    'it stands on a template',
    { root: { store: 'cow', standsOn: '/t/1.0/image' } },
    '16M',
    'MLN_UNSUPPORTED',
    /mln disk flatten gw\.ring makes it whole first/,
  ],
  [
    'mln has not made it',
    { root: { existing: true, path: disk } },
    '16M',
    'MLN_UNSUPPORTED',
    /was there before the project/,
  ],
  ['nobody keeps it', { root: { store: 'tape' } }, '16M', 'MLN_NO_CLAIM', /no plug-in keeps disks as tape/],
  ['it is not whole', { content: 'filesystem dirty' }, '16M', 'MLN_GUEST_EDIT', /is not whole/],
  ['it has no filesystem', { content: 'nothing' }, '16M', 'MLN_NO_FILESYSTEM', /root\.img/],
  [
    'its filesystem cannot grow',
    { content: 'filesystem full' },
    '16M',
    'MLN_GUEST_EDIT',
    /gw: its disk cannot .*larger/,
  ],
  ['nothing can be so large', {}, '8000T', 'MLN_IO', /gw: its disk cannot be made larger/],
])('where %s, nothing is changed', async (_, given, wanted, code, said) => {
  built(given);
  const [before, { ino }] = [stateText(), statSync(disk)];
  const { exit, stderr } = await resize('gw.ring', wanted);
  expect(exit).not.toBe(0);
  expect(stderr).toContain(code);
  expect(stderr).toMatch(said);
  expect(statSync(disk)).toMatchObject({ ino, size: 8 * MiB });
  expect(stateText()).toBe(before);
  expect(inside()).toBe(given.content ?? 'filesystem');
  expect(readdirSync(folder).sort()).toEqual(['root.img', 'stop']);
});

test('while somebody works on the project its disks are left alone', async () => {
  const lock = await takeLock(cli.projects, 'ring', 'start');
  expect((await resize('gw.ring', '16M')).exit).toBe(75);
  lock.release();
});
