import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isMlnError, messageOf } from '../errors.js';
import type { Manifest } from '../plugin-manifest.js';
import type { Shell } from '../shell.js';
import type { Findings } from './findings.js';

interface PackageFile {
  readonly type?: string;
  readonly license?: string;
  readonly keywords?: readonly string[];
  readonly exports?: unknown;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly engines?: { readonly node?: string };
}

/** Looks at a package.json that mln can read: what npm and mln make of it for whoever installs the plug-in. */
export function checkPackage(findings: Findings, folder: string, manifest: Manifest): void {
  const path = join(folder, 'package.json');
  const description = JSON.parse(readFileSync(path, 'utf8')) as PackageFile;
  checkPeer(findings, description, manifest);
  if (manifest.plugins === null) checkEntry(findings, folder, manifest, description);
  else findings.ok('plug-ins', `it is a pack of ${membersOf(manifest).join(', ')}`);
  if (isExported(description.exports)) findings.ok('exports', 'its package.json can be read');
  else
    findings.wrong('exports', 'package.json is not exported: programs that ask Node for it do not find it', {
      hint: '"./package.json": "./package.json" in its exports',
    });
  const usual: readonly (readonly [boolean, keyof PackageFile, string])[] = [
    [description.keywords?.includes('mln-plugin') === true, 'keywords', '"mln-plugin" is how plug-ins are found'],
    [typeof description.license === 'string', 'license', 'without one nobody may use it'],
    [description.engines?.node !== undefined, 'engines', '"node" says on which versions it runs'],
  ];
  for (const [given, field, why] of usual)
    if (given) findings.ok('package', `${field} ${JSON.stringify(description[field])}`);
    else findings.warn('package', `package.json has no ${field}: ${why}`);
}

/** The names of what a pack lists. */
function membersOf({ plugins }: Manifest): readonly string[] {
  return (plugins ?? []).map((each) => (typeof each === 'string' ? each : each[0]));
}

/** What npm sees to when it installs is what mln asks for when it loads. */
function checkPeer(findings: Findings, { peerDependencies, dependencies }: PackageFile, { api }: Manifest): void {
  const peer = peerDependencies?.['@mln/core'];
  if (dependencies?.['@mln/core'] !== undefined)
    findings.wrong('peer', '@mln/core is among its dependencies: npm would install a second core beside that of mln', {
      hint: 'it belongs into peerDependencies',
    });
  else if (peer === api) findings.ok('peer', `@mln/core ${peer}, as mln.api`);
  else
    findings.wrong('peer', `mln.api is ${api}, and its peer dependency on @mln/core ${peer ?? 'is missing'}`, {
      hint: `"peerDependencies": { "@mln/core": ${JSON.stringify(api)} }`,
    });
}

function checkEntry(findings: Findings, folder: string, { module }: Manifest, { type }: PackageFile): void {
  const known = 'exports in package.json names the file: { ".": "./src/index.js" }';
  if (module === null) findings.wrong('module', 'its package.json names no module', { hint: known });
  else if (!existsSync(module))
    findings.wrong('module', `its exports lead to ${relative(folder, module)}, which is not there`, {
      hint: 'build it, or correct exports in package.json',
    });
  else if (type !== 'module' && !module.endsWith('.mjs'))
    findings.warn('module', `${relative(folder, module)} is a .js file, and package.json has no "type": "module"`, {
      hint: 'Node has to guess that it is an ES module',
    });
  else findings.ok('module', relative(folder, module));
}

function isExported(exports: unknown): boolean {
  if (exports === undefined) return true;
  return typeof exports === 'object' && exports !== null && './package.json' in exports;
}

/** Asks npm which files it would pack, and looks whether what is needed is among them. */
export async function checkPacked(findings: Findings, folder: string, manifest: Manifest, shell: Shell): Promise<void> {
  let files: ReadonlySet<string>;
  try {
    files = await packedFiles(folder, shell);
  } catch (error) {
    const why = isMlnError(error) && error.code === 'MLN_NO_PROGRAM' ? 'npm is not installed' : messageOf(error);
    findings.warn('packed', `it is not known what npm would pack: ${why}`);
    return;
  }
  const members = membersOf(manifest);
  const entries = [
    manifest.module,
    ...members.filter((each) => each.startsWith('.')).map((each) => join(folder, each)),
  ];
  const needed = new Set<string>();
  for (const entry of entries) if (entry !== null) addImported(entry, needed);
  const missing = [...needed]
    .filter((path) => existsSync(path))
    .map((path) => relative(folder, path))
    .filter((path) => !files.has(path));
  if (missing.length === 0) findings.ok('packed', `npm packs ${files.size} files, and all that it needs`);
  else
    findings.wrong('packed', `npm would not pack ${missing.join(', ')}: who installs it has no such file`, {
      hint: 'name their folder in files in package.json',
    });
}

async function packedFiles(folder: string, shell: Shell): Promise<ReadonlySet<string>> {
  const { stdout } = await shell('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: folder,
    env: { npm_config_update_notifier: 'false', npm_config_loglevel: 'silent' },
    timeout: 60_000,
  });
  const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[];
  return new Set(packed?.files.map(({ path }) => path));
}

/** A module, and those of its own that it imports by their paths. */
function addImported(path: string, found: Set<string>): void {
  if (found.has(path)) return;
  found.add(path);
  if (!/\.m?js$/.test(path) || !existsSync(path)) return;
  const imports =
    /(?:^|[;\n])\s*(?:import|export)\b[^'"`;]*['"](\.{1,2}\/[^'"]+)['"]|\bimport\(\s*['"](\.{1,2}\/[^'"]+)['"]/g;
  for (const [, fixed, dynamic] of readFileSync(path, 'utf8').matchAll(imports))
    addImported(join(dirname(path), fixed ?? dynamic ?? ''), found);
}
