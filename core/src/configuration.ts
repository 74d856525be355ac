import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { doubtOf, fileSources, type Source } from './configuration-files.js';
import { failure } from './errors.js';
import { defaultFolders, type Folders } from './folders.js';

/** A plug-in as a configuration lists it, with its options and the folder that relative names start at. */
export interface PluginEntry {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly from: string;
  /** The configuration file that lists it. */
  readonly listedIn?: string | undefined;
  /** The distribution's own configuration lists it. */
  readonly standard?: boolean;
  /** Why root runs nothing on the word of that file but what mln itself brings, in words that follow its path. */
  readonly doubt?: string | undefined;
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

/** What one source of configuration says. */
export interface FileValues {
  readonly plugins?: readonly (string | readonly [string, Record<string, unknown>?])[] | undefined;
  readonly template?: string | undefined;
  readonly service_host?: string | undefined;
  readonly stop_wait?: number | undefined;
  readonly projects?: string | undefined;
  readonly templates?: string | undefined;
  readonly files?: string | undefined;
}

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
    ...(await fileSources(flags.config ?? (environment['MLN_CONFIG'] || undefined), distribution, environment)),
  ];
  const origins: Record<string, string> = {};
  const pick = <K extends keyof FileValues>(key: K): { value: NonNullable<FileValues[K]>; source: Source } | null => {
    for (const source of sources) {
      const value = source.values[key];
      if (value === undefined) continue;
      origins[key] = source.origin;
      return { value, source };
    }
    origins[key] = 'default';
    return null;
  };
  const folder = (key: keyof Folders): string => {
    const found = pick(key);
    if (found === null) return usualFolder(key, environment);
    const { origin, strange } = found.source;
    if (strange !== undefined) throw notForRoot(`${origin}, which names the folder of ${key}, ${strange}`, key);
    return resolve(found.source.folder, found.value.replace(/^~(?=\/)/, homedir()));
  };
  const plugins = pick('plugins');
  return {
    plugins: plugins ? entriesOf(plugins.value, plugins.source, sources.at(-1)) : [],
    template: pick('template')?.value ?? 'tiny',
    serviceHost: pick('service_host')?.value ?? null,
    stopWait: pick('stop_wait')?.value ?? 60,
    folders: { projects: folder('projects'), templates: folder('templates'), files: folder('files') },
    origins,
  };
}

/** The folder where nobody names another. The environment of somebody else may lead root to what is theirs. */
function usualFolder(key: keyof Folders, environment: NodeJS.ProcessEnv): string {
  const path = defaultFolders(environment)[key];
  const doubt = environment['XDG_DATA_HOME'] ? doubtOf(path) : undefined;
  if (doubt === undefined) return path;
  throw notForRoot(`the folder of ${key} that XDG_DATA_HOME leads to, ${path}, ${doubt}`, key);
}

function notForRoot(what: string, key: keyof Folders): Error {
  const flag = { projects: 'P', templates: 'T', files: 'F' }[key];
  return failure('MLN_BAD_CONFIGURATION', `${what}: root runs what lies there`, {
    hint: `if you trust it, make it root's alone; or name the folder by -${flag}`,
  });
}

/** The word `standard` stands for the plug-ins that mln comes with, but for those that the list names itself. */
function entriesOf(
  listed: NonNullable<FileValues['plugins']>,
  source: Source,
  distribution: Source | undefined,
): readonly PluginEntry[] {
  const names = new Set(listed.map(nameOf));
  return listed.flatMap((entry) => {
    if (entry !== 'standard' || distribution === undefined) return [entryOf(entry, source)];
    const others = distribution.values.plugins?.filter((each) => !names.has(nameOf(each))) ?? [];
    return others.map((each) => entryOf(each, distribution));
  });
}

function nameOf(entry: NonNullable<FileValues['plugins']>[number]): string {
  return typeof entry === 'string' ? entry : entry[0];
}

function entryOf(
  entry: NonNullable<FileValues['plugins']>[number],
  { origin, folder, standard, doubt }: Source,
): PluginEntry {
  const [name, options = {}] = typeof entry === 'string' ? [entry] : entry;
  return { name, options, from: folder, listedIn: origin, standard: standard === true, doubt };
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
