import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { failure, type Plugin, type Shell } from '../src/index.js';
import { tryPlugin } from '../src/testing.js';
import { scratchFolder } from './scratch.js';

const packed = ['package.json', 'README.md', 'src/index.js'];
let npm: readonly string[] | null = packed;

/** npm, as far as it is asked what it would pack. */
const shell: Shell = (program, args) => {
  expect([program, args[0]]).toEqual(['npm', 'pack']);
  if (npm === null) throw failure('MLN_NO_PROGRAM', 'the program npm is not installed');
  const stdout = JSON.stringify([{ files: npm.map((path) => ({ path })) }]);
  return Promise.resolve({ exitCode: 0, stdout, stderr: '' });
};

/** Brings a keyword and a verb that others may not bring again. */
const other: Plugin = ({ hooks }) => {
  hooks.keywords.tap('other', (keywords) => {
    keywords.declare({ name: 'colour', in: ['host'], kind: 'word', help: 'A colour.' });
  });
  hooks.commands.tap('other', (commands) => {
    commands.add({ name: 'paint', summary: 'Paints.', run: () => Promise.resolve(0) });
  });
};

const { run } = await tryPlugin(other, 'global { project lab }\n', { shell });

async function made(): Promise<string> {
  const folder = join(scratchFolder(), 'motd');
  await run('plugin new', ['motd'], { folder });
  return folder;
}

function change(path: string, from: string | RegExp, to: string): void {
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  writeFileSync(path, changed);
}

interface Item {
  readonly state: string;
  readonly what: string;
  readonly detail: string;
  readonly code: string | null;
  readonly file: string | null;
  readonly line: number | null;
  readonly hint: string | null;
}

/** What is not right, and the exit code. */
async function check(path: string): Promise<{ exit: number; items: readonly Item[] }> {
  const { exit, stdout } = await run('plugin check', [path], { json: true });
  const { items } = JSON.parse(stdout) as { items: Item[] };
  return { exit, items: items.filter(({ state }) => state !== 'ok') };
}

test('a new plug-in is right, and each line says what was looked at', async () => {
  const folder = await made();
  const { exit, stdout, stderr } = await run('plugin check', [folder]);
  expect([exit, stderr]).toEqual([0, '']);
  expect(stdout.split('\n').map((line) => /^([✓!✗]) (\S+)/.exec(line)?.slice(1, 3).join(' ') ?? line)).toEqual([
    '✓ manifest',
    '✓ peer',
    '✓ module',
    '✓ exports',
    '✓ package',
    '✓ package',
    '✓ package',
    '✓ import',
    '✓ options',
    '✓ packed',
    '✓ taps',
    '✓ keywords',
    '✓ others',
    '✓ README',
    '✓ example',
    '✓ twice',
    '',
    'It can be used.',
    '',
  ]);
});

const code = 'src/index.js';
const tap = "mln.hooks.keywords.tap('motd'";

/** One change each, and what is said of it: what, code, line, and words of the message or the hint. */
test.each<[string, string, string | RegExp, string, string, string | null, number | null, string]>([
  ['an api of another time', 'package.json', '"api": "^1', '"api": "^2', 'api', 'MLN_PLUGIN_API', 24, 'API ^2.0.0'],
  ['no api', 'package.json', '"api": "^1.0.0",', '', 'manifest', 'MLN_PLUGIN_MANIFEST', null, 'mln.api'],
  ['another peer range', 'package.json', '"@mln/core": "^1', '"@mln/core": "^3', 'peer', null, null, '^3.0.0'],
  ['exports to nowhere', 'package.json', './src/index.js', './lib/index.js', 'module', null, null, 'lib/index.js'],
  ['a package.json that is kept', 'package.json', /,\s*"\.\/package\.json": ".*"/, '', 'exports', null, null, 'not exported'],
  ['a schema that is none', 'package.json', '"integer"', '"numeral"', 'manifest', 'MLN_PLUGIN_MANIFEST', null, 'mln cannot check'],
  ['an import that is missing', code, "'@mln/core'", "'./missing.js'", 'import', 'MLN_PLUGIN_IMPORT', null, 'missing.js'],
  ['a sync hook tapped by tapPromise', code, tap, tap.replace('tap(', 'tapPromise('), 'setup', 'MLN_PLUGIN_SETUP', 14, "hooks.keywords.tap('motd'"],
  ['an async function that nobody waits for', code, 'tapPromise(', 'tap(', 'taps', null, 36, 'tapPromise'],
  ['a tap without a name', code, tap, tap.replace('motd', ''), 'setup', 'MLN_PLUGIN_SETUP', 14, 'Missing name'],
  ['a fault of its set-up', code, 'mln.hooks.keywords', 'mln.hook.keywords', 'setup', 'MLN_PLUGIN_SETUP', 14, 'set up'],
  ['a keyword of the core', code, "name: 'motd'", "name: 'memory'", 'keywords', 'MLN_PLUGIN_CLASH', 15, 'memory'],
  ['a keyword of another', code, "name: 'motd'", "name: 'colour'", 'others', 'MLN_PLUGIN_CLASH', 15, 'colour'],
  ['a keyword without help', code, /help: '.*'/, "help: ''", 'keywords', null, null, 'no help'],
  ['a fault in a tap', code, "host.keywords['motd']", "host.keyword['motd']", 'example', 'MLN_PLUGIN_FAILED', 37, 'configureFilesystem'],
  ['a guest that grows', code, 'guest.write(PATH', 'guest.append(PATH', 'twice', null, null, '/etc/motd.conf'],
  ['an example that is refused', 'example.mln', '"Hello', `"${'x'.repeat(300)}`, 'example', 'MLN_BAD_VALUE', 6, 'characters'],
])('%s is told', async (_, file, from, to, what, errorCode, line, words) => {
  const folder = await made();
  change(join(folder, file), from, to);
  const { exit, items } = await check(folder);
  expect(exit).toBe(78);
  expect(items).toContainEqual(expect.objectContaining({ state: 'wrong', what, code: errorCode, line }));
  expect(items.map(({ detail, hint }) => `${detail} ${hint ?? ''}`).join('\n')).toContain(words);
  if (line !== null) expect(items.find((item) => item.line === line)?.file).toBe(join(folder, file));
}); // prettier-ignore

test('a verb of another, and one without a summary, are told', async () => {
  const folder = await made();
  const verbs = "mln.hooks.commands.tap('motd', (c) => c.add({ name: 'paint', summary: '', run: async () => 0 }));";
  change(join(folder, code), '  mln.hooks.keywords', `  ${verbs}\n  mln.hooks.keywords`);
  const { exit, items } = await check(folder);
  expect(exit).toBe(78);
  expect(items.map(({ what, code: told }) => `${what} ${told ?? '-'}`)).toEqual([
    'verbs -',
    'others MLN_PLUGIN_CLASH',
    'README -',
  ]);
});

test('what could be better does not fail', async () => {
  const folder = await made();
  rmSync(join(folder, 'README.md'));
  rmSync(join(folder, 'example.mln'));
  change(join(folder, 'package.json'), '"license": "MIT",', '');
  change(join(folder, code), /\n.*example: .*/, '');
  change(join(folder, code), "resolveUnit.tap('motd'", "resolveUnit.tap('limit'");
  npm = null;
  const { exit, items } = await check(folder);
  npm = packed;
  expect(exit).toBe(0);
  expect(items.map(({ state, what }) => `${state} ${what}`)).toEqual([
    'warning package',
    'warning packed',
    'warning taps',
    'warning keywords',
    'warning README',
    'warning example',
  ]);
});

test('options that it must have are those that its schema gives as an example', async () => {
  const folder = await made();
  const required = '"required": ["limit"], "additionalProperties"';
  change(join(folder, 'package.json'), '"additionalProperties"', required);
  const { exit, items } = await check(folder);
  expect([exit, items]).toEqual([78, [expect.objectContaining({ what: 'options', code: 'MLN_PLUGIN_OPTIONS' })]]);
  change(join(folder, 'package.json'), '"required"', '"examples": [{ "limit": 14 }], "required"');
  expect(await check(folder)).toEqual({ exit: 0, items: [] });
  change(join(folder, 'package.json'), '14', '13');
  expect((await check(folder)).items[0]).toMatchObject({ what: 'example', code: 'MLN_BAD_VALUE' });
});

test('a file that npm would leave out is told', async () => {
  const folder = await made();
  writeFileSync(join(folder, 'src/path.js'), "export const PATH = '/etc/motd';\n");
  change(join(folder, code), /const PATH = .*/, "import { PATH } from './path.js';");
  const { exit, items } = await check(folder);
  expect([exit, items]).toEqual([78, [expect.objectContaining({ what: 'packed', state: 'wrong' })]]);
  expect(items[0]?.detail).toContain('src/path.js');
});

test('a lone file is looked at, with the project of its name', async () => {
  const folder = scratchFolder();
  const path = join(folder, 'stamp.js');
  const lone = `export const manifest = { name: 'stamp', version: '1.0.0', api: '^1.0.0' };
export default ({ hooks }) =>
  hooks.configureFilesystem.tapPromise('stamp', (guest, { name }) => guest.write('/etc/stamp', name));
`;
  writeFileSync(path, lone);
  writeFileSync(join(folder, 'stamp.mln'), 'global { project lab }\nhost ada { }\n');
  const { exit, stdout } = await run('plugin check', [path]);
  expect(exit).toBe(0);
  expect(stdout).toContain('✓ twice     stamp.mln: configured twice, its guests stay as they are');
  writeFileSync(path, lone.replace('export const manifest', 'const manifest'));
  expect(await check(path)).toMatchObject({ exit: 78, items: [{ what: 'manifest', code: 'MLN_PLUGIN_MANIFEST' }] });
});

test('a pack is looked at with all that it lists', async () => {
  const folder = scratchFolder();
  const description = {
    name: 'site',
    version: '1.0.0',
    type: 'module',
    license: 'MIT',
    keywords: ['mln-plugin'],
    engines: { node: '>=20' },
    peerDependencies: { '@mln/core': '^1.0.0' },
    mln: { api: '^1.0.0', plugins: ['./one.js', 'other'] },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(description));
  writeFileSync(
    join(folder, 'one.js'),
    `export const manifest = { name: 'one', version: '1.0.0', api: '^1.0.0' };
export default ({ hooks }) => hooks.event.tap('one', () => {});
`,
  );
  npm = ['package.json'];
  const found = await check(folder);
  npm = packed;
  expect(found.exit).toBe(78);
  expect(found.items.filter(({ state }) => state === 'wrong')).toMatchObject([
    { what: 'packed', detail: expect.stringContaining('one.js') as unknown },
  ]);
});

test('what is no plug-in is an error', async () => {
  const folder = scratchFolder();
  const { exit, stderr } = await run('plugin check', [folder]);
  expect([exit, stderr]).toEqual([78, expect.stringContaining('it has no package.json')]);
  expect((await run('plugin check', [join(folder, 'nothing')])).stderr).toContain('MLN_PLUGIN_NOT_FOUND');
});
