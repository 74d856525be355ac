import type { KeywordTable } from './keywords.js';
import type { Host, Switch } from './project.js';
import { readOthers } from './resolve-host.js';
import type { View } from './view.js';

/** Keywords that have a field of their own in the model. */
const fields = new Set(['hub', 'bridge', 'tap', 'socket', 'mtu', 'service_host']);

/** Reads a switch's values, and which interfaces are connected to it. */
export function resolveSwitch(name: string, view: View, ports: Switch['ports'], keywords: KeywordTable): Switch {
  return {
    kind: 'switch',
    name,
    hypervisor: null,
    hub: view.flag('hub') ?? false,
    bridge: view.word('bridge'),
    tap: view.word('tap'),
    socket: view.word('socket'),
    mtu: view.number('mtu'),
    serviceHost: view.word('service_host'),
    ports,
    keywords: readOthers(view, keywords, 'switch', fields).keywords,
    place: view.place ?? null,
  };
}

/** Which interfaces are connected to each switch. */
export function portsOf(hosts: readonly Host[]): ReadonlyMap<string, Switch['ports']> {
  const ports = new Map<string, [string, string][]>();
  for (const host of hosts)
    for (const each of host.interfaces) {
      if (each.switch === null) continue;
      const known = ports.get(each.switch);
      if (known) known.push([host.name, each.name]);
      else ports.set(each.switch, [[host.name, each.name]]);
    }
  return ports;
}
