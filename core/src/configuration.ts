import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { failure, messageOf } from './errors.js';
import { defaultFolders, type Folders } from './folders.js';

/** A plug-in as a configuration lists it, with its options and the folder that relative names start at. */
export interface PluginEntry {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly from: string;
}

/** What mln is told by flags, the environment and configuration files. */
export interface Configuration {
  readonly plugins: readonly PluginEntry[];
  /** The template of hosts that name none. */
  readonly template: string;
  /** This server's name, where it is a service host. */
  readonly serviceHost: string | null;
  /** Seconds that `mln stop` waits for guests to shut down. */
  readonly stopWait: number;
  readonly folders: Folders;
  /** Where each value comes from, for `mln config --show-origin`. */
  readonly origins: Readonly<Record<string, string>>;
}

/** What the command line says before any verb. */
export interface GlobalFlags {
  readonly config?: string | undefined;
  readonly projects?: string | undefined;
  readonly templates?: string | undefined;
  readonly files?: string | undefined;
  readonly serviceHost?: string | undefined;
}

interface Source {
  readonly origin: string;
  /** The folder that relative paths start at. */
  readonly folder: string;
  readonly values: FileValues;
}

interface FileValues {
  readonly plugins?: readonly (string | readonly [string, Record<string, unknown>?])[] | undefined;
  readonly template?: string | undefined;
  readonly service_host?: string | undefined;
  readonly stop_wait?: number | undefined;
  readonly projects?: string | undefined;
  readonly templates?: string | undefined;
  readonly files?: string | undefined;
}

/** The names that a configuration file may have; there is no code among them. */
const searchPlaces = ['mln.config.yaml', 'mln.config.yml', 'mln.config.json'];

/**
 * Gathers the configuration. For each value the first source that has it counts: flags, MLN_… variables, the nearest
 * configuration file upwards, the user's, the system's, and lastly that of the distribution.
 */
export async function loadConfiguration(
  flags: GlobalFlags,
  distribution: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Configuration> {
  const sources = [
    fromFlags(flags, 'command line'),
    fromFlags(environmentFlags(environment), 'environment'),
    ...(await fileSources(flags.config ?? environment['MLN_CONFIG'], distribution)),
  ];
  const origins: Record<string, string> = {};
  const pick = <K extends keyof FileValues>(key: K): { value: NonNullable<FileValues[K]>; folder: string } | null => {
    for (const { origin, folder, values } of sources) {
      const value = values[key];
      if (value === undefined) continue;
      origins[key] = origin;
      return { value, folder };
    }
    origins[key] = 'default';
    return null;
  };
  const folder = (key: keyof Folders): string => {
    const found = pick(key);
    return found ? resolve(found.folder, found.value.replace(/^~(?=\/)/, homedir())) : defaultFolders(environment)[key];
  };
  const plugins = pick('plugins');
  return {
    plugins: (plugins?.value ?? []).map((entry) => {
      const [name, options = {}] = typeof entry === 'string' ? [entry] : entry;
      return { name, options, from: plugins?.folder ?? '.' };
    }),
    template: pick('template')?.value ?? 'tiny',
    serviceHost: pick('service_host')?.value ?? null,
    stopWait: pick('stop_wait')?.value ?? 60,
    folders: { projects: folder('projects'), templates: folder('templates'), files: folder('files') },
    origins,
  };
}

function fromFlags(flags: GlobalFlags, origin: string): Source {
  return {
    origin,
    folder: process.cwd(),
    values: {
      projects: flags.projects,
      templates: flags.templates,
      files: flags.files,
      service_host: flags.serviceHost,
    },
  };
}

function environmentFlags(environment: NodeJS.ProcessEnv): GlobalFlags {
  return {
    projects: environment['MLN_PROJECTS'] || undefined,
    templates: environment['MLN_TEMPLATES'] || undefined,
    files: environment['MLN_FILES'] || undefined,
    serviceHost: environment['MLN_SERVICE_HOST'] || undefined,
  };
}

/** A named file alone; else the nearest one upwards, the user's and the system's. The distribution's is always the last. */
async function fileSources(named: string | undefined, distribution: string): Promise<Source[]> {
  if (named !== undefined && resolve(named) === distribution) return [readDistribution(distribution)];
  if (named !== undefined) return [await readSource(resolve(named)), readDistribution(distribution)];
  const paths = new Set([
    ...nearestUpwards(process.cwd()),
    ...inFolder(join(environmentHome(), 'mln')),
    ...inFolder('/etc/mln'),
  ]);
  paths.delete(distribution);
  return [...(await Promise.all([...paths].map(readSource))), readDistribution(distribution)];
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

function inFolder(folder: string): string[] {
  return searchPlaces
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .slice(0, 1);
}

/** A configuration names code that will run: one that lies about must be the caller's own, or root's. */
function refuseStrangers(path: string): void {
  const { uid, mode } = statSync(path);
  if ((uid === process.getuid?.() || uid === 0) && (mode & 0o002) === 0) return;
  throw failure('MLN_BAD_CONFIGURATION', `${path} belongs to another user, or everyone may write it; it is not used`, {
    hint: 'name the configuration to use with --config',
  });
}

function environmentHome(): string {
  return process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
}

/** The distribution's own is JSON, and is right: most runs of mln need no library to read their configuration. */
function readDistribution(path: string): Source {
  return { origin: path, folder: dirname(path), values: JSON.parse(readFileSync(path, 'utf8')) as FileValues };
}

async function readSource(path: string): Promise<Source> {
  const { cosmiconfig } = await import('cosmiconfig');
  let config: unknown;
  try {
    // Given all its settings: cosmiconfig's own would look into package.json and run code files.
    const explorer = cosmiconfig('mln', { searchPlaces, stopDir: dirname(path), cache: false });
    config = (await explorer.load(path))?.config ?? {};
  } catch (error) {
    throw failure('MLN_BAD_CONFIGURATION', `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  return { origin: path, folder: dirname(path), values: await checked(config, path) };
}

async function checked(config: unknown, path: string): Promise<FileValues> {
  const { configurationSchema } = await import('./configuration-schema.js');
  const result = configurationSchema.safeParse(config);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw failure('MLN_BAD_CONFIGURATION', `${path}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`, {
    hint: `known are ${Object.keys(configurationSchema.shape).join(', ')}`,
  });
}
