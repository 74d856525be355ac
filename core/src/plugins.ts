import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { apiVersion } from './api.js';
import type { PluginEntry } from './configuration.js';
import { failure, isMlnError, messageOf } from './errors.js';
import type { LoadedPlugin, Plugin } from './kernel.js';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly api: string;
}

/** Loads the configured plug-ins, in their order. One that cannot be loaded names itself, the reason and the remedy. */
export async function loadPlugins(entries: readonly PluginEntry[]): Promise<readonly LoadedPlugin[]> {
  const loaded = await Promise.all(entries.map((entry) => (isFile(entry.name) ? loadFile(entry) : loadPackage(entry))));
  const names = new Set<string>();
  for (const { name } of loaded) {
    if (names.has(name)) throw failure('MLN_PLUGIN_BROKEN', `the plug-in ${name} is configured twice`);
    names.add(name);
  }
  return loaded;
}

function isFile(name: string): boolean {
  return name.startsWith('./') || name.startsWith('../') || isAbsolute(name);
}

/** An npm package: its package.json is checked before any of its code is run. */
async function loadPackage(entry: PluginEntry): Promise<LoadedPlugin> {
  const require = createRequire(join(entry.from, 'mln.config.yaml'));
  let packageFile: string;
  try {
    packageFile = require.resolve(`${entry.name}/package.json`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw broken(entry.name, error);
    throw failure('MLN_PLUGIN_NOT_FOUND', `the plug-in ${entry.name} is not installed`, {
      cause: error,
      hint: `npm install ${entry.name}`,
    });
  }
  const manifest = readManifest(entry.name, packageFile);
  await checkApi(manifest);
  const module = await importModule(entry.name, () => require.resolve(entry.name));
  return { ...manifest, plugin: pluginOf(module, entry.name), options: entry.options, source: packageFile };
}

/** A file beside the configuration, that also exports its manifest. */
async function loadFile(entry: PluginEntry): Promise<LoadedPlugin> {
  const path = resolve(entry.from, entry.name);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found)
    throw failure('MLN_PLUGIN_NOT_FOUND', `there is no plug-in ${path}`, {
      hint: 'correct the list of plug-ins in the configuration',
    });
  if (process.getuid?.() === 0 && found.uid !== 0)
    throw failure('MLN_PLUGIN_BROKEN', `the plug-in ${path} does not belong to root, and root runs no code of others`, {
      hint: `chown root ${path}`,
    });
  const module = await importModule(entry.name, () => path);
  const manifest = module['manifest'] as Partial<Manifest> | undefined;
  if (!manifest?.name || !manifest.version || !manifest.api)
    throw failure('MLN_PLUGIN_BROKEN', `the plug-in ${entry.name} does not say what it is`, {
      hint: "export const manifest = { name: '…', version: '1.0.0', api: '^1.0.0' }",
    });
  const { name, version, api } = manifest;
  await checkApi({ name, version, api });
  return { name, version, api, plugin: pluginOf(module, name), options: entry.options, source: path };
}

/** What a package says of itself, before any of its code is run. */
function readManifest(name: string, packageFile: string): Manifest {
  try {
    const { version = '', mln } = JSON.parse(readFileSync(packageFile, 'utf8')) as {
      version?: string;
      mln?: { api?: string };
    };
    return { name, version, api: mln?.api ?? '' };
  } catch (error) {
    throw broken(name, error);
  }
}

/** The range is checked by semver; a plug-in for just this version needs no check. */
async function checkApi({ name, api }: Manifest): Promise<void> {
  if (api === `^${apiVersion}`) return;
  const { default: semver } = await import('./semver.js');
  if (api !== '' && semver.satisfies(apiVersion, api)) return;
  throw failure(
    'MLN_PLUGIN_API',
    `the plug-in ${name} is made for plug-in API ${api || '(none given)'}; this is ${apiVersion}`,
    { hint: `install a version of ${name} for API ${apiVersion}` },
  );
}

async function importModule(name: string, find: () => string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(find()).href)) as Record<string, unknown>;
  } catch (error) {
    if (isMlnError(error)) throw error;
    throw broken(name, error);
  }
}

function broken(name: string, cause: unknown): Error {
  return failure('MLN_PLUGIN_BROKEN', `the plug-in ${name} cannot be loaded: ${messageOf(cause)}`, { cause });
}

function pluginOf(module: Record<string, unknown>, name: string): Plugin {
  const found = module['default'];
  if (typeof found === 'function') return found as Plugin;
  throw failure('MLN_PLUGIN_BROKEN', `the plug-in ${name} has no function as its default export`);
}
