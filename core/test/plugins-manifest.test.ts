import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { manifest, pluginFolder, tracing, type PluginFolder } from './plugin-folder.js';

let at: PluginFolder;
beforeEach(() => {
  at = pluginFolder();
});

test.each([
  ['no manifest', {}, 'no plug-in of mln'],
  ['no version of the API', { mln: {} }, 'mln.api in .* is missing'],
  ['what is no range', { mln: { api: 'newest' } }, 'API newest, which is no range'],
  ['a number', { mln: { api: 1 } }, 'mln.api in .* is not a text'],
  ['no version', { mln: { api: '*' }, version: '' }, 'version in .* is not a text'],
  ['a pack of nothing', { mln: { api: '*', plugins: [] } }, 'mln.plugins in .* is not a list'],
  ['a pack of numbers', { mln: { api: '*', plugins: [['./a.js', 5]] } }, 'mln.plugins in .* is not a list'],
])('a package with %s is refused before its code is run', async (_, said, reason) => {
  at.writePackage('plugin-a', said, tracing);
  expect(await at.refusal('plugin-a')).toMatchObject({
    code: 'MLN_PLUGIN_MANIFEST',
    message: expect.stringMatching(`plugin-a.*${reason}`) as unknown,
  });
  expect(at.hasRun('node_modules/plugin-a')).toBe(false);
});

test.each<[what: string, text: string, error: string, message: string, place: [number, number] | null]>([
  ['without a manifest', 'export default () => {};', 'MLN_PLUGIN_MANIFEST', 'does not say what it is', [1, 1]],
  [
    'with half a manifest',
    `export const manifest = { name: 'a', version: '1.0.0' }; export default () => {};`,
    'MLN_PLUGIN_MANIFEST',
    'api in .*a.mjs is missing',
    null,
  ],
  [
    'whose manifest would have to be run',
    `const version = '1';\nexport const manifest = { name: 'a', version, api: '*' };`,
    'MLN_PLUGIN_MANIFEST',
    'read, not run',
    [2, 38],
  ],
  [
    'whose manifest is made of others',
    `export const manifest = { ...x, name: 'a' };`,
    'MLN_PLUGIN_MANIFEST',
    'read, not run',
    [1, 27],
  ],
  ['that is not right', `${manifest('*')}\nexport default (`, 'MLN_PLUGIN_IMPORT', 'not right JavaScript', [2, 17]],
  ['without a function', manifest('*'), 'MLN_PLUGIN_NO_DEFAULT', 'no function', null],
])('a file %s is refused', async (_, text, error, message, place) => {
  at.write('a.mjs', `${text}\n`.replace(/\n$/, ''));
  const problem = await at.refusal('./a.mjs');
  expect(problem).toMatchObject({ code: error, message: expect.stringMatching(message) as unknown });
  if (place) expect(problem.place).toMatchObject({ file: join(at.folder, 'a.mjs'), line: place[0], column: place[1] });
});

test('a manifest may hold everything that is written out', async () => {
  at.write(
    'a.mjs',
    `#!/usr/bin/env node
export const first = 1, manifest = { 'name': "a", version: '1.0.0', api: '*',
  options: { type: 'object', properties: { n: { type: 'number', minimum: -5, default: null }, '__proto__': {} }, required: [], x: true } };
export default () => {};`,
  );
  expect((await at.load('./a.mjs')).broken).toEqual([]);
});

test.each(['a.cjs', 'a.ts', 'a'])('a plug-in is no file called %s', async (name) => {
  at.write(name, manifest('*'));
  expect(await at.refusal(`./${name}`)).toMatchObject({ code: 'MLN_PLUGIN_MANIFEST' });
});

test('a .js file where files are CommonJS is told what to do, and not run', async () => {
  at.write('package.json', '{ "type": "commonjs" }');
  at.write('a.js', `${manifest('*')} export default () => {};`);
  expect(await at.refusal('./a.js')).toMatchObject({
    code: 'MLN_PLUGIN_IMPORT',
    message: expect.stringContaining('package.json says that') as unknown,
    hint: expect.stringContaining('a.mjs') as unknown,
  });
});
