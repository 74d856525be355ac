import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { scratchFolder } from '../../core/test/scratch.js';

/* Completion where plug-ins or the configuration are broken, or belong to somebody else. */

const root = process.cwd();
const standard = (JSON.parse(readFileSync(join(root, 'mln.config.json'), 'utf8')) as { plugins: string[] }).plugins;
const isRoot = process.geteuid?.() === 0;

function setUp(configuration: Readonly<Record<string, string>>, plugin = ''): string {
  const folder = scratchFolder();
  for (const [name, text] of Object.entries(configuration)) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'own.mjs'), plugin);
  return folder;
}

function complete(folder: string, line: string): readonly string[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'bin/mln.js'), 'complete', 'fish', line], {
    cwd: folder,
    env: { ...process.env, MLN_PROJECTS: join(folder, 'projects') },
    encoding: 'utf8',
    input: '',
  });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.split('\n').flatMap((text) => text.split('\t')[0] || []);
}

const manifest = `export const manifest = { name: 'own', version: '1.0.0', api: '^1.0.0' };`;
const trace = `import { writeFileSync } from 'node:fs'; writeFileSync(import.meta.dirname + '/ran', '');`;
const verb = (body: string): string => `${trace} ${manifest}
  export default ({ hooks }) => {
    ${body}
    hooks.commands.tap('own', (commands) => {
      commands.add({ name: 'graze', summary: 'Grazes.', arguments: '<where>', completes: [() => ['meadow']], run: async () => 0 });
    });
  };`;
const listing = (name: string): string =>
  JSON.stringify({ plugins: ['./own.mjs', ...standard.filter((each) => each !== name)] });

test('verbs of a plug-in that is a file are offered, with what completes them', () => {
  const folder = setUp({ 'other.json': listing('') }, verb(''));
  expect(complete(folder, 'mln --config=other.json gra')).toEqual(['graze', 'graph']);
  expect(complete(folder, 'mln --config other.json graze ')).toEqual(['meadow']);
  expect(complete(folder, 'mln gra')).toEqual(['graph']);
});

test('what a plug-in prints is not taken for words', () => {
  const folder = setUp({ 'other.json': listing('') }, verb(`console.log('noise'); console.error('noise');`));
  expect(complete(folder, 'mln --config other.json gra')).toEqual(['graze', 'graph']);
});

test.each([
  ['throws when it is imported', `${manifest} throw new Error('no');`],
  ['is no JavaScript', `${manifest} export default (`],
  ['throws when it is set up', `${manifest} export default () => { throw new Error('no'); };`],
  ['throws in its tap', `${manifest} export default ({ hooks }) => hooks.commands.tap('own', () => { throw 1; });`],
  ['throws later', `${manifest} export default () => { setImmediate(() => { throw new Error('late'); }); };`],
  [
    'brings a verb of the core',
    `${manifest} export default ({ hooks }) => hooks.commands.tap('own', (all) => { all.add({ name: 'start', summary: '', run: async () => 0 }); });`,
  ],
  ['is not there', null],
])('a plug-in that %s brings nothing, and takes nothing away', (_, code) => {
  const folder = setUp({ 'other.json': listing('') }, code ?? '');
  if (code === null) writeFileSync(join(folder, 'other.json'), listing('').replace('own.mjs', 'nowhere.mjs'));
  expect(complete(folder, 'mln --config other.json sta')).toEqual(['start', 'status']);
});

test('a plug-in that waits for what never comes is not waited for', () => {
  const folder = setUp({ 'other.json': listing('') }, `${manifest} export default () => new Promise(() => {});`);
  expect(complete(folder, 'mln --config other.json sta')).toEqual([]);
});

test.each([
  ['that cannot be read', { 'mln.config.yaml': 'plugins: [' }],
  ['with a key that nobody knows', { 'mln.config.json': '{"plugin": []}' }],
  ['whose plug-ins are no list', { 'mln.config.json': '{"plugins": 3}' }],
])('with a configuration %s there are the standard verbs', (_, files) => {
  const folder = setUp(files);
  mkdirSync(join(folder, 'projects/lab'), { recursive: true });
  writeFileSync(join(folder, 'projects/lab/state.json'), '{}');
  expect(complete(folder, 'mln gra')).toEqual(['graph']);
  expect(complete(folder, 'mln start ')).toEqual(['lab']);
});

test(`a plug-in that a configuration of the working folder lists is ${isRoot ? 'not run by root' : 'run'}`, () => {
  const folder = setUp({ 'mln.config.json': listing('') }, verb(''));
  expect(complete(folder, 'mln gra')).toEqual(isRoot ? ['graph'] : ['graze', 'graph']);
  expect(existsSync(join(folder, 'ran'))).toBe(!isRoot);
});

test('a configuration that is code and lies in the working folder is no code for root', () => {
  const folder = setUp({ 'mln.config.mjs': `${trace} export default {};` });
  expect(complete(folder, 'mln sta')).toEqual(['start', 'status']);
  expect(existsSync(join(folder, 'ran'))).toBe(!isRoot);
});

test('a command line that is not whole, or none at all, is answered with nothing', () => {
  const folder = setUp({});
  expect(complete(folder, '')).toEqual([]);
  expect(complete(folder, 'mln')).toEqual([]);
  expect(complete(folder, 'mln nothing ')).toEqual([]);
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'bin/mln.js'), 'complete'], { encoding: 'utf8' });
  expect([status, stdout]).toEqual([0, '']);
});
