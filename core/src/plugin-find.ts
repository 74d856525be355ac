import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import type { PluginEntry } from './configuration.js';
import { failure, type MlnError } from './errors.js';
import { nearest } from './values.js';

/** Where a plug-in is: a file of its own, or a package by its package.json. */
export interface Found {
  readonly kind: 'file' | 'package';
  readonly path: string;
  /** Whether it came with mln itself. */
  readonly standard: boolean;
}

/**
 * Finds a plug-in as a configuration names it: a file or folder relative to the configuration, or a package, which is
 * looked for in node_modules from the configuration's folder upwards, then from mln's own. What a configuration lists
 * that root cannot rely on is looked for in mln's own folders alone.
 */
export function findPlugin(entry: PluginEntry, distribution: string | null): Found {
  const { name, from, doubt } = entry;
  const own = distribution === null ? null : dirname(distribution);
  const ownOnly = doubt !== undefined;
  if (isFile(name)) {
    const found = atPath(resolve(from, name));
    if (found === null) throw noFile(resolve(from, name), entry);
    const standard = entry.standard === true || (own !== null && isInside(found.path, own));
    if (ownOnly && !standard) throw notOfMln(entry);
    return { ...found, standard };
  }
  if (!/^(?:@[\w.~-]+\/)?(?!\.)[\w.~-]+$/.test(name))
    throw failure('MLN_PLUGIN_NOT_FOUND', `${JSON.stringify(name)} is not the name of a package`, {
      hint: 'files begin with ./ or /',
    });
  for (const folder of [ownOnly ? null : from, own]) {
    const path = folder === null ? null : packageFrom(folder, name);
    if (path === null) continue;
    const standard =
      own !== null && (entry.standard === true || isInside(path, own) || isStandard(name, path, own, distribution));
    if (!ownOnly || standard) return { kind: 'package', path, standard };
  }
  throw ownOnly ? notOfMln(entry) : notInstalled(entry, distribution);
}

/** What is meant is more likely a file beside the configuration, or a word that is misspelt, than a package of a stranger. */
function notInstalled({ name, from, listedIn }: PluginEntry, distribution: string | null): MlnError {
  if (name === 'standard')
    return failure('MLN_PLUGIN_OPTIONS', 'standard, the plug-ins that mln comes with, takes no options', {
      hint: 'list the plug-in that is to have options beside it, by its name',
    });
  const near = nearest(name, ['standard', ...standardNames(distribution)]);
  const guess = atPath(resolve(from, name)) ? `./${name}` : near;
  const where = `${from}${listedIn === undefined ? '' : ` (${listedIn} lists it)`}`;
  return failure('MLN_PLUGIN_NOT_FOUND', `the plug-in ${name} is not installed`, {
    hint: guess === undefined ? `npm install ${name}, in ${where}` : `did you mean ${guess}? ${listedIn ?? ''}`.trim(),
  });
}

function isFile(name: string): boolean {
  return name.startsWith('./') || name.startsWith('../') || isAbsolute(name);
}

function atPath(path: string): Pick<Found, 'kind' | 'path'> | null {
  const found = statSync(path, { throwIfNoEntry: false });
  // What is looked at is what is run, wherever links lead by then.
  if (found?.isFile()) return { kind: 'file', path: realpathSync(path) };
  const description = join(path, 'package.json');
  return found?.isDirectory() && isThere(description) ? { kind: 'package', path: realpathSync(description) } : null;
}

/** The package.json of a package, as Node finds packages from a folder. */
function packageFrom(start: string, name: string): string | null {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name, 'package.json');
    if (isThere(path)) return realpathSync(path);
    if (folder === dirname(folder)) return null;
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function isInside(path: string, folder: string): boolean {
  return realpathSync(path).startsWith(`${realpathSync(folder)}${sep}`);
}

/** Whether it is one of the standard plug-ins, which npm may have put beside mln rather than into it. */
function isStandard(name: string, path: string, own: string, distribution: string | null): boolean {
  if (distribution === null || packageFrom(own, name) !== path) return false;
  return standardNames(distribution).includes(name);
}

/** The plug-ins that a distribution lists. */
function standardNames(distribution: string | null): readonly string[] {
  if (distribution === null) return [];
  const { plugins = [] } = JSON.parse(readFileSync(distribution, 'utf8')) as { plugins?: (string | [string])[] };
  return plugins.map((each) => (typeof each === 'string' ? each : each[0]));
}

function noFile(path: string, { listedIn }: PluginEntry): MlnError {
  return failure('MLN_PLUGIN_NOT_FOUND', `there is no plug-in ${path}`, {
    hint: `correct the list of plug-ins in ${listedIn ?? 'the configuration'}`,
  });
}

/** What root is told of a plug-in that is listed by a file which others may have written. */
function notOfMln({ name, listedIn = 'the configuration', doubt = '' }: PluginEntry): MlnError {
  return failure(
    'MLN_PLUGIN_UNTRUSTED',
    `the plug-in ${name} is not run: ${listedIn}, which lists it, ${doubt}; so root takes only what mln itself brings`,
    {
      hint: `if you trust it, name it (--config ${listedIn}) or keep it in /etc/mln; it has to belong to root, and nobody else may write it`,
    },
  );
}
