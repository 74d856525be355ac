import { configurationValues } from '../man/configuration-page.js';
import type { Folders } from '../folders.js';

/** What a configuration that setup writes is to say. */
export interface Wanted {
  /** What counts where nothing is said. */
  readonly usual: Folders;
  readonly folders: Folders;
  readonly serviceHost: string | null;
}

/** The values that were chosen: those that differ from what counts anyway. */
export function chosenValues({ usual, folders, serviceHost }: Wanted): Readonly<Record<string, string>> {
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
    const value = chosen[name];
    const line = valueLines(name, value ?? exampleOf(name, usual, wanted));
    const comment = fill(`${description} Where it is not given: ${usual}.`);
    return `${comment}\n${value === undefined ? line.replace(/^/gm, '#') : line}\n`;
  });
  return `${introduction}\n${parts.join('\n')}`;
}

/** A value as it stands in a configuration. */
export function valueLines(name: string, value: unknown): string {
  if (!Array.isArray(value)) return `${name}: ${JSON.stringify(value)}`;
  return [`${name}:`, ...value.map((each) => `- ${JSON.stringify(each)}`)].join('\n');
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

/** Comments of at most 120 columns. */
function fill(text: string): string {
  return text.replace(/(.{1,118})(?: |$)/g, '# $1\n').trimEnd();
}
