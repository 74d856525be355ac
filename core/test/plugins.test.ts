import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { apiVersion } from '../src/api.js';
import { loadPlugins } from '../src/plugins.js';
import { leaveTrace, manifest, pluginFolder, tracing, type PluginFolder } from './plugin-folder.js';

let at: PluginFolder;
beforeEach(() => {
  at = pluginFolder();
});

test('a package and a file are loaded, in the order of the configuration', async () => {
  at.writePackage('plugin-a', { mln: { api: `^${apiVersion}` } }, `${leaveTrace} export default () => 'a';`);
  at.write(
    'motd.mjs',
    `export const manifest = { name: 'motd', version: '1.0.0', api: '1' }; export default () => 'm';`,
  );
  const { loaded, broken } = await loadPlugins([
    { name: './motd.mjs', options: {}, from: at.folder, listedIn: '/mln.config.yaml' },
    { name: 'plugin-a', options: { b: 1 }, from: at.folder },
  ]);
  expect(broken).toEqual([]);
  expect(loaded).toEqual([
    {
      name: 'motd',
      version: '1.0.0',
      api: '1',
      source: join(at.folder, 'motd.mjs'),
      listedIn: '/mln.config.yaml',
      options: {},
      plugin: expect.any(Function) as unknown,
    },
    {
      name: 'plugin-a',
      version: '2.3.4',
      api: `^${apiVersion}`,
      source: join(at.folder, 'node_modules/plugin-a/package.json'),
      options: { b: 1 },
      plugin: expect.any(Function) as unknown,
    },
  ]);
  expect(at.hasRun('node_modules/plugin-a')).toBe(true);
});

test('a scoped package is found in a folder above', async () => {
  at.writePackage('@scope/plugin', { mln: { api: '*' } }, 'export default () => {};');
  mkdirSync(join(at.folder, 'project'));
  const { loaded } = await loadPlugins([{ name: '@scope/plugin', options: {}, from: join(at.folder, 'project') }]);
  expect(loaded.map(({ name }) => name)).toEqual(['@scope/plugin']);
});

test('a package that is not beside the configuration is looked for where mln is installed', async () => {
  at.writePackage('plugin-a', { mln: { api: '*' } }, `export default () => {};`);
  at.writePackage('plugin-b', { mln: { api: '*' }, version: '2.0.0' }, `export default () => {};`);
  at.write(
    'near/node_modules/plugin-b/package.json',
    JSON.stringify({ name: 'plugin-b', version: '1.0.0', mln: { api: '*' } }),
  );
  at.write('near/node_modules/plugin-b/index.js', 'export default () => {};');
  at.write(
    'near/node_modules/plugin-b/package.json',
    JSON.stringify({ name: 'plugin-b', version: '1.0.0', type: 'module', mln: { api: '*' } }),
  );
  mkdirSync(join(at.folder, 'mln'));
  at.write('mln/mln.config.json', '{}');
  const entries = ['plugin-a', 'plugin-b'].map((name) => ({ name, options: {}, from: join(at.folder, 'near') }));
  const { loaded, broken } = await loadPlugins(entries, join(at.folder, 'mln/mln.config.json'));
  expect(broken).toEqual([]);
  expect(loaded.map(({ name, version }) => [name, version])).toEqual([
    ['plugin-a', '2.3.4'],
    ['plugin-b', '1.0.0'],
  ]);
});

test('a folder with a package.json is a plug-in, and so is a link to one', async () => {
  at.write('mine/package.json', JSON.stringify({ name: 'mine', version: '0.1.0', type: 'module', mln: { api: '*' } }));
  at.write('mine/index.js', 'export default () => {};');
  mkdirSync(join(at.folder, 'node_modules'));
  symlinkSync('../mine', join(at.folder, 'node_modules/linked'));
  for (const name of ['./mine', 'linked'])
    // What was looked at is what is imported, wherever the link leads by then.
    expect((await at.load(name)).loaded).toMatchObject([
      { name: 'mine', version: '0.1.0', source: join(at.folder, 'mine/package.json') },
    ]);
});

test.each<[exports: unknown, file: string]>([
  ['./dist/a.js', 'dist/a.js'],
  [{ import: './a.mjs', require: './a.cjs' }, 'a.mjs'],
  [{ '.': { types: './a.d.ts', node: { require: './a.cjs', default: './b.js' } } }, 'b.js'],
  [{ '.': [{ browser: './x.js' }, './c.js'] }, 'c.js'],
])('the module of a package is what its exports say to import: %j', async (exports, file) => {
  at.writePackage('plugin-a', { mln: { api: '*' }, exports }, 'export default 5;');
  at.write(`node_modules/plugin-a/${file}`, 'export default () => {};');
  expect((await at.load('plugin-a')).broken).toEqual([]);
});

test.each<[what: string, name: string, place: string, prepare: () => void]>([
  [
    'a package',
    'a',
    'node_modules/a',
    () => {
      at.writePackage('a', { mln: { api: '^2.0.0' } }, tracing);
    },
  ],
  [
    'a folder',
    './a',
    'a',
    () => {
      at.write('a/package.json', '{ "name": "a", "version": "1.0.0", "type": "module", "mln": { "api": "^2.0.0" } }');
      at.write('a/index.js', tracing);
    },
  ],
  [
    'a file',
    './a.mjs',
    '.',
    () => {
      at.write('a.mjs', `${leaveTrace}\n${manifest('^2.0.0')} export default () => {};`);
    },
  ],
  [
    'a file of a pack',
    'p',
    'node_modules/p',
    () => {
      at.writePackage('p', { mln: { api: '*', plugins: ['./a.js'] } }, '');
      at.write('node_modules/p/a.js', `${manifest('^2.0.0')} ${tracing}`);
    },
  ],
  [
    'a package of a pack',
    'p',
    'node_modules/a',
    () => {
      at.writePackage('p', { mln: { api: '*', plugins: ['a'] } }, '');
      at.writePackage('a', { mln: { api: '>=2' } }, tracing);
    },
  ],
])('%s for plug-in API 2 is refused, and no line of it is run', async (_, name, place, prepare) => {
  prepare();
  expect(await at.refusal(name)).toMatchObject({
    code: 'MLN_PLUGIN_API',
    exit: 78,
    named: 'a',
    message: expect.stringMatching(/^the plug-in a is made for plug-in API (\^2\.0\.0|>=2); this is 1\./) as unknown,
    hint: `install a version of a for API ${apiVersion}`,
  });
  expect(at.hasRun(place)).toBe(false);
});

test.each(['plugin-none', '@scope/none', './none.mjs', '/none.mjs', 'a/../../b', ''])(
  'there is no plug-in %j',
  async (name) => {
    expect(await at.refusal(name)).toMatchObject({
      code: 'MLN_PLUGIN_NOT_FOUND',
      message: expect.stringContaining(name.replace(/^\.\//, '')) as unknown,
      hint: expect.stringMatching(/npm install|correct the list|begin with/) as unknown,
    });
  },
);

test.each([
  ['throws', `\n  throw new Error('out of order');`, 'out of order', 2],
  ['throws in a file of its own', `import './deep.js'; export default () => {};`, 'deep trouble', 3],
])('a package that %s is told with its line', async (_, text, reason, line) => {
  at.writePackage('plugin-a', { mln: { api: '*' } }, text);
  at.write('node_modules/plugin-a/deep.js', `const fail = () => {\n\n  throw new Error('deep trouble');\n};\nfail();`);
  expect(await at.refusal('plugin-a')).toMatchObject({
    code: 'MLN_PLUGIN_IMPORT',
    message: `the plug-in plugin-a failed while it was imported: ${reason}`,
    place: { line, file: expect.stringContaining('node_modules/plugin-a/') as unknown },
  });
});

test.each([
  ['exports no function', `export default 5;`],
  ['exports nothing', ``],
])('a package that %s is told so', async (_, text) => {
  at.writePackage('plugin-a', { mln: { api: '*' } }, text);
  expect(await at.refusal('plugin-a')).toMatchObject({
    code: 'MLN_PLUGIN_NO_DEFAULT',
    message: expect.stringContaining('the plug-in plugin-a has no function') as unknown,
  });
});

test('a package whose module is missing, or whose description is no JSON, is told so', async () => {
  at.writePackage('plugin-a', { mln: { api: '*' }, exports: { '.': './dist/none.js' } }, '');
  expect(await at.refusal('plugin-a')).toMatchObject({
    code: 'MLN_PLUGIN_IMPORT',
    message: expect.stringMatching('plugin-a.*dist/none.js is not there') as unknown,
  });
  at.write('node_modules/plugin-b/package.json', '{ "name": ');
  expect(await at.refusal('plugin-b')).toMatchObject({
    code: 'MLN_PLUGIN_MANIFEST',
    message: expect.stringContaining('node_modules/plugin-b/package.json cannot be read') as unknown,
  });
});

test('of two plug-ins of one name the second is refused; all that is wrong is told at once', async () => {
  at.writePackage('a', { mln: { api: '*' } }, 'export default () => {};');
  at.write('a.mjs', `${manifest('*')} export default () => {};`);
  const { loaded, broken } = await at.load('a', './a.mjs', './none.mjs', 'a');
  expect(loaded.map(({ source }) => source)).toEqual([join(at.folder, 'node_modules/a/package.json')]);
  expect(broken.map(({ name, error: { code, message } }) => [name, code, message])).toEqual([
    [
      'a',
      'MLN_PLUGIN_TWICE',
      `two plug-ins are called a: ${join(at.folder, 'node_modules/a/package.json')} and ${join(at.folder, 'a.mjs')}`,
    ],
    ['./none.mjs', 'MLN_PLUGIN_NOT_FOUND', `there is no plug-in ${join(at.folder, 'none.mjs')}`],
    ['a', 'MLN_PLUGIN_TWICE', `two plug-ins are called a: ${join(at.folder, 'node_modules/a/package.json')}`],
  ]);
});
