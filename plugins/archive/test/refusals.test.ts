import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { createTemplates, requireState, unknownStatus, type Mln, type Status } from '@mln/core';
import archive from '@mln/plugin-archive';
import ext from '@mln/plugin-ext';
import linux from '@mln/plugin-linux';
import { gather } from '../src/gather.js';
import { writeTo } from '../src/pack.js';
import { addTemplate, buildLab, machine, scratch, type Machine } from './lab.js';

/* What is not exported or imported, and what is said then. */

const folder = scratch();
const statuses: Record<string, Partial<Status>> = {};
/** Hosts are what the test says. */
function pretended({ hooks }: Mln): void {
  hooks.monitor.tapPromise({ name: 'pretended', stage: 1000 }, (found) =>
    Promise.resolve(
      new Map([...found].map(([name, status]) => [name, { ...unknownStatus, ...status, ...statuses[name] }])),
    ),
  );
}
let home: Machine;
const file = join(scratch(), 'lab.mlnx');

beforeAll(async () => {
  home = await machine(folder, { archive, ext, linux, pretended });
  await addTemplate(home);
  await buildLab(home);
});

test.each([
  ['runs', { state: 'up' }, 'MLN_PROJECT_RUNS', /lab runs, .*: db \(mln stop -p lab/],
  ['may run', { state: 'unknown' }, 'MLN_PROJECT_RUNS', /not known that it does not: db/],
  ['has its memory saved', { state: 'down', saved: true }, 'MLN_MEMORY_SAVED', /the memory of db is saved/],
] as const)('disks of a host that %s are not exported; the project alone is', async (_what, status, code, said) => {
  statuses['db'] = status;
  try {
    const ran = await home.run('export', [file], { project: 'lab', withDisks: true });
    expect(ran).toMatchObject({ code, stderr: expect.stringMatching(said) as unknown });
    expect(existsSync(file)).toBe(false);
    await home.ok('export', [file], { project: 'lab', replace: true });
  } finally {
    delete statuses['db'];
    rmSync(file, { force: true });
  }
});

test('what a project wants of the machine is shown, and asked about', async () => {
  const other = await machine();
  await addTemplate(other);
  await buildLab(other, 'global { beforeProjectStart { rm -rf "$HOME" } }\n');
  const asked = join(scratch(), 'asked.mlnx');
  await other.ok('export', [asked], { project: 'lab' });
  const there = await machine();
  for (const options of [{}, { json: true }]) {
    const ran = await there.run('import', [asked], options);
    expect(ran).toMatchObject({ code: 'MLN_NOT_CONFIRMED' });
    expect(ran.stderr).toContain('beforeProjectStart: it is given to this machine as it is');
    expect(existsSync(there.projects) ? readdirSync(there.projects) : []).toEqual([]);
  }
  await there.ok('import', [asked], { yes: true });
});

test('a template that is no longer what it was, or is gone, is told', async () => {
  const other = await machine();
  await addTemplate(other);
  await buildLab(other);
  const templates = createTemplates(other.mln.folders.templates, other.mln.shell);
  await templates.remove('tiny', true).catch(() => undefined);
  rmSync(join(other.mln.folders.templates, 'tiny'), { recursive: true, force: true });
  const gone = await other.run('export', [file], { project: 'lab' });
  expect(gone).toMatchObject({ code: 'MLN_NO_TEMPLATE' });
  await addTemplate(other, 'tiny', 'Another.\n');
  const changed = await other.run('export', [file], { project: 'lab' });
  expect(changed).toMatchObject({ code: 'MLN_TEMPLATE_CHANGED' });
  expect(existsSync(file)).toBe(false);
});

test('a full disk is told as such', async () => {
  const state = await requireState(home.projects, 'lab');
  const { contents, files } = await gather(home.mln, state, { source: '', images: [], madeBy: 'mln' });
  const full = openSync('/dev/full', 'w');
  await expect(writeTo(contents, files, full)).rejects.toMatchObject({ code: 'MLN_NO_SPACE' });
  closeSync(full);
});

test('a file that cannot be made leaves nothing', async () => {
  const nowhere = join(scratch(), 'nowhere/lab.mlnx');
  expect(await home.run('export', [nowhere], { project: 'lab' })).toMatchObject({ exit: 1 });
  const [a, b] = [{ project: 'lab', json: true }, { project: 'none' }];
  expect(await home.run('export', ['-'], a)).toMatchObject({ code: 'MLN_USAGE' });
  expect(await home.run('export', [file], b)).toMatchObject({ code: 'MLN_NO_PROJECT' });
});

test('what a killed import has unpacked goes with the next, or a clean', async () => {
  const there = await machine();
  await home.ok('export', [file], { project: 'lab', replace: true });
  for (const act of [() => there.ok('import', [file]), () => there.ok('clean')]) {
    // Of a process that had this number before the machine was started.
    const left = join(there.projects, `.import.1-1-00000000-00000000-${hostname()}`);
    mkdirSync(join(left, 'blobs'), { recursive: true });
    expect((await act()).stderr).toContain('an import that was cut off is taken back');
    expect(existsSync(left)).toBe(false);
  }
  expect(readdirSync(there.projects)).toEqual(['lab']);
});
