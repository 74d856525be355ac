import type { KeywordTable } from './keywords.js';
import type { Switch } from './project.js';
import { readOthers } from './resolve-host.js';
import type { View } from './view.js';

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
    keywords: readOthers(view, keywords, 'switch').keywords,
    place: view.place ?? null,
  };
}
