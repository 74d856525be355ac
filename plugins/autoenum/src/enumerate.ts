import {
  block,
  isName,
  nearest,
  quoteWord,
  statement,
  type Block,
  type Place,
  type Statement,
  type Tree,
  type TreeContext,
  type View,
} from '@mln/core';
import { takeAddresses } from './addresses.js';
import { MOST_HOSTS } from './keywords.js';
import { declaredNames, takeNames, type TakenNames } from './names.js';
import { checkScale, readScale, type Scale } from './scale.js';
import { dealServers } from './servers.js';

/** Adds the hosts of all autoenum blocks to a tree. */
export function enumerate(tree: Tree, context: TreeContext): Tree {
  const scale = readScale(context.options['scale']);
  const blocks = inside(tree.items, 'global').flatMap((global) => inside(global.items, 'autoenum'));
  if (blocks.length === 0 && scale.size === 0) return tree;
  const counting: Counting = { tree, context, scale, taken: declaredNames(tree, context), known: new Set(), hosts: 0 };
  const hosts = blocks.flatMap((each) => hostsOf(each, counting));
  // What is wrong with a block is told before what the command line asks of it.
  if (!context.problems.hasErrors) checkScale(scale, counting.known);
  return counting.hosts > MOST_HOSTS ? tree : { ...tree, items: [...tree.items, ...hosts] };
}

interface Counting {
  readonly tree: Tree;
  readonly context: TreeContext;
  readonly scale: Scale;
  readonly taken: TakenNames;
  /** What the command line may call the blocks. */
  readonly known: Set<string>;
  /** How many hosts were counted out. */
  hosts: number;
}

function hostsOf(from: Block, counting: Counting): Block[] {
  const { tree, context, taken } = counting;
  const view = context.view(tree, from);
  const superclass = superclassOf(view, counting);
  const prefix = view.has('hostprefix') ? view.word('hostprefix') : (superclass?.name ?? null);
  const own = view.scope.read(from.words, from.place).words.join(' ');
  const asked = countOf(view, [own, superclass?.name ?? '', prefix ?? ''], counting);
  const count = asked !== null && hasRoom(view, asked, counting) ? asked : null;
  const networkInterface = interfaceOf(view);
  // All of the block is read before any of it is given up.
  const names = prefix === null || count === null ? null : takeNames(view, from, prefix, count, taken, context);
  const inherited = networkInterface === null ? null : superclass?.view.named('network').get(networkInterface);
  const addresses = takeAddresses(view, inherited, superclass && inherited !== null ? count : null);
  const servers = dealServers(view, count, context.problems);
  if (!superclass || networkInterface === null || !names || !addresses || !servers) return [];
  const inherits = placed(statement('superclass', superclass.name), view.placeOf('superclass'));
  return names.map((name, index) => {
    const [address, server] = [addresses[index], servers[index]];
    const items = [
      inherits,
      ...(server ? [placed(statement('service_host', quoteWord(server.name)), server.place)] : []),
      ...(address === undefined
        ? []
        : [block('network', [networkInterface], [statement('address', address)], from.place)]),
    ];
    return block('host', [name], items, from.place);
  });
}

function superclassOf(view: View, { tree, context }: Counting): { readonly name: string; readonly view: View } | null {
  const name = view.word('superclass');
  if (name === null) {
    if (!view.has('superclass')) missing(view, 'superclass NAME', 'what do the hosts inherit?');
    return null;
  }
  const { scope } = context.global(tree);
  const byName = new Map(
    inside(tree.items, 'superclass').map((each) => [scope.read(each.words, each.place).words.join(' '), each]),
  );
  const found = byName.get(name);
  if (found) return { name, view: context.view(tree, found) };
  const guess = nearest(name, byName.keys());
  view.error('MLN_NO_SUPERCLASS', `there is no superclass ${name}`, 'superclass', guess && `did you mean ${guess}?`);
  return null;
}

function interfaceOf(view: View): string | null {
  const name = view.has('interface') ? view.word('interface') : 'eth0';
  if (name === null || (isName(name) && name.length <= 15)) return name;
  view.error('MLN_BAD_NAME', `${JSON.stringify(name)} cannot be the name of an interface`, 'interface');
  return null;
}

/** How many hosts a block counts out: what the command line says of one of its names, or what it says itself. */
function countOf(view: View, names: readonly string[], { scale, known }: Counting): number | null {
  for (const name of names) if (name !== '') known.add(name);
  const declared = view.number('numhosts');
  if (declared === null) {
    if (!view.has('numhosts')) missing(view, 'numhosts N', 'how many hosts are there?');
    return null;
  }
  return names.map((name) => scale.get(name)).find((asked) => asked !== undefined) ?? declared;
}

/** Counts the hosts of all blocks together. */
function hasRoom(view: View, count: number, counting: Counting): boolean {
  counting.hosts += count;
  if (counting.hosts <= MOST_HOSTS) return true;
  view.error('MLN_TOO_LARGE', `all autoenum blocks together count out more than ${MOST_HOSTS} hosts`, 'numhosts');
  return false;
}

function missing(view: View, what: string, question: string): void {
  view.error('MLN_BAD_VALUE', `autoenum needs ${what}: ${question}`, '');
}

function inside(items: Tree['items'], keyword: string): Block[] {
  return items.filter((item): item is Block => item.kind === 'block' && item.keyword === keyword);
}

function placed(item: Statement, place: Place | null | undefined): Statement {
  return { ...item, place: place ?? null };
}
