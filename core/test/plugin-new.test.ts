import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { apiVersion } from '../src/index.js';
import { namingOf } from '../src/plugin-skeleton/naming.js';
import { writeFolder } from '../src/plugin-skeleton/write-folder.js';
import { tryPlugin } from '../src/testing.js';
import { scratchFolder } from './scratch.js';

const { run } = await tryPlugin(() => undefined, 'global { project lab }\n');

test.each([
  ['motd', 'mln-plugin-motd', 'motd', 'motd'],
  ['mln-plugin-motd', 'mln-plugin-motd', 'motd', 'motd'],
  ['plugin-motd', 'plugin-motd', 'motd', 'motd'],
  ['@example/plugin-time-zone', '@example/plugin-time-zone', 'time_zone', 'timeZone'],
  ['@example/motd', '@example/motd', 'motd', 'motd'],
  ['class', 'mln-plugin-class', 'class', 'classPlugin'],
])('%s is the package %s with the keyword %s', (name, packageName, keyword, identifier) => {
  expect(namingOf(name, '>=20')).toEqual({ packageName, keyword, identifier, api: `^${apiVersion}`, node: '>=20' });
});

test.each(['Motd', 'my plug-in', '../motd', '-', '9p', '@example', 'a'.repeat(210), 'møtd', '$(touch x)'])(
  '%s is no name',
  (name) => {
    expect(() => namingOf(name, '>=20')).toThrow(expect.objectContaining({ code: 'MLN_BAD_NAME', exit: 64 }));
  },
);

test('a name whose keyword there is already is refused, and nothing is made', async () => {
  const folder = join(scratchFolder(), 'memory');
  const { exit, stderr } = await run('plugin new', ['memory'], { folder });
  expect(exit).toBe(64);
  expect(stderr).toContain('its keyword would be memory, which mln itself has already');
  expect(existsSync(folder)).toBe(false);
});

test('the folder is whole, and its tests find this core', async () => {
  const folder = join(scratchFolder(), 'deep', 'motd');
  const { exit, stdout } = await run('plugin new', ['motd'], { folder });
  expect(exit).toBe(0);
  expect(stdout).toMatch(/ {2}npm test .*\n {2}mln plugin check \. /);
  expect(stdout).toContain(`- "${folder}"`);
  expect(readdirSync(folder).sort()).toEqual(
    ['.gitignore', 'CHANGELOG.md', 'README.md', 'example.mln', 'node_modules', 'package.json', 'src', 'test'].sort(),
  );
  expect(readdirSync(join(folder, '..'))).toEqual(['motd']);
  const core = readlinkSync(join(folder, 'node_modules/@mln/core'));
  expect(JSON.parse(readFileSync(join(core, 'package.json'), 'utf8'))).toMatchObject({ name: '@mln/core' });
  const description = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as object;
  expect(description).toMatchObject({
    name: 'mln-plugin-motd',
    mln: { api: `^${apiVersion}` },
    peerDependencies: { '@mln/core': `^${apiVersion}` },
  });
});

test('what is made works', async () => {
  const folder = join(scratchFolder(), 'zone');
  await run('plugin new', ['@example/plugin-time-zone'], { folder });
  const text = readFileSync(join(folder, 'example.mln'), 'utf8');
  const { file, warnings, again } = await tryPlugin(folder, text);
  expect(warnings).toEqual([]);
  expect(file('ada', '/etc/time_zone.conf')).toBe('Hello from ada\n');
  expect(await again()).toEqual(new Map([['ada', []]]));
  await expect(tryPlugin(folder, text, { options: { limit: 3 } })).rejects.toMatchObject({
    code: 'MLN_BAD_VALUE',
    problems: [{ place: { line: 6 } }],
  });
  await expect(tryPlugin(folder, text, { options: { limit: 0 } })).rejects.toMatchObject({
    code: 'MLN_PLUGIN_OPTIONS',
  });
});

test('an empty folder is filled; one that holds something, and a file, stay as they are', async () => {
  const folder = scratchFolder();
  mkdirSync(join(folder, 'empty'));
  expect((await run('plugin new', ['motd'], { folder: join(folder, 'empty') })).exit).toBe(0);
  expect(readdirSync(join(folder, 'empty'))).toContain('package.json');
  mkdirSync(join(folder, 'full'));
  writeFileSync(join(folder, 'full/note'), 'mine');
  writeFileSync(join(folder, 'file'), 'mine');
  for (const name of ['full', 'file']) {
    const { exit, stderr } = await run('plugin new', ['motd'], { folder: join(folder, name) });
    expect([exit, stderr]).toEqual([64, expect.stringMatching(/is not empty|is no folder/)]);
  }
  expect(readdirSync(join(folder, 'full'))).toEqual(['note']);
  expect(readdirSync(folder).sort()).toEqual(['empty', 'file', 'full']);
});

test('where it cannot be whole, nothing is left', async () => {
  const folder = scratchFolder();
  const files = new Map([['a', 'one'], ['a/b', 'two']]); // prettier-ignore
  const unfit = { files, links: new Map() };
  await expect(writeFolder(join(folder, 'x/y/new'), unfit)).rejects.toMatchObject({ code: 'MLN_IO' });
  mkdirSync(join(folder, 'empty'));
  await expect(writeFolder(join(folder, 'empty'), unfit)).rejects.toMatchObject({ code: 'MLN_IO' });
  expect(readdirSync(folder)).toEqual(['empty']);
  expect(readdirSync(join(folder, 'empty'))).toEqual([]);
});
