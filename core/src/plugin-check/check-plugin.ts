import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { failure } from '../errors.js';
import type { BrokenPlugin } from '../guard-taps.js';
import type { LoadedPlugin, Mln } from '../kernel.js';
import { readManifest, type Manifest } from '../plugin-manifest.js';
import { loadPlugins } from '../plugins.js';
import type { Ground } from '../testing/trial-kernel.js';
import { checkCode } from './check-code.js';
import { checkExample, examplesOf } from './check-examples.js';
import { checkPackage, checkPacked } from './check-package.js';
import { checkReadme } from './check-readme.js';
import { createFindings, type Finding, type Findings } from './findings.js';

/**
 * Looks at a plug-in as mln, npm and its users will: what it says of itself, what is packed, whether it is loaded and what
 * it brings, and what becomes of the projects that it brings as examples. The path is that of a folder or of a lone file.
 * Throws MLN_PLUGIN_NOT_FOUND where there is none.
 */
export async function checkPlugin(mln: Mln, path: string): Promise<readonly Finding[]> {
  const ground = { core: mln.core, verbs: mln.core.coreVerbs };
  const findings = createFindings();
  const place = placeOf(resolve(path));
  const manifest = await manifestOf(findings, place);
  if (!manifest) return findings.all;
  if (place.isFolder) checkPackage(findings, place.folder, manifest);
  const plugins = await load(findings, mln, place, manifest);
  // npm reads settings in the folder: it is not run where the plug-in itself would not be.
  if (place.isFolder && !findings.failed('owner')) await checkPacked(findings, place.folder, manifest, mln.shell);
  const hooks = new Set<string>();
  if (plugins.length > 0) {
    const others = mln.plugins.filter(({ name }) => plugins.every((each) => each.name !== name));
    const running = await checkCode(findings, ground, plugins, others);
    for (const { taps } of running) for (const { hook } of taps) hooks.add(hook);
  }
  if (place.isFolder) checkReadme(findings, place.folder, [...hooks]);
  if (!findings.failed()) await tryExamples(findings, ground, place, plugins);
  return findings.all;
}

interface PluginPlace {
  /** Of the package.json, or of the lone file. */
  readonly path: string;
  readonly folder: string;
  readonly isFolder: boolean;
}

function placeOf(path: string): PluginPlace {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() && existsSync(join(path, 'package.json')))
    return { path: join(path, 'package.json'), folder: path, isFolder: true };
  if (found?.isFile() && basename(path) === 'package.json') return { path, folder: dirname(path), isFolder: true };
  if (found?.isFile()) return { path, folder: dirname(path), isFolder: false };
  throw failure(
    'MLN_PLUGIN_NOT_FOUND',
    found ? `${path} is no plug-in: it has no package.json` : `there is no plug-in ${path}`,
    { hint: 'a plug-in is a folder with a package.json, or a .js file: mln plugin new NAME makes one' },
  );
}

async function manifestOf(findings: Findings, { path, folder, isFolder }: PluginPlace): Promise<Manifest | null> {
  try {
    const found = { kind: isFolder ? 'package' : 'file', path, standard: false } as const;
    const manifest = await readManifest(found, basename(isFolder ? folder : path));
    findings.ok('manifest', `${manifest.name} ${manifest.version}, for plug-in API ${manifest.api}`);
    return manifest;
  } catch (error) {
    findings.thrown('manifest', error);
    return null;
  }
}

/** Loads it by mln's own way. What a pack lists, and is configured beside it, need not be installed in its folder. */
async function load(
  findings: Findings,
  mln: Mln,
  { path, folder, isFolder }: PluginPlace,
  manifest: Manifest,
): Promise<readonly LoadedPlugin[]> {
  const options = usualOptions(manifest.options);
  const { loaded, broken } = await loadPlugins([{ name: isFolder ? folder : path, options, from: folder }]);
  const known = (each: BrokenPlugin): LoadedPlugin | undefined =>
    each.error.code === 'MLN_PLUGIN_NOT_FOUND' ? mln.plugins.find(({ name }) => name === each.name) : undefined;
  for (const each of broken.filter((one) => !known(one)))
    findings.thrown(kinds[each.error.code] ?? 'import', each.error);
  if (broken.every(known)) {
    findings.ok('import', loaded.length === 1 ? 'it is loaded' : `${loaded.length} plug-ins are loaded`);
    if (manifest.plugins === null) findings.ok('options', optionsText(manifest.options));
  }
  return [...loaded, ...broken.flatMap((each) => known(each) ?? [])];
}

/** What a failure to load is filed under. */
const kinds: Readonly<Record<string, string>> = {
  MLN_PLUGIN_API: 'api',
  MLN_PLUGIN_MANIFEST: 'manifest',
  MLN_PLUGIN_OPTIONS: 'options',
  MLN_PLUGIN_UNTRUSTED: 'owner',
};

/** Options to load it with: those that its schema gives as an example or as the default. */
function usualOptions(schema: unknown): Readonly<Record<string, unknown>> {
  const { examples, default: usual } = Object(schema) as { examples?: unknown[]; default?: unknown };
  return Object(examples?.[0] ?? usual ?? {}) as Record<string, unknown>;
}

function optionsText(schema: unknown): string {
  if (schema === undefined) return 'none are described: whatever a configuration gives is taken';
  const { properties = {} } = Object(schema) as { properties?: object };
  return `checked by its schema: ${Object.keys(properties).join(', ') || 'it takes none'}`;
}

async function tryExamples(
  findings: Findings,
  ground: Ground,
  { path, folder, isFolder }: PluginPlace,
  plugins: readonly LoadedPlugin[],
): Promise<void> {
  const examples = examplesOf(isFolder ? folder : path, isFolder);
  if (examples.length === 0 && isFolder)
    findings.warn('example', 'it brings no project to try it with', { hint: 'example.mln in its folder' });
  for (const file of examples) await checkExample(findings, ground, file, plugins);
}
