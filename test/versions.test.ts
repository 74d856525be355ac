import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { apiVersion } from '@mln/core';
import semver from '../core/src/semver.js';

/* What holds of every package: what it says of itself, and that each has a version of its own. */

interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly license?: string;
  readonly keywords?: readonly string[];
  readonly workspaces?: readonly string[];
  readonly files?: readonly string[];
  readonly engines?: { readonly node?: string };
  readonly exports?: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly mln?: { readonly api?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, '..');
const plugins = readdirSync(join(root, 'plugins')).map((name) => `plugins/${name}`);
const folders = ['.', 'core', ...plugins];
const read = (path: string, from = root): string => readFileSync(join(from, path), 'utf8');
const json = (path: string, from = root): unknown => JSON.parse(read(path, from));
const packageIn = (folder: string, from = root): PackageFile => json(join(folder, 'package.json'), from) as PackageFile;
const core = packageIn('core');
const distribution = packageIn('.');
const headings = (text: string, level: string): string[] =>
  [...text.matchAll(new RegExp(`^${level} (.*)$`, 'gm'))].map(([, heading = '']) => heading);

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

test.each(folders)('%s says what it is, and is licensed as the whole', (folder) => {
  const { name, description, license, keywords, files, engines } = packageIn(folder);
  expect({ license, node: engines?.node }).toEqual({
    license: distribution.license,
    node: distribution.engines?.node,
  });
  expect([description, ...(keywords ?? [])].join('').length).toBeGreaterThan(20);
  expect(files).toEqual(folder === '.' ? ['bin', 'mln.config.json'] : ['dist', 'types']);
  expect(read(join(folder, 'LICENSE'))).toBe(read('LICENSE'));
  expect(read(join(folder, 'README.md'))).toMatch(new RegExp(`^# ${name}\\b`));
});

test.each(folders)('the CHANGELOG of %s begins with its version, in the form of changesets', (folder) => {
  const { name, version } = packageIn(folder);
  const text = read(join(folder, 'CHANGELOG.md'));
  expect(text).toMatch(new RegExp(`^# ${name}\n\n## `));
  const versions = headings(text, '##');
  expect(versions[0]).toBe(version);
  expect(versions).toEqual(semver.rsort([...versions]));
  const kinds = headings(text, '###');
  expect(kinds.filter((kind) => !/^(Major|Minor|Patch) Changes$/.test(kind))).toEqual([]);
  // Each version has at least one kind of change, and each kind an entry.
  expect(text.match(/^## .*\n\n### /gm)).toHaveLength(versions.length);
  expect(text.match(/^### .*\n\n- /gm)).toHaveLength(kinds.length);
});

test.each(plugins)('%s is made for this core, and says the same range twice', (folder) => {
  const { keywords, mln, peerDependencies } = packageIn(folder);
  expect(keywords).toContain('mln-plugin');
  const range = peerDependencies?.['@mln/core'] ?? '';
  expect(mln?.api).toBe(range);
  expect(semver.satisfies(core.version, range)).toBe(true);
  expect(semver.satisfies(apiVersion, range)).toBe(true);
});

test('the plug-in API has the major and minor version of the core', () => {
  const { major, minor } = new semver.SemVer(core.version);
  expect(apiVersion).toBe(`${major}.${minor}.0`);
});

test.each(folders.slice(1))('the exports of %s are files of it, made of sources', (folder) => {
  const { exports = {} } = packageIn(folder);
  expect(exports['./package.json']).toBe('./package.json');
  const code = Object.values(exports).filter((each) => typeof each !== 'string');
  expect(code.length).toBeGreaterThan(0);
  for (const { types, default: script } of code) {
    const name = /^\.\/types\/(.*)\.d\.ts$/.exec(types)?.[1] ?? '';
    expect(existsSync(join(root, folder, 'src', `${name}.ts`))).toBe(true);
    expect(script).toBe(`./dist/${name}.js`);
    expect([types, script].filter((path) => !existsSync(join(root, folder, path)))).toEqual([]);
  }
});

test.each(plugins)('the README of %s has the headings of the house, in their order', (folder) => {
  const house = ['Name', 'Description', 'Syntax', 'Options', 'Hooks', 'Examples'];
  expect(headings(read(join(folder, 'README.md')), '##').filter((heading) => house.includes(heading))).toEqual(house);
});

test('the distribution depends on every package, and compiles and configures it', () => {
  const packages = folders.slice(1).map((folder) => packageIn(folder));
  const ranges = Object.entries(distribution.dependencies ?? {});
  expect(ranges.map(([name]) => name)).toEqual(packages.map(({ name }) => name).sort());
  // A package that was mended is taken by the same range.
  for (const { name, version } of packages)
    expect(semver.satisfies(version, distribution.dependencies?.[name] ?? '')).toBe(true);
  const references = (json('tsconfig.json') as { references: { path: string }[] }).references;
  expect(references.map(({ path }) => path)).toEqual(folders.slice(1));
  const configured = (json('mln.config.json') as { plugins: (string | [string])[] }).plugins;
  expect(configured.map((entry) => (typeof entry === 'string' ? entry : entry[0])).sort()).toEqual(
    plugins.map((folder) => packageIn(folder).name),
  );
});

/** The packages as far as versions go, in a folder of their own, with changesets that say what changed. */
function release(changes: Readonly<Record<string, string>>): { at: string; versions: Record<string, string> } {
  const at = mkdtempSync(join(tmpdir(), 'mln-versions-'));
  made.push(at);
  symlinkSync(join(root, 'node_modules'), join(at, 'node_modules'));
  for (const path of ['.changeset/config.json', '.changeset/README.md', 'core/src/api.ts', 'scripts'])
    cpSync(join(root, path), join(at, path), { recursive: true });
  for (const path of folders.flatMap((folder) => [join(folder, 'package.json'), join(folder, 'CHANGELOG.md')]))
    cpSync(join(root, path), join(at, path));
  for (const [name, kind] of Object.entries(changes))
    writeFileSync(join(at, `.changeset/${name.replace(/\W/g, '')}.md`), `---\n'${name}': ${kind}\n---\n\nTold so.\n`);
  execFileSync(process.execPath, [join(at, 'scripts/versions.js')], { cwd: at, stdio: 'pipe' });
  expect(readdirSync(join(at, '.changeset')).sort()).toEqual(['README.md', 'config.json']);
  const after = folders.map((folder) => [packageIn(folder).name, packageIn(folder, at).version] as const);
  const before = new Map(folders.map((folder) => [packageIn(folder).name, packageIn(folder).version]));
  return { at, versions: Object.fromEntries(after.filter(([name, version]) => before.get(name) !== version)) };
}

test('a change of one plug-in gives just this one a version', () => {
  const next = semver.inc(packageIn('plugins/uml').version, 'patch') ?? '';
  const { at, versions } = release({ '@mln/plugin-uml': 'patch' });
  expect(versions).toEqual({ '@mln/plugin-uml': next });
  expect(read('plugins/uml/CHANGELOG.md', at)).toMatch(
    `# @mln/plugin-uml\n\n## ${next}\n\n### Patch Changes\n\n- Told so.\n\n## ${packageIn('plugins/uml').version}\n`,
  );
});

test('something new in the core leaves plug-ins as they are; the distribution has a version of its own', () => {
  const { at, versions } = release({ '@mln/core': 'minor', mln: 'patch' });
  expect(versions).toEqual({
    '@mln/core': semver.inc(core.version, 'minor'),
    mln: semver.inc(distribution.version, 'patch'),
  });
  expect(packageIn('.', at).dependencies?.['@mln/core']).toBe(`^${versions['@mln/core'] ?? ''}`);
  const { major, minor } = new semver.SemVer(versions['@mln/core'] ?? '');
  expect(read('core/src/api.ts', at)).toContain(`apiVersion = '${major}.${minor}.0'`);
  expect(plugins.filter((folder) => read(`${folder}/package.json`) !== read(`${folder}/package.json`, at))).toEqual([]);
});

test('a core that breaks plug-ins takes all of them along, with the plug-in API', () => {
  const { at, versions } = release({ '@mln/core': 'major', mln: 'major' });
  const next = semver.inc(core.version, 'major') ?? '';
  expect(Object.keys(versions)).toHaveLength(folders.length);
  for (const folder of plugins) {
    const { mln, peerDependencies } = packageIn(folder, at);
    expect([mln?.api, peerDependencies?.['@mln/core']]).toEqual([`^${next}`, `^${next}`]);
  }
  expect(read('core/src/api.ts', at)).toContain(`apiVersion = '${next}'`);
});

test('what breaks users of a package is no small change of mln', () => {
  expect(() => release({ '@mln/plugin-uml': 'major', mln: 'patch' })).toThrow('add mln: major');
});
