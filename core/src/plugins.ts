import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { apiVersion } from './api.js';
import type { PluginEntry } from './configuration.js';
import { failure, isMlnError, systemFailure, type Place } from './errors.js';
import type { BrokenPlugin } from './guard-taps.js';
import type { LoadedPlugin } from './kernel.js';
import { findPlugin } from './plugin-find.js';
import { placesOf } from './places.js';
import { importPlugin } from './plugin-import.js';
import { readManifest, type Manifest } from './plugin-manifest.js';
import { refuseOutside, refuseStrangers, whoAsks, type Asker } from './plugin-trust.js';

/** What became of the plug-ins of a configuration. */
export interface LoadedPlugins {
  /** In the order of the configuration; a pack is the plug-ins that it lists. */
  readonly loaded: readonly LoadedPlugin[];
  readonly broken: readonly BrokenPlugin[];
}

/**
 * Loads the configured plug-ins. Each is found, asked what it is, trusted or not, and checked for its API and its
 * options before a line of it is run. One that cannot be used names itself, the reason and the remedy; the others are
 * loaded all the same. The distribution is the file that lists the standard plug-ins.
 */
export async function loadPlugins(
  entries: readonly PluginEntry[],
  distribution: string | null = null,
): Promise<LoadedPlugins> {
  const asker = whoAsks(distribution);
  const found = await Promise.all(entries.map((entry) => loadEntry(entry, { distribution, asker, packs: [] })));
  const [loaded, broken]: [LoadedPlugin[], BrokenPlugin[]] = [[], []];
  for (const each of found.flat())
    if ('error' in each) broken.push(each);
    else {
      const first = loaded.find(({ name }) => name === each.name);
      if (first) broken.push(twice(first, each, distribution));
      else loaded.push(each);
    }
  return { loaded, broken };
}

interface Loading {
  readonly distribution: string | null;
  readonly asker: Asker;
  /** The packs that lead to this entry, by their package.json. */
  readonly packs: readonly { readonly name: string; readonly path: string }[];
}

async function loadEntry(entry: PluginEntry, loading: Loading): Promise<readonly (LoadedPlugin | BrokenPlugin)[]> {
  let [name, source] = [entry.name, entry.name];
  try {
    const found = findPlugin(entry, loading.distribution);
    source = found.path;
    if (!found.standard) refuseStrangers(name, found.path, found.kind, loading.asker);
    const manifest = await readManifest(found, name);
    name = manifest.name;
    if (!found.standard && found.kind === 'package' && manifest.module !== null)
      refuseOutside(name, found.path, manifest.module);
    await checkApi(manifest, source);
    // The standard plug-ins are given the right options; a test sees to it.
    if (entry.standard !== true)
      await (await import('./plugin-options.js')).checkOptions(manifest, entry.options, entry.listedIn);
    if (manifest.plugins !== null) return await loadPack(manifest, source, entry, loading);
    const plugin = await importPlugin(manifest, found);
    const { version, api } = manifest;
    const pack = loading.packs.at(-1)?.name;
    return [{ name, version, api, source, listedIn: entry.listedIn, pack, options: entry.options, plugin }];
  } catch (error) {
    return [{ name, source, error: isMlnError(error) ? error : systemFailure(error, `the plug-in ${name}`) }];
  }
}

/** The plug-ins of a pack, found from its folder. */
async function loadPack(
  { name, plugins }: Manifest,
  path: string,
  entry: PluginEntry,
  loading: Loading,
): Promise<readonly (LoadedPlugin | BrokenPlugin)[]> {
  if (loading.packs.some((pack) => pack.path === path))
    throw failure(
      'MLN_PLUGIN_MANIFEST',
      `the pack ${name} lists itself: ${loading.packs.map((pack) => pack.name).join(', ')}`,
    );
  const packs = [...loading.packs, { name, path }];
  const members = (plugins ?? []).map((member): PluginEntry => {
    const [called, options = {}] = typeof member === 'string' ? [member] : member;
    return { ...entry, name: called, options, from: dirname(path) };
  });
  return (await Promise.all(members.map((member) => loadEntry(member, { ...loading, packs })))).flat();
}

/** The range is checked by semver; a plug-in for just this version needs no check. */
async function checkApi({ name, api }: Manifest, source: string): Promise<void> {
  if (api === `^${apiVersion}`) return;
  const { default: semver } = await import('./semver.js');
  if (semver.satisfies(apiVersion, api)) return;
  const isRange = semver.validRange(api) !== null;
  throw failure(
    isRange ? 'MLN_PLUGIN_API' : 'MLN_PLUGIN_MANIFEST',
    isRange
      ? `the plug-in ${name} is made for plug-in API ${api}; this is ${apiVersion}`
      : `the plug-in ${name} says that it is made for plug-in API ${api}, which is no range of versions`,
    {
      place: placeOfApi(source),
      hint: isRange ? `install a version of ${name} for API ${apiVersion}` : `write ^${apiVersion}`,
    },
  );
}

/** Where a plug-in says what it is made for; undefined where that is not found as it is usually written. */
function placeOfApi(file: string): Place | undefined {
  const text = readFileSync(file, 'utf8');
  const offset = text.search(/\bapi["']?\s*:/);
  return offset < 0 ? undefined : placesOf(text, file)(offset);
}

function twice(first: LoadedPlugin, second: LoadedPlugin, distribution: string | null): BrokenPlugin {
  const { name, source } = second;
  const where = first.source === source ? source : `${first.source} and ${source}`;
  // The list of the distribution is nobody's to change.
  const list = [second, first].find(({ listedIn }) => listedIn !== undefined && listedIn !== distribution)?.listedIn;
  return {
    name,
    source,
    error: failure('MLN_PLUGIN_TWICE', `two plug-ins are called ${name}: ${where}`, {
      hint: `take one of them out of the list of plug-ins${list === undefined ? '' : ` in ${list}`}: mln config --show-origin`,
    }),
  };
}
