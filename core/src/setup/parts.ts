import type { Folders } from '../folders.js';
import { setupHook, type Mln } from '../kernel.js';
import { readManifest } from '../plugin-manifest.js';
import type { ConfiguredPlugin } from './configuration-text.js';
import type { Choice, Item } from './items.js';
import type { Launcher } from './launcher.js';
import { placesOf, type Caller, type Kind, type Places } from './places.js';
import { head, line, variables } from './units.js';

/** An option of a plug-in as a written configuration shows it: what counts, or (not chosen) an example in a comment. */
export interface ShownOption {
  readonly name: string;
  readonly value: unknown;
  readonly chosen: boolean;
}

/** What the named hook `setup` fills: what a plug-in needs to be made, beside what mln needs itself. */
export interface Setup {
  /** For whom. */
  readonly kind: Kind;
  /** The name of this server, where it is to be a service host. */
  readonly serviceHost: string | null;
  /** Where things are put, without the prefix of a package. */
  readonly places: Places;
  readonly folders: Folders;
  /**
   * Adds things to make: files and links below the places, folders, and users and groups of the system. Paths have no
   * prefix. A file that is `own` belongs to the user as soon as it is there.
   */
  add(...items: readonly Item[]): void;
  /** Adds a unit of systemd, which is enabled. */
  addUnit(name: string, text: string): void;
  /** Lists a plug-in in the configuration, with options; its package explains each of them. */
  configure(plugin: string, ...options: readonly ShownOption[]): void;
  /** Adds something that the user has to know or to do. */
  note(text: string): void;
  /** The comment that stands above what setup writes. */
  readonly head: string;
  /** The line of a unit that sets the PATH. */
  readonly pathLine: string;
  /** Gives mln with arguments as a unit has it: by paths, and quoted. */
  readonly commandLine: (...args: readonly string[]) => string;
}

/** What plug-ins add. */
export interface Parts {
  readonly items: readonly Item[];
  readonly units: readonly { readonly name: string; readonly text: string }[];
  readonly plugins: readonly ConfiguredPlugin[];
  readonly notes: readonly string[];
}

/** Asks the plug-ins what they need to be made. */
export async function gatherParts(mln: Mln, choice: Choice, caller: Caller, launcher: Launcher): Promise<Parts> {
  const [items, notes]: [Item[], string[]] = [[], []];
  const units: { name: string; text: string }[] = [];
  const listed: { name: string; options: readonly ShownOption[] }[] = [];
  await setupHook(mln).promise({
    kind: choice.kind,
    serviceHost: choice.serviceHost,
    places: placesOf(choice.kind, caller),
    folders: choice.folders,
    add: (...more) => void items.push(...more),
    addUnit: (name, text) => void units.push({ name, text }),
    configure: (name, ...options) => void listed.push({ name, options }),
    note: (text) => void notes.push(text),
    head,
    pathLine: variables({ PATH: launcher.path }),
    commandLine: (...args) => line([...launcher.command, ...args]),
  });
  const plugins = await Promise.all(listed.map((each) => explained(mln, each.name, each.options)));
  return { items, units, plugins, notes };
}

/** The options with what the plug-in's package says of them. */
async function explained(mln: Mln, name: string, options: readonly ShownOption[]): Promise<ConfiguredPlugin> {
  const source = mln.plugins.find((each) => each.name === name)?.source ?? '';
  const kind = source.endsWith('package.json') ? 'package' : 'file';
  const { options: schema } = await readManifest({ kind, path: source, standard: false }, name);
  const { properties = {} } = Object(schema) as { properties?: Record<string, { description?: string }> };
  return {
    name,
    options: options.map((option) => ({ ...option, description: properties[option.name]?.description ?? '' })),
  };
}
