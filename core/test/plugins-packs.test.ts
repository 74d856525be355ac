import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { loadPlugins, type LoadedPlugins } from '../src/plugins.js';
import { scratchFolder } from './scratch.js';

let folder = '';

beforeEach(() => {
  folder = scratchFolder();
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function writePackage(path: string, mln: object): void {
  const name = path.split('node_modules/').at(-1);
  write(`${path}/package.json`, JSON.stringify({ name, version: '1.0.0', type: 'module', mln: { api: '*', ...mln } }));
  if (!('plugins' in mln)) write(`${path}/index.js`, 'export default () => {};');
}

const load = (name: string, options = {}): Promise<LoadedPlugins> =>
  loadPlugins([{ name, options, from: folder, listedIn: '/etc/mln/mln.config.yaml' }]);

test('a pack is the plug-ins that it lists, found from its own folder, with its options', async () => {
  writePackage('node_modules/pack', { plugins: ['./own.js', ['dep', { a: 1 }], 'beside'] });
  write(
    'node_modules/pack/own.js',
    `export const manifest = { name: 'own', version: '1.0.0', api: '1' }; export default () => {};`,
  );
  writePackage('node_modules/pack/node_modules/dep', {});
  writePackage('node_modules/beside', {});
  const { loaded, broken } = await load('pack');
  expect(broken).toEqual([]);
  expect(loaded.map(({ name, options, pack, listedIn }) => [name, options, pack, listedIn])).toEqual([
    ['own', {}, 'pack', '/etc/mln/mln.config.yaml'],
    ['dep', { a: 1 }, 'pack', '/etc/mln/mln.config.yaml'],
    ['beside', {}, 'pack', '/etc/mln/mln.config.yaml'],
  ]);
});

test('a pack may list packs, but not itself', async () => {
  writePackage('node_modules/outer', { plugins: ['inner'] });
  writePackage('node_modules/inner', { plugins: ['leaf', 'outer'] });
  writePackage('node_modules/leaf', {});
  const { loaded, broken } = await load('outer');
  expect(loaded.map(({ name, pack }) => [name, pack])).toEqual([['leaf', 'inner']]);
  expect(broken.map(({ name, error: { code, message } }) => [name, code, message])).toEqual([
    ['outer', 'MLN_PLUGIN_MANIFEST', 'the pack outer lists itself: outer, inner'],
  ]);
});

test('a pack takes no options', async () => {
  writePackage('node_modules/pack', { plugins: ['./own.js'] });
  const { broken } = await load('pack', { a: 1 });
  expect(broken.map(({ name, error: { code } }) => [name, code])).toEqual([['pack', 'MLN_PLUGIN_OPTIONS']]);
});

const schema = {
  type: 'object',
  additionalProperties: false,
  properties: { volumeGroup: { type: 'string' }, size: { type: 'object', properties: { min: { type: 'integer' } } } },
  required: ['volumeGroup'],
};

test.each<[options: object, message: string, hint: string]>([
  [
    { volumegroup: 'a', volumeGroup: 'b' },
    'it has no option volumegroup',
    'did you mean volumeGroup? it takes volumeGroup, size',
  ],
  [
    { volumeGroup: 5 },
    'its option volumeGroup: Invalid input: expected string, received number',
    'it takes volumeGroup, size',
  ],
  [{}, 'its option volumeGroup: Invalid input', 'it takes volumeGroup, size'],
  [{ volumeGroup: 'a', size: { min: 'x' } }, 'its option size.min: Invalid input', 'it takes volumeGroup, size'],
])('options are checked by the schema of a package and of a file: %j', async (options, message, hint) => {
  const trace = `import { writeFileSync } from 'node:fs'; writeFileSync(import.meta.dirname + '/ran', '');`;
  writePackage('node_modules/a', { options: schema });
  write('node_modules/a/index.js', `${trace} throw new Error('it was run');`);
  write(
    'a.mjs',
    `${trace} export const manifest = { name: 'a', version: '1.0.0', api: '*', options: ${JSON.stringify(schema)} };
    throw new Error('it was run');`,
  );
  for (const name of ['a', './a.mjs']) {
    const { broken } = await load(name, options);
    expect(broken.map(({ error: { problems } }) => problems)).toMatchObject([
      [{ code: 'MLN_PLUGIN_OPTIONS', message: expect.stringContaining(message) as unknown, hint }],
    ]);
    expect(broken[0]?.error.message).toContain('the options of the plug-in a in /etc/mln/mln.config.yaml');
  }
});

test('options that are right are given as they are', async () => {
  writePackage('node_modules/a', { options: schema });
  expect((await load('a', { volumeGroup: 'a' })).loaded).toMatchObject([{ options: { volumeGroup: 'a' } }]);
});

test.each([
  5,
  null,
  [],
  { type: 'string' },
  { type: 'object', properties: 5 },
  { type: 'object', properties: { a: { type: 'strin' } } },
  { type: 'object', properties: { a: { type: 'string' } }, required: ['b'] },
])('what is no schema of options is told: %j', async (options) => {
  writePackage('node_modules/a', { options });
  const { broken } = await load('a');
  expect(broken.map(({ error: { code, message } }) => [code, message])).toEqual([
    [
      'MLN_PLUGIN_MANIFEST',
      expect.stringContaining('the plug-in a describes its options by a JSON Schema that mln cannot check'),
    ],
  ]);
});

/** The options of the plug-ins that come with mln. */
const standard: Readonly<Record<string, { good: readonly object[]; bad: readonly object[] }>> = {
  uml: {
    good: [{ default: true, network: 'slirp', switch: 'vde_switch', cow: false }],
    bad: [{ network: 'vde' }, { switch: 'hub' }, { cow: 'no' }, { defaults: true }],
  },
  xen: {
    good: [{ bridge: 'xenbr0' }, { bridge: 'x'.repeat(15) }],
    bad: ['', 'a b', 'a/b', 'x'.repeat(16), 5, null].map((bridge) => ({ bridge })),
  },
  lvm: {
    good: [{ volumeGroup: 'vg0' }, { volumeGroup: '..a', thinPool: 'x'.repeat(127) }],
    bad: [
      ...['', '.', '..', '-a', 'a/b', 'ä', 'x'.repeat(128), 5].map((volumeGroup) => ({ volumeGroup })),
      { thinPool: '-t' },
      { thinPool: null },
    ],
  },
  autoenum: { good: [{}], bad: [{ a: 1 }] },
  ext: { good: [{}], bad: [{ a: 1 }] },
  formats: { good: [{}], bad: [{ a: 1 }] },
  graph: { good: [{}], bad: [{ a: 1 }] },
  linux: { good: [{}], bad: [{ a: 1 }] },
};

test.each(Object.entries(standard))('the schema of %s knows its options', async (name, { good, bad }) => {
  const { checkOptions } = await import('../src/plugin-options.js');
  const { readManifest } = await import('../src/plugin-manifest.js');
  const path = join(import.meta.dirname, `../../plugins/${name}/package.json`);
  const manifest = await readManifest({ kind: 'package', path, standard: true }, name);
  for (const each of good) await checkOptions(manifest, { ...each });
  for (const each of bad)
    await expect(checkOptions(manifest, { ...each })).rejects.toMatchObject({ code: 'MLN_PLUGIN_OPTIONS' });
});

test('the configuration of the distribution gives its plug-ins options that they take', async () => {
  const distribution = join(import.meta.dirname, '../../mln.config.json');
  const { loadConfiguration } = await import('../src/configuration.js');
  const { checkOptions } = await import('../src/plugin-options.js');
  const { findPlugin } = await import('../src/plugin-find.js');
  const { readManifest } = await import('../src/plugin-manifest.js');
  const { plugins } = await loadConfiguration({ config: distribution }, distribution, {});
  expect(plugins.length).toBeGreaterThan(5);
  for (const entry of plugins) {
    const manifest = await readManifest(findPlugin(entry, distribution), entry.name);
    expect(manifest.options).toBeDefined();
    await checkOptions(manifest, entry.options);
  }
});
