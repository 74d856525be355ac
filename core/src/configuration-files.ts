import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import type { FileValues } from './configuration.js';
import { failure, messageOf } from './errors.js';
import { realPath, strangerReason, whoAsks } from './plugin-trust.js';

/** One source of configuration. */
export interface Source {
  /** Its file, or what else it is. */
  readonly origin: string;
  /** The folder that relative paths start at. */
  readonly folder: string;
  readonly values: FileValues;
  /** It is the distribution's own. */
  readonly standard?: boolean;
  /** Why root runs nothing on its word but what mln itself brings, in words that follow its path. */
  readonly doubt?: string | undefined;
  /** Why root takes no folders from it, in words that follow its path. */
  readonly strange?: string | undefined;
}

/** The names that a configuration file may have, the first that is there counts. Those of code are the last. */
const searchPlaces = ['mln.config.yaml', 'mln.config.yml', 'mln.config.json', 'mln.config.js', 'mln.config.mjs'];

/**
 * The files of configuration, the first counts most: a named one alone; else the nearest one upwards from the working
 * folder, the user's and the system's. The distribution's is always the last.
 */
export async function fileSources(
  named: string | undefined,
  distribution: string,
  environment: NodeJS.ProcessEnv,
): Promise<readonly Source[]> {
  const last = readDistribution(distribution);
  const path = named === undefined ? null : resolve(named);
  if (path === distribution) return [last];
  if (path !== null) return [await readSource(path, doubtOf(path)), last];
  const known = [join(environment['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'mln'), '/etc/mln'].flatMap(
    inFolder,
  );
  const near = nearestUpwards(process.cwd()).filter((each) => each !== distribution && !known.includes(each));
  const found = isRoot() ? 'was found from the working folder' : undefined;
  return [
    ...(await Promise.all([
      ...near.map((each) => readSource(each, found)),
      ...[...new Set(known)].map((each) => readSource(each, doubtOf(each))),
    ])),
    last,
  ];
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** What root cannot rely on, in files and folders that others may have written. */
export function doubtOf(path: string): string | undefined {
  if (!isRoot() || !existsSync(path)) return undefined;
  return strangerReason(path, whoAsks(null)) ?? undefined;
}

function nearestUpwards(start: string): string[] {
  for (let folder = start; ; folder = dirname(folder)) {
    const [found] = inFolder(folder);
    if (found !== undefined) {
      refuseStrangers(found);
      return [found];
    }
    if (folder === dirname(folder)) return [];
  }
}

/** Whether there is a file, and no pipe that nobody writes to; what cannot be looked at is none. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The configuration in a folder, if there is one. */
export function inFolder(folder: string): string[] {
  return searchPlaces
    .map((name) => join(folder, name))
    .filter(isFile)
    .slice(0, 1);
}

/** A configuration names code that will run: one that lies about must be the caller's own, or root's. */
function refuseStrangers(path: string): void {
  // A link is its maker's word that the file is meant here; so is a hard link, whose maker owns the folder.
  const places = [lstatSync(path), statSync(dirname(path)), statSync(path)];
  const isOwn = places.every(({ uid }) => uid === process.getuid?.() || uid === 0);
  if (isOwn && (statSync(path).mode & 0o002) === 0) return;
  throw failure(
    'MLN_BAD_CONFIGURATION',
    `${path} belongs to another user, as a file, as a link or by its folder, or everyone may write it; it is not used`,
    { hint: 'name the configuration to use with --config' },
  );
}

/** The distribution's own is JSON, and is right: most runs of mln need no library to read their configuration. */
function readDistribution(path: string): Source {
  const values = JSON.parse(readFileSync(path, 'utf8')) as FileValues;
  return { origin: path, folder: dirname(path), values, standard: true };
}

/** Reads one file; throws MLN_BAD_CONFIGURATION where it is not right. */
export async function readSource(path: string, doubt?: string, strange = doubtOf(path)): Promise<Source> {
  const config = ['.js', '.mjs'].includes(extname(path)) ? await runCode(path) : await readData(path);
  return { origin: path, folder: dirname(realPath(path)), values: await checked(config, path), doubt, strange };
}

/**
 * Reads YAML or JSON by the loaders of cosmiconfig. Its explorer is not used: whatever it is told, it first looks for
 * settings of its own in the working folder, and runs .config/config.js there; and it follows $import into code.
 */
async function readData(path: string): Promise<unknown> {
  const { defaultLoaders } = await import('cosmiconfig');
  try {
    const text = readFileSync(path, 'utf8');
    const load = defaultLoaders[extname(path) === '.json' ? '.json' : '.yaml'];
    return text.trim() === '' ? {} : (load(path, text) ?? {});
  } catch (error) {
    throw failure('MLN_BAD_CONFIGURATION', `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** A configuration that is code is run for its owner alone, and never for root. */
async function runCode(path: string): Promise<unknown> {
  const refuse = (reason: string, hint: string): Error =>
    failure('MLN_BAD_CONFIGURATION', `${path} ${reason}`, { hint });
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw refuse('cannot be read: there is no such file', 'name the configuration to use with --config');
  if (isRoot())
    throw refuse(
      'is code, and root runs no code to read its configuration',
      `write it as mln.config.yaml, in ${dirname(path)}`,
    );
  const reason = found.uid === process.geteuid?.() ? strangerReason(path, whoAsks(null)) : 'belongs to another user';
  if (reason !== null)
    throw refuse(`is code, and is not run: it ${reason}`, 'copy it, and name your own with --config');
  const { importQuietly } = await import('./quiet-import.js');
  let exported: unknown;
  try {
    exported = (await importQuietly(path))['default'];
  } catch (error) {
    throw failure('MLN_BAD_CONFIGURATION', `${path} failed: ${messageOf(error)}`, {
      cause: error,
      hint: 'MLN_DEBUG=1 shows where it comes from',
    });
  }
  if (typeof exported === 'object' && exported !== null) return exported;
  throw refuse('has no object as its default export', "export default { plugins: ['./plugins/motd.js'] };");
}

async function checked(config: unknown, path: string): Promise<FileValues> {
  const { configurationSchema } = await import('./configuration-schema.js');
  const result = configurationSchema.safeParse(config);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw failure(
    'MLN_BAD_CONFIGURATION',
    `${path}: ${[issue?.path.join('.'), issue?.message].filter(Boolean).join(': ')}`,
    {
      hint: `known are ${Object.keys(configurationSchema.shape).join(', ')}`,
    },
  );
}
