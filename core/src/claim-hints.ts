import type { Hooks } from './hooks.js';
import type { Keyword, KeywordTable } from './keywords.js';
import { placeHint } from './place-text.js';
import type { Project, Unit } from './project.js';
import type { View } from './view.js';

/** Says what lets two plug-ins claim one host: the lines that name them; or a switch: its hosts. */
export function hintOfTwo(
  unit: Unit,
  view: View,
  project: Project,
  keywords: KeywordTable,
  message: string,
): string | undefined {
  const parts =
    unit.kind === 'host' ? linesOfFlags(view, keywords, message.split(' ')) : hostsOfPlatforms(unit, project);
  return parts.length === 0 ? undefined : parts.join(', ');
}

/** Says what keeps a host from being claimed. */
export function hintOfNone({ kind }: Unit, view: View, keywords: KeywordTable, hooks: Hooks): string {
  const stores = new Set(hooks.disk.taps.map(({ name }) => name));
  const said = flags(kind, keywords).filter(
    ({ name, plugin = '' }) => !stores.has(plugin) && view.has(name) && view.flag(name) === false,
  );
  const load = 'load a hypervisor’s plug-in, such as @mln/plugin-uml';
  return said.length === 0
    ? load
    : `it says ${said.map(({ name }) => `${name} no`).join(' and ')}: leave ${said.length === 1 ? 'it' : 'one'} out`;
}

/** Flags that choose a platform say what a rehearsal makes of them. */
function flags(kind: string, keywords: KeywordTable): readonly Keyword[] {
  return keywords.of(kind).filter((keyword) => keyword.kind === 'flag' && typeof keyword.rehearsal === 'string');
}

function linesOfFlags(view: View, keywords: KeywordTable, plugins: readonly string[]): string[] {
  return flags('host', keywords)
    .filter(({ name, plugin = '' }) => plugins.includes(plugin) && view.has(name) && view.flag(name) === true)
    .map(({ name }) => `${name} is said at ${placeHint({ place: view.placeOf(name) })}`);
}

function hostsOfPlatforms(unit: Unit, { hosts }: Project): string[] {
  const platforms = new Map<string, string>();
  const connected = new Set(unit.kind === 'switch' ? unit.ports.map(([host]) => host) : []);
  for (const { name, hypervisor } of hosts)
    if (hypervisor !== null && connected.has(name) && !platforms.has(hypervisor)) platforms.set(hypervisor, name);
  return [...platforms].map(([hypervisor, name]) => `${name} runs on ${hypervisor}`);
}
