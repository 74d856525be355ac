import { block, isName, nearest, statement, type Block, type Tree, type TreeContext, type View } from '@mln/core';
import { takeAddresses } from './addresses.js';
import { MOST_HOSTS } from './keywords.js';
import { checkScale, readScale } from './scale.js';
import { dealServers } from './servers.js';

/** Adds the hosts of all autoenum blocks to a tree. */
export function enumerate(tree: Tree, context: TreeContext): Tree {
  const globals = tree.items.filter((item): item is Block => item.kind === 'block' && item.keyword === 'global');
  const blocks = globals.flatMap((global) =>
    global.items.filter((item): item is Block => item.kind === 'block' && item.keyword === 'autoenum'),
  );
  const scale = readScale(context.options['scale']);
  const known: string[] = [];
  const hosts = blocks.flatMap((each) => hostsOf(each, tree, context, scale, known));
  // What is wrong with a block is told before what the command line asks of it.
  if (!context.problems.hasErrors) checkScale(scale, known);
  return hosts.length === 0 ? tree : { ...tree, items: [...tree.items, ...hosts] };
}

function hostsOf(
  from: Block,
  tree: Tree,
  context: TreeContext,
  scale: ReadonlyMap<string, number>,
  known: string[],
): Block[] {
  const view = context.view(tree, from);
  const superclass = view.word('superclass');
  const parent = superclass === null ? null : findSuperclass(superclass, tree, context, view);
  if (superclass === null && !view.has('superclass'))
    missing(view, 'superclass', 'which superclass do the hosts inherit?');
  const prefix = view.word('hostprefix') ?? superclass ?? '';
  const names = [view.scope.read(from.words, from.place).words.join(' '), superclass ?? '', prefix].filter(
    (name) => name !== '',
  );
  for (const name of names) if (!known.includes(name)) known.push(name);
  const count = countOf(view, names, scale);
  if (superclass === null || !parent || count === null) return [];
  if (!isName(`${prefix}${count}`)) {
    view.error(
      'MLN_BAD_NAME',
      `${prefix}${count} cannot be the name of a host`,
      view.has('hostprefix') ? 'hostprefix' : 'superclass',
    );
    return [];
  }
  const networkInterface = view.word('interface') ?? 'eth0';
  const addresses = takeAddresses(view, context.view(tree, parent), networkInterface, count);
  const servers = dealServers(view, count);
  if (!addresses || !servers) return [];
  return Array.from({ length: count }, (_, index) => {
    const [address, server] = [addresses[index], servers[index]];
    const items = [
      statement('superclass', superclass),
      ...(server === undefined ? [] : [statement('service_host', server)]),
      ...(address === undefined
        ? []
        : [block('network', [networkInterface], [statement('address', address)], from.place)]),
    ];
    return block('host', [`${prefix}${index + 1}`], items, from.place);
  });
}

function findSuperclass(name: string, tree: Tree, context: TreeContext, view: View): Block | null {
  const { scope } = context.global(tree);
  const superclasses = tree.items.filter(
    (item): item is Block => item.kind === 'block' && item.keyword === 'superclass',
  );
  const names = superclasses.map((each) => scope.read(each.words, each.place).words.join(' '));
  const found = superclasses[names.lastIndexOf(name)];
  if (found) return found;
  const guess = nearest(name, names);
  view.error('MLN_NO_SUPERCLASS', `there is no superclass ${name}`, 'superclass', guess && `did you mean ${guess}?`);
  return null;
}

function countOf(view: View, names: readonly string[], scale: ReadonlyMap<string, number>): number | null {
  const declared = view.number('numhosts');
  const asked = names.map((name) => scale.get(name)).find((count) => count !== undefined);
  if (asked !== undefined && asked > MOST_HOSTS) {
    view.error('MLN_BAD_VALUE', `--scale: ${asked} hosts are more than ${MOST_HOSTS}`, 'numhosts');
    return null;
  }
  if (declared === null && !view.has('numhosts')) missing(view, 'numhosts', 'how many hosts are there?');
  return declared === null ? null : (asked ?? declared);
}

function missing(view: View, keyword: string, question: string): void {
  view.error('MLN_BAD_VALUE', `autoenum needs ${keyword}: ${question}`, keyword);
}
