import { dirname, resolve } from 'node:path';
import { addressFault } from './addresses.js';
import type { Place } from './errors.js';
import type { Keyword, KeywordTable } from './keywords.js';
import type { Disk, Host, Interface, Value } from './project.js';
import { resolveInterface } from './resolve-interface.js';
import { MiB } from './values.js';
import type { Row } from './list-rows.js';
import type { View } from './view.js';

/** Keywords that have a field of their own in the model. */
const fields = new Set([
  'superclass',
  'template',
  'memory',
  'size',
  'free_space',
  'swap',
  'filesystem',
  'boot_order',
  'term',
  'service_host',
  'network',
  'mount',
]);

/** Keywords of an interface that have a field of their own. */
const interfaceFields = new Set(['switch', 'bridge', 'address', 'netmask', 'broadcast', 'gateway', 'mac', 'mtu']);

/** Reads a host's values. Who runs it is decided later, by the plug-ins. */
export function resolveHost(name: string, superclasses: readonly string[], view: View, keywords: KeywordTable): Host {
  const defaults = (keyword: string): string => keywords.find('host', keyword)?.default ?? '';
  const others = withKernelPath(readOthers(view, keywords), view);
  checkNameservers(view);
  const memory = view.size('memory', MiB) || Number.parseInt(defaults('memory'), 10) * MiB;
  return {
    kind: 'host',
    name,
    superclasses,
    hypervisor: null,
    template: view.word('template'),
    templateFrom: view.placeOf('template')?.file ?? null,
    memory: Math.ceil(memory / MiB) * MiB,
    disks: resolveDisks(view),
    interfaces: [...view.named('network')].map(([networkInterface, inner]) =>
      withOthers(resolveInterface(networkInterface, inner), inner, keywords),
    ),
    bootOrder: view.number('boot_order') ?? Number(defaults('boot_order')),
    serviceHost: view.word('service_host'),
    term: (view.choice('term', keywords.find('host', 'term')?.choices ?? []) ?? defaults('term')) as Host['term'],
    console: null,
    macPrefix: null,
    ...others,
    place: view.place ?? null,
    ...linesOf(view),
  };
}

/** Where values stand that only a plan can judge. */
function linesOf(view: View): Pick<Host, 'lines'> {
  const [template, filesystem] = ['template', 'filesystem'].map((name) => view.has(name) && view.placeOf(name));
  const sized = ['free_space', 'size'].find((name) => view.has(name));
  const size = sized !== undefined && view.placeOf(sized);
  if (!template && !filesystem && !size) return {};
  return { lines: { ...(template && { template }), ...(size && { size }), ...(filesystem && { filesystem }) } };
}

function checkNameservers(view: View): void {
  for (const word of view.words('nameserver')?.flatMap((each) => each.split(/[\s,]+/)) ?? []) {
    const fault = addressFault(word);
    if (fault !== null) view.error('MLN_BAD_ADDRESS', `nameserver ${word}: ${fault}`, 'nameserver');
  }
}

/** An interface with the values of keywords that only plug-ins know. */
function withOthers(each: Interface, view: View, table: KeywordTable): Interface {
  const { keywords } = readOthers(view, table, 'network', interfaceFields);
  return Object.keys(keywords).length === 0 ? each : { ...each, keywords };
}

/** A kernel that is named by a path is looked for beside the file; a bare name is a program. */
function withKernelPath<T extends Pick<Host, 'keywords'>>(found: T, view: View): T {
  const { kernel } = found.keywords;
  if (typeof kernel !== 'string' || !kernel.includes('/')) return found;
  return { ...found, keywords: Object.assign(found.keywords, { kernel: besideFile(kernel, view.placeOf('kernel')) }) };
}

/** Reads all values that have no field in the model, by the kinds that their keywords are declared with. */
export function readOthers(
  view: View,
  keywords: KeywordTable,
  place = 'host',
  known = fields,
): Pick<Host, 'keywords' | 'lists' | 'text'> {
  const found = { keywords: record<Value>(), lists: record<readonly Row[]>(), text: record<string>() };
  for (const name of view.keywords()) {
    const keyword = keywords.find(place, name);
    if (!keyword || known.has(name)) continue;
    const as = keyword.sameAs ?? name;
    if (as in found.keywords && !counts(view, name, keywords.of(place))) continue;
    if (keyword.kind === 'list') found.lists[as] = view.list(name, keyword.key);
    else if (keyword.kind === 'text') found.text[as] = view.text(name) ?? '';
    else if (keyword.kind !== 'block') {
      const value = readValue(view, keyword);
      if (value !== null) found.keywords[as] = value;
    }
  }
  return found;
}

/** Tells whether this spelling of a keyword is the one that counts: the nearest, and of one block's the last. */
export function counts(view: View, name: string, all: readonly Keyword[]): boolean {
  const as = all.find((each) => each.name === name)?.sameAs ?? name;
  const spellings = all.filter((each) => (each.sameAs ?? each.name) === as);
  const found = spellings.flatMap((each) => {
    const statement = view.statement(each.name);
    return statement ? [{ ...statement, name: each.name }] : [];
  });
  const nearest = Math.min(...found.map(({ layer }) => layer));
  const items = view.layers[nearest]?.items ?? [];
  const [last] = found
    .filter(({ layer }) => layer === nearest)
    .sort((one, other) => items.indexOf(other.item) - items.indexOf(one.item));
  return last?.name === name;
}

function readValue(view: View, keyword: Keyword): Value | null {
  switch (keyword.kind) {
    case 'flag':
      return view.flag(keyword.name);
    case 'number':
      return view.number(keyword.name);
    case 'size':
      return view.size(keyword.name, keyword.bare);
    default:
      return keyword.choices ? view.choice(keyword.name, keyword.choices) : view.word(keyword.name);
  }
}

function resolveDisks(view: View): Disk[] {
  const disk = (role: Disk['role'], path: string, details: Partial<Disk> = {}): Disk => ({
    role,
    path,
    store: 'file',
    existing: false,
    size: null,
    freeSpace: null,
    device: null,
    mount: null,
    ...details,
  });
  const existing = besideFile(view.word('filesystem'), view.placeOf('filesystem'));
  const sizes = { size: view.size('size') || null, freeSpace: view.size('free_space') || null };
  const disks = [
    existing === null ? disk('root', 'root.img', sizes) : disk('root', existing, { existing: true, ...sizes }),
  ];
  const swap = view.size('swap');
  if (swap) disks.push(disk('swap', 'swap.img', { size: swap }));
  for (const { words, place } of view.list('mount', 1)) {
    const [source = '', point = '', type = 'auto', options = 'defaults'] = words;
    disks.push(disk('mount', besideFile(source, place), { existing: true, mount: { point, type, options } }));
  }
  return disks;
}

/** A relative path starts at the file that names it. */
function besideFile<T extends string | null>(path: T, place: Place | null | undefined): T | string {
  return path === null || !place ? path : resolve(dirname(place.file), path);
}

/** A record without a prototype: `__proto__` and `constructor` are names like others. */
function record<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}
