import { dirname, join } from 'node:path';
import type { Folders } from '../folders.js';
import { configurationText } from './configuration-text.js';
import type { Launcher } from './launcher.js';
import { placesOf, wantsIn, type Caller, type Kind, type Places } from './places.js';
import type { Parts } from './parts.js';
import { bootUnit, temporaryRule } from './units.js';

/** One thing that setup makes. Paths have the prefix. */
export type Item = { readonly what: string; readonly path: string } & (
  | { readonly kind: 'folder'; readonly mode: number }
  /** `own`: it belongs to the user as soon as it is there, and is never written again. */
  | { readonly kind: 'file'; readonly text: string; readonly own?: true }
  | { readonly kind: 'link'; readonly target: string }
  /** Of the system, for programs. The path is its name behind `user` or `group`; it is made on the machine itself alone. */
  | { readonly kind: 'account'; readonly account: 'user' | 'group'; readonly name: string }
);

/** What was chosen: by options, by answers, or when setup was run before. */
export interface Choice {
  readonly kind: Kind;
  readonly serviceHost: string | null;
  readonly boot: boolean;
  readonly folders: Folders;
}

/** What the items are made of. */
export interface Materials {
  /** The completion script of each shell. */
  readonly completion: Readonly<Record<'bash' | 'zsh' | 'fish', string>>;
  /** Manual pages, by their paths in a folder of man(1). */
  readonly manual: ReadonlyMap<string, string>;
  readonly launcher: Launcher;
  /** What units find in their environment, so that they look where the caller does. */
  readonly environment: Readonly<Record<string, string>>;
  /** The name of the configuration: of the one that is there, or of one to be written. */
  readonly configuration: string;
  /** What plug-ins add. */
  readonly parts: Parts;
  /** Where projects, templates and files are where no configuration names others. */
  readonly usual: Folders;
}

/** Everything that setup makes, in the order in which it is made. */
export function plannedItems(choice: Choice, caller: Caller, materials: Materials): readonly Item[] {
  const places = placesOf(choice.kind, caller);
  const items = [
    ...folderItems(choice, places),
    ...configurationItems(choice, places, materials),
    ...completionItems(places, materials),
    ...manualItems(places, materials),
    ...(choice.boot ? bootItems(choice, places, materials) : []),
    ...materials.parts.items,
    ...materials.parts.units.flatMap(({ name, text }) => unitItems(name, text, places)),
  ];
  const { prefix } = caller;
  if (prefix === null) return items;
  return items.flatMap((item) => (item.kind === 'account' ? [] : [{ ...item, path: join(prefix, item.path) }]));
}

/** What guests have in their disks, and what projects say, is for nobody else to read. */
function folderItems({ kind, folders }: Choice, { configuration, data, temporary }: Places): readonly Item[] {
  const open = kind === 'user' ? 0o700 : 0o755;
  const folder = (what: string, path: string, mode: number): Item => ({ kind: 'folder', what, path, mode });
  return [
    folder('configuration', configuration, open),
    folder('data', data, open),
    folder('projects', folders.projects, 0o700),
    folder('templates', folders.templates, 0o700),
    folder('files', folders.files, 0o700),
    ...(temporary === null
      ? []
      : [
          folder('what is gone with the machine', temporary.folder, 0o755),
          file('folders made at boot', join(temporary.rules, 'mln.conf'), temporaryRule(temporary.folder)),
        ]),
  ];
}

function configurationItems(
  { folders, serviceHost }: Choice,
  { configuration }: Places,
  { usual, configuration: name, parts }: Materials,
): readonly Item[] {
  const text = configurationText({ usual, folders, serviceHost, plugins: parts.plugins });
  return [{ ...file('configuration', join(configuration, name), text), own: true }];
}

function completionItems({ bash, zsh, fish }: Places, { completion }: Materials): readonly Item[] {
  return [
    file('completion of bash', join(bash, 'mln'), completion.bash),
    file('completion of zsh', join(zsh, '_mln'), completion.zsh),
    file('completion of fish', join(fish, 'mln.fish'), completion.fish),
  ];
}

function manualItems({ manual }: Places, materials: Materials): readonly Item[] {
  return [...materials.manual].map(([name, text]) => file('manual page', join(manual, name), text));
}

function bootItems({ kind }: Choice, places: Places, { launcher, environment }: Materials): readonly Item[] {
  return unitItems('mln.service', bootUnit(kind, launcher, { target: places.target, environment }), places);
}

function unitItems(name: string, text: string, { units, target }: Places): readonly Item[] {
  const path = join(units, name);
  return [
    file('unit of systemd', path, text),
    // As systemctl enable makes it: systemd.unit(5), WantedBy=.
    { kind: 'link', what: 'unit that is enabled', path: join(wantsIn(units), `${target}.wants`, name), target: path },
  ];
}

function file(what: string, path: string, text: string): Item & { kind: 'file' } {
  return { kind: 'file', what, path, text };
}

/** The folders above a path, the topmost first, without / and without those above the prefix. */
export function foldersAbove(path: string, prefix: string | null): readonly string[] {
  const above: string[] = [];
  for (let each = dirname(path); each !== dirname(each) && each !== prefix; each = dirname(each)) above.unshift(each);
  return above;
}
