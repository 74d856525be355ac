import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { diff } from '../src/cli/verbs/diff.js';
import { forget } from '../src/cli/verbs/forget.js';
import { history } from '../src/cli/verbs/history.js';
import { migrate } from '../src/cli/verbs/migrate.js';
import { undo } from '../src/cli/verbs/undo.js';
import { built, file, first, run, second, stateFile, timeless, versions, world } from './verb-world.js';

test('history tells of each version what it changed, newest first', async () => {
  await versions(first, second, second.replace('host c {', 'host web { was c;'));
  const { printed } = await run(history, ['p']);
  expect(printed.map(timeless)).toEqual([
    'VERSION MADE HOSTS SWITCHES WHAT CHANGED',
    '@3 TIME 2 1 ~ web (was c)',
    '@2 TIME 2 1 + c; - b; ~ a (memory)',
    '@1 TIME 2 1 built',
  ]);
  const { json } = await run(history, [], { project: 'p', json: true });
  expect(json).toMatchObject({
    kind: 'History',
    project: 'p',
    items: [{ version: 3 }, { version: 2 }, { version: 1 }],
  });
});

test('diff compares versions with each other, with the present one and with a file', async () => {
  const third = second.replace('memory 256M', 'memory 512M');
  await versions(first, second, third);
  const memory = (old: string, now: string): readonly string[] => ['~ host a', `  ~ memory: ${old} → ${now}`];
  expect((await run(diff, ['@2'], { project: 'p' })).printed).toEqual(memory('256M', '512M'));
  expect((await run(diff, ['@1', '@2'], { project: 'p' })).printed).toEqual([
    ...memory('128M', '256M'),
    '+ host c',
    '- host b',
  ]);
  expect((await run(diff, ['@3', '@2'], { project: 'p' })).printed).toEqual(memory('512M', '256M'));
  writeFileSync(file, second);
  expect((await run(diff, ['@3', file])).printed).toEqual(memory('512M', '256M'));
  expect((await run(diff, [file, '@3'])).printed).toEqual(memory('256M', '512M'));
  expect((await run(diff, ['@2', file])).noted).toEqual(['no difference']);
  expect((await run(diff, ['@9'], { project: 'p' })).errors).toEqual([
    'MLN_NO_VERSION there is no version 9 of the project in projects/p',
  ]);
  expect((await run(diff, ['@x'], { project: 'p' })).errors).toEqual(['MLN_USAGE @x is no version']);
  expect((await run(diff, [file])).errors).toEqual([expect.stringMatching(/^MLN_USAGE with what is /)]);
});

test('undo asks, and brings back what was before: names, disks that were put aside', async () => {
  const third = second.replace('host c {', 'host web { was c;');
  await versions(first, second, third);
  const no = await run(undo, ['p'], {}, false);
  expect([no.errors, no.asked]).toEqual([['MLN_NOT_CONFIRMED nothing was done'], ['Bring p back to version 2?']]);
  expect(no.noted).toContain('~ host c (was web): down while the disk is edited');
  expect(await run(undo, ['p'], {}, true)).toMatchObject({ exit: 0, errors: [] });
  const hosts = async (): Promise<readonly string[]> => (await world.state()).project.hosts.map(({ name }) => name);
  expect(await hosts()).toEqual(['a', 'c']);
  // Once more is the way back to where it began.
  expect(await run(undo, ['p'], { yes: true })).toMatchObject({ exit: 0, asked: [] });
  expect(await hosts()).toEqual(['a', 'web']);
});

test('the disk of a host that was removed comes back with what is on it', async () => {
  await built(first);
  const disk = join(world.mln.folders.projects, 'p/b/root.img');
  const before = readFileSync(disk);
  await world.upgrade(await world.read(second));
  expect(existsSync(disk)).toBe(false);
  const { noted, exit } = await run(undo, ['p'], {}, true);
  expect(exit).toBe(0);
  expect(noted).toContain('disks that were kept aside come back: b');
  expect(readFileSync(disk).equals(before)).toBe(true);
});

test('what a template was changed for comes back, unless it was forgotten', async () => {
  await built(first);
  const anew = first.replace('host a {', 'host a { template other;');
  await world.upgrade(await world.read(anew), { rebuild: 'a' });
  expect(await run(undo, ['p'], { yes: true })).toMatchObject({ exit: 0, errors: [] });
  expect((await world.state()).project.hosts[0]?.template).toBeNull();
  await run(forget, [], { project: 'p', all: true, yes: true });
  expect((await run(undo, ['p'], { yes: true })).errors).toEqual([
    'MLN_DATA_LOSS a: the disk of version 2 is no longer kept',
  ]);
});

test('no disk becomes smaller on the way back', async () => {
  const sized = (size: string): string => first.replace('host a {', `host a { size ${size};`);
  await versions(sized('64K'), sized('128K'));
  const nothing = 'p is as version 1 was, but for disks that stay as large as they are: nothing to do';
  expect(await run(undo, ['p'], { yes: true })).toMatchObject({ exit: 0, noted: [nothing] });
  world.clear();
  await versions(sized('64K'), sized('128K').replace('host b {', 'host b { memory 64M;'));
  expect(await run(undo, ['p'], { yes: true })).toMatchObject({ exit: 0, errors: [] });
  const { project } = await world.state();
  expect(project.hosts.map(({ memory, disks }) => [memory / 1024 ** 2, disks[0]?.size])).toEqual([
    [128, 128 * 1024],
    [128, null],
  ]);
});

test('where no version before is kept, there is nothing to take back', async () => {
  await built(first);
  expect((await run(undo, ['p'], { yes: true })).errors).toEqual([
    'MLN_NO_VERSION no version of p before the present one is kept',
  ]);
});

test('forget lists what is kept, and removes what is named', async () => {
  await versions(first, second);
  const { printed } = await run(forget, [], { project: 'p' });
  expect(printed.map(timeless)).toEqual(['HOST VERSION SINCE WHY', 'b @1 TIME the host was removed']);
  expect((await run(forget, ['x'], { project: 'p' })).errors).toEqual([
    'MLN_NO_UNIT no disk of a host x of p is kept aside',
  ]);
  expect(await run(forget, ['b'], { project: 'p' }, false)).toMatchObject({
    exit: 1,
    asked: [expect.stringMatching(/b/)],
  });
  expect((await world.state()).kept).toHaveLength(1);
  expect(await run(forget, ['b'], { project: 'p' }, true)).toMatchObject({ exit: 0 });
  expect((await world.state()).kept).toEqual([]);
  expect(existsSync(join(world.mln.folders.projects, 'p/.kept/1'))).toBe(false);
  expect((await run(forget, [], { project: 'p' })).noted).toEqual(['no disks of p are kept aside']);
});

test('a guest that runs is not moved, and that is explained', async () => {
  await built(first);
  const { exit, errors } = await run(migrate, ['a'], { live: true, to: 's' });
  expect([exit, errors]).toEqual([
    65,
    [expect.stringMatching(/^MLN_UNSUPPORTED a guest that runs is not moved: its memory/)],
  ]);
});

test('migrate needs a host, a server, and somebody who goes there', async () => {
  await built(first);
  const before = stateFile();
  expect((await run(migrate, ['a'])).errors).toEqual(['MLN_USAGE to which server?']);
  expect((await run(migrate, ['x'], { to: 's' })).errors).toEqual(['MLN_NO_UNIT no project has a host x']);
  expect((await run(migrate, ['a.p'], { to: '-s' })).errors).toEqual([
    'MLN_BAD_NAME "-s" cannot be the name of a server',
  ]);
  expect((await run(migrate, ['a.p'], { to: 's' })).errors).toEqual([expect.stringMatching(/^MLN_NO_SERVER /)]);
  expect(stateFile()).toBe(before);
});
