import { dirname, resolve } from 'node:path';
import type { Place, Problems } from './errors.js';
import type { Keyword, KeywordTable } from './keywords.js';
import type { Disk, Host, Value } from './project.js';
import { resolveInterface } from './resolve-interface.js';
import { MiB } from './values.js';
import type { Row, View } from './view.js';

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

/** Reads a host's values. Who runs it is decided later, by the plug-ins. */
export function resolveHost(
  name: string,
  superclasses: readonly string[],
  view: View,
  keywords: KeywordTable,
  problems: Problems,
): Host {
  const defaults = (keyword: string): string => keywords.find('host', keyword)?.default ?? '';
  const others = withKernelPath(readOthers(view, keywords), view);
  const memory = view.size('memory', MiB) || Number.parseInt(defaults('memory'), 10) * MiB;
  return {
    kind: 'host',
    name,
    superclasses,
    hypervisor: null,
    template: view.word('template'),
    templateFrom: view.placeOf('template')?.file ?? null,
    memory: Math.ceil(memory / MiB) * MiB,
    disks: resolveDisks(view, problems),
    interfaces: [...view.named('network')].map(([networkInterface, inner]) =>
      resolveInterface(networkInterface, inner),
    ),
    bootOrder: view.number('boot_order') ?? Number(defaults('boot_order')),
    serviceHost: view.word('service_host'),
    term: (view.choice('term', keywords.find('host', 'term')?.choices ?? []) ?? defaults('term')) as Host['term'],
    console: null,
    macPrefix: null,
    ...others,
    place: view.place ?? null,
  };
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
function counts(view: View, name: string, all: readonly Keyword[]): boolean {
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

function resolveDisks(view: View, problems: Problems): Disk[] {
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
    const [source, point, type = 'auto', options = 'defaults'] = words;
    if (source === undefined || point?.startsWith('/') !== true)
      problems.error('MLN_BAD_VALUE', 'mount takes a source, a mount point that begins with /, a type and options', {
        place: place ?? undefined,
      });
    else disks.push(disk('mount', besideFile(source, place), { existing: true, mount: { point, type, options } }));
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
