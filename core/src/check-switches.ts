import type { Host, Interface, Project } from './project.js';
import { nearest } from './values.js';
import type { View } from './view.js';

/** The views of hosts and switches, by name: they know where values stand. */
export type Views = ReadonlyMap<string, View>;

/** What an interface of a host was read from. */
export function interfaceView(host: Host, each: Interface, views: Views): View | undefined {
  return views.get(host.name)?.named('network').get(each.name);
}

/** Checks that every switch that an interface names is declared; one that is not is told of once. */
export function checkSwitches(project: Project, views: Views): void {
  const names = new Set(project.switches.map((known) => known.name));
  const missing = new Map<string, { view: View | undefined; more: number }>();
  for (const host of project.hosts)
    for (const each of host.interfaces) {
      if (each.switch === null || names.has(each.switch)) continue;
      const known = missing.get(each.switch);
      if (known) known.more += 1;
      else missing.set(each.switch, { view: interfaceView(host, each, views), more: 0 });
    }
  for (const [name, { view, more }] of missing)
    if (name === '') view?.error('MLN_NO_SWITCH', 'switch takes a name', 'switch');
    else view?.error('MLN_NO_SWITCH', `no switch named ${name}`, 'switch', hintOf(name, names) + alsoOf(more));
}

function hintOf(name: string, names: ReadonlySet<string>): string {
  const guess = nearest(name, names);
  if (guess !== undefined) return `did you mean ${guess}?`;
  return names.size > 0 ? `known switches are ${someOf(names)}` : `add switch ${name} { }`;
}

function alsoOf(more: number): string {
  return more === 0 ? '' : `; ${more} more ${more === 1 ? 'interface names' : 'interfaces name'} it`;
}

/** The first few names, for a hint. */
function someOf(names: ReadonlySet<string>): string {
  const shown = [...names].slice(0, 10);
  return names.size > shown.length ? `${shown.join(', ')} and ${names.size - shown.length} more` : shown.join(', ');
}
