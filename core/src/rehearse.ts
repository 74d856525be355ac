import { networkOf, NOT_GIVEN } from './addresses.js';
import { index } from './block-index.js';
import type { Problems } from './errors.js';
import { isName, isTaken } from './names.js';
import type { Host, Interface, Switch } from './project.js';
import { portsOf } from './resolve-switch.js';
import type { ReadingContext } from './scope.js';
import { block, type Block, type Item } from './tree.js';

/*
 * `--rehearse`: the same file as a test bed on one machine. Keywords say themselves what becomes of them (`rehearsal` in
 * the keyword table): flags that choose a platform are set or taken away, what only a data centre has is left out.
 */

const option = '--rehearse';
/** Where interfaces go that are connected to nothing. */
const DEFAULT_SWITCH = 'default';

/** The layers of a block without what a rehearsal leaves out, behind a layer with what it sets. */
export function rehearsedLayers(
  kind: string,
  layers: readonly Block[],
  context: ReadingContext,
  template?: string,
): readonly Block[] {
  const settings = context.keywords.of(kind).flatMap(({ name, rehearsal }): Item[] => {
    const takenAway = rehearsal === 'no' && layers.some((layer) => index(layer).has(name));
    if (rehearsal !== 'yes' && !takenAway) return [];
    return [setting(name, rehearsal, option)];
  });
  if (template !== undefined) settings.push(setting('template', template, '--template'));
  return [block(kind, [], settings), ...layers.map((layer) => withoutLeftOut(kind, layer, context))];
}

function setting(keyword: string, word: string, by: string): Item {
  return { kind: 'statement', keyword, words: [word], place: null, origin: { option: by } };
}

/** Superclasses are shared by many hosts: each is changed once. */
const changed = new WeakMap<Block, Block>();

function withoutLeftOut(kind: string, layer: Block, { keywords, problems }: ReadingContext): Block {
  const known = changed.get(layer);
  if (known) return known;
  const items = layer.items.filter((item) => {
    if (item.kind !== 'statement' && item.kind !== 'block') return true;
    if (keywords.find(kind, item.keyword)?.rehearsal !== null) return true;
    tell(item.keyword, item, problems);
    return false;
  });
  const result = items.length === layer.items.length ? layer : { ...layer, items };
  changed.set(layer, result);
  return result;
}

/** What nobody misses on one machine is left out without a word. */
const expected = new Set(['service_host', 'bridge', 'tap', 'socket']);

function tell(keyword: string, { place }: Item, problems: Problems): void {
  if (expected.has(keyword)) return;
  problems.warning('MLN_REHEARSED', `${keyword} is left out of a rehearsal`, { place: place ?? undefined });
}

/**
 * Connects every interface to a switch of this machine: each bridge becomes a private switch of its name. What is
 * connected to nothing, as a data centre has a bridge for it, joins those whose network its address is in.
 */
export function rehearsedNetworks(
  hosts: readonly Host[],
  switches: readonly Switch[],
): { hosts: readonly Host[]; switches: readonly Switch[] } {
  const names = new Set([...hosts, ...switches].map(({ name }) => name));
  const made = new Map<string, string>();
  const switchFor = (bridge: string): string => {
    const known = made.get(bridge);
    if (known !== undefined) return known;
    const name = freeName(bridge, names);
    names.add(name);
    made.set(bridge, name);
    return name;
  };
  const declared = new Set(switches.map(({ name }) => name));
  const neighbours = new Map<string, Interface>();
  for (const each of hosts.flatMap(({ interfaces }) => interfaces))
    for (const network of isConnected(each) ? networksOf(each) : [])
      if (!neighbours.has(network)) neighbours.set(network, each);
  const connected = (each: Interface): string => {
    if (each.switch !== null) return each.switch;
    if (each.bridge !== null) return switchFor(each.bridge);
    const neighbour = networksOf(each).flatMap((network) => neighbours.get(network) ?? [])[0];
    if (neighbour) return connected(neighbour);
    return declared.has(DEFAULT_SWITCH) ? DEFAULT_SWITCH : switchFor(DEFAULT_SWITCH);
  };
  const rehearsed = hosts.map((host): Host => ({
    ...host,
    interfaces: host.interfaces.map((each) => ({ ...withoutOthers(each), switch: connected(each), bridge: null })),
  }));
  const ports = portsOf(rehearsed);
  const all = [...switches, ...[...made.values()].map(privateSwitch)];
  return { hosts: rehearsed, switches: all.map((each) => ({ ...each, ports: ports.get(each.name) ?? [] })) };
}

function isConnected(each: Interface): boolean {
  return each.switch !== null || each.bridge !== null;
}

/** The networks of an interface's addresses, where these say how long their prefixes are. */
function networksOf({ addresses }: Interface): readonly string[] {
  return addresses.filter(({ prefix, alone }) => prefix !== NOT_GIVEN && !alone).map(networkOf);
}

/** What plug-ins connect an interface to belongs to the real network. */
function withoutOthers(each: Interface): Interface {
  const { keywords, ...rest } = each;
  return keywords ? rest : each;
}

/** A switch’s name for a bridge: a bridge may be called anything, and a switch is also a folder and a word of scripts. */
function freeName(bridge: string, taken: ReadonlySet<string>): string {
  const wanted =
    isName(bridge) && !isTaken(bridge) ? bridge : `bridge-${bridge}`.replace(/[^A-Za-z0-9_-]/g, '-').slice(0, 63);
  let name = wanted;
  for (let count = 1; taken.has(name); count += 1) name = `${wanted.slice(0, 50)}-bridge${count === 1 ? '' : count}`;
  return name;
}

function privateSwitch(name: string): Switch {
  return {
    kind: 'switch',
    name,
    hypervisor: null,
    hub: false,
    bridge: null,
    tap: null,
    socket: null,
    mtu: null,
    serviceHost: null,
    ports: [],
    keywords: {},
    place: null,
  };
}
