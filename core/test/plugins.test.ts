import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { apiVersion } from '../src/api.js';
import { loadPlugins } from '../src/plugins.js';
import { scratchFolder } from './scratch.js';

let folder = '';

beforeEach(() => {
  folder = scratchFolder();
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** What tells that a plug-in's code was run. */
const leaveTrace = `import { writeFileSync } from 'node:fs'; writeFileSync(import.meta.dirname + '/ran', '');`;
const hasRun = (path: string): boolean => existsSync(join(folder, path, 'ran'));

function writePackage(name: string, manifest: Record<string, unknown>, code: string): void {
  const description = {
    name,
    version: '2.3.4',
    type: 'module',
    exports: { '.': './index.js', './package.json': './package.json' },
  };
  write(`node_modules/${name}/package.json`, JSON.stringify({ ...description, ...manifest }));
  write(`node_modules/${name}/index.js`, code);
}

const load = (...names: string[]): ReturnType<typeof loadPlugins> =>
  loadPlugins(names.map((name) => ({ name, options: { from: name }, from: folder })));

test('a package and a file are loaded, in the order of the configuration', async () => {
  writePackage('plugin-a', { mln: { api: `^${apiVersion}` } }, `${leaveTrace} export default () => 'a';`);
  write('motd.mjs', `export const manifest = { name: 'motd', version: '1.0.0', api: '1' }; export default () => 'm';`);
  const loaded = await load('./motd.mjs', 'plugin-a');
  expect(loaded).toEqual([
    {
      name: 'motd',
      version: '1.0.0',
      api: '1',
      source: join(folder, 'motd.mjs'),
      options: { from: './motd.mjs' },
      plugin: expect.any(Function) as unknown,
    },
    {
      name: 'plugin-a',
      version: '2.3.4',
      api: `^${apiVersion}`,
      source: join(folder, 'node_modules/plugin-a/package.json'),
      options: { from: 'plugin-a' },
      plugin: expect.any(Function) as unknown,
    },
  ]);
  expect(hasRun('node_modules/plugin-a')).toBe(true);
});

test('a scoped package is found in a folder above', async () => {
  writePackage('@scope/plugin', { mln: { api: '*' } }, 'export default () => {};');
  mkdirSync(join(folder, 'project'));
  const [loaded] = await loadPlugins([{ name: '@scope/plugin', options: {}, from: join(folder, 'project') }]);
  expect(loaded?.name).toBe('@scope/plugin');
});

test.each([
  ['another version', { mln: { api: '^99.0.0' } }, '^99.0.0'],
  ['no version', { mln: {} }, '(none given)'],
  ['no manifest', {}, '(none given)'],
  ['what is no range', { mln: { api: 'newest' } }, 'newest'],
])('a package for %s of the plug-in API is refused before its code is run', async (_, manifest, api) => {
  writePackage('plugin-a', manifest, `${leaveTrace} export default () => {};`);
  await expect(load('plugin-a')).rejects.toMatchObject({
    code: 'MLN_PLUGIN_API',
    exit: 78,
    message: `the plug-in plugin-a is made for plug-in API ${api}; this is ${apiVersion}`,
  });
  expect(hasRun('node_modules/plugin-a')).toBe(false);
});

test.each(['plugin-none', '@scope/none', './none.mjs', '/none.mjs'])('there is no plug-in %s', async (name) => {
  await expect(load(name)).rejects.toMatchObject({
    code: 'MLN_PLUGIN_NOT_FOUND',
    message: expect.stringContaining(name.replace('./', '')) as unknown,
  });
});

test.each([
  ['throws', `throw new Error('out of order');`, 'out of order'],
  ['imports what is missing', `import 'nowhere-at-all'; export default () => {};`, 'nowhere-at-all'],
  ['is no JavaScript', `export default (`, ''],
  ['exports no function', `export default 5;`, 'no function as its default export'],
  ['exports nothing', ``, 'no function as its default export'],
])('a package that %s is broken, and not missing', async (_, code, reason) => {
  writePackage('plugin-a', { mln: { api: '*' } }, code);
  await expect(load('plugin-a')).rejects.toMatchObject({
    code: 'MLN_PLUGIN_BROKEN',
    message: expect.stringMatching(`plugin-a.*${reason}`) as unknown,
  });
});

test('a package whose entry is missing, or whose description is no JSON, is broken', async () => {
  writePackage(
    'plugin-a',
    { mln: { api: '*' }, exports: { '.': './dist/none.js', './package.json': './package.json' } },
    '',
  );
  await expect(load('plugin-a')).rejects.toMatchObject({ code: 'MLN_PLUGIN_BROKEN' });
});

test.each([
  ['without a manifest', 'export default () => {};', 'MLN_PLUGIN_BROKEN', 'does not say what it is'],
  [
    'with half a manifest',
    `export const manifest = { name: 'a', version: '1.0.0' }; export default () => {};`,
    'MLN_PLUGIN_BROKEN',
    'does not say what it is',
  ],
  [
    'for another API',
    `export const manifest = { name: 'a', version: '1.0.0', api: '^99' }; export default () => {};`,
    'MLN_PLUGIN_API',
    'the plug-in a is made for plug-in API ^99',
  ],
  ['that throws', `throw new Error('out of order');`, 'MLN_PLUGIN_BROKEN', 'out of order'],
  [
    'without a function',
    `export const manifest = { name: 'a', version: '1.0.0', api: '*' };`,
    'MLN_PLUGIN_BROKEN',
    'no function',
  ],
])('a file %s is refused', async (_, code, error, message) => {
  write('a.mjs', code);
  await expect(load('./a.mjs')).rejects.toMatchObject({
    code: error,
    message: expect.stringContaining(message) as unknown,
  });
});

test('one plug-in cannot be configured twice', async () => {
  writePackage('plugin-a', { mln: { api: '*' } }, 'export default () => {};');
  write('a.mjs', `export const manifest = { name: 'plugin-a', version: '1.0.0', api: '*' }; export default () => {};`);
  await expect(load('plugin-a', './a.mjs')).rejects.toMatchObject({
    code: 'MLN_PLUGIN_BROKEN',
    message: 'the plug-in plugin-a is configured twice',
  });
});
