import { configurationValues } from '../man/configuration-page.js';
import type { Folders } from '../folders.js';

/** A plug-in that a configuration lists with options, each explained; those that are not chosen are examples. */
export interface ConfiguredPlugin {
  readonly name: string;
  readonly options: readonly {
    readonly name: string;
    readonly value: unknown;
    readonly chosen: boolean;
    readonly description: string;
  }[];
}

/** What a configuration that setup writes is to say. */
export interface Wanted {
  /** What counts where nothing is said. */
  readonly usual: Folders;
  readonly folders: Folders;
  readonly serviceHost: string | null;
  /** Listed behind the standard set. */
  readonly plugins: readonly ConfiguredPlugin[];
}

/** The values that were chosen: those that differ from what counts anyway. Without the list of plug-ins. */
export function chosenValues({
  usual,
  folders,
  serviceHost,
}: Omit<Wanted, 'plugins'>): Readonly<Record<string, string>> {
  const differing = (['projects', 'templates', 'files'] as const).filter((name) => folders[name] !== usual[name]);
  return {
    ...Object.fromEntries(differing.map((name) => [name, folders[name]])),
    ...(serviceHost === null ? {} : { service_host: serviceHost }),
  };
}

/**
 * Writes a configuration in YAML in which every value is explained. What was not chosen is commented out by a # without a
 * blank behind it, and shows what counts without it, or an example.
 */
export function configurationText(wanted: Wanted): string {
  const chosen = chosenValues(wanted);
  const parts = configurationValues().map(({ name, description, usual }) => {
    const comment = fill(`${description} Where it is not given: ${usual}.`);
    if (name === 'plugins' && wanted.plugins.length > 0) return `${comment}\n${pluginLines(wanted.plugins)}\n`;
    const value = chosen[name];
    const line = valueLines(name, value ?? exampleOf(name, usual, wanted));
    return `${comment}\n${value === undefined ? line.replace(/^/gm, '#') : line}\n`;
  });
  return `${introduction}\n${parts.join('\n')}`;
}

/** A value as it stands in a configuration. */
export function valueLines(name: string, value: unknown): string {
  if (!Array.isArray(value)) return `${name}: ${JSON.stringify(value)}`;
  return [`${name}:`, ...value.map((each) => `- ${JSON.stringify(each)}`)].join('\n');
}

/** The list of plug-ins: the standard set, and those that have options of their own. */
export function pluginLines(plugins: readonly ConfiguredPlugin[], comments = true): string {
  const listed = plugins.flatMap(({ name, options }) => [
    `- - ${JSON.stringify(name)}`,
    '  -',
    ...options
      .filter(({ chosen }) => chosen || comments)
      .map(({ name: option, value, chosen, description }, index) => {
        const line = `${chosen ? '' : '#'}${option}: ${JSON.stringify(value)}`;
        const explained = `${index === 0 ? '' : '\n'}${fill(description)}\n${line}`;
        return (comments ? explained : line).replace(/^(?=.)/gm, '    ');
      }),
  ]);
  return ['plugins:', '- "standard"', ...listed].join('\n');
}

const introduction = `# The configuration of mln: mln.config(5), or mln man mln.config. It counts where no folder from the working folder
# upwards has one of its own; mln config --show-origin tells which value comes from where.
# To change a value, take the # away that stands right before it.
`;

/** A value that is right as it stands. */
function exampleOf(name: string, usual: string, { usual: folders }: Wanted): unknown {
  if (name === 'plugins') return ['standard'];
  if (Object.hasOwn(folders, name)) return folders[name as keyof Folders];
  if (name === 'service_host') return 'server1';
  return /^\d+$/.test(usual) ? Number(usual) : usual;
}

/** Comments of at most 120 columns, where they stand within a list too. */
function fill(text: string): string {
  return text.replace(/(.{1,114})(?: |$)/g, '# $1\n').trimEnd();
}
