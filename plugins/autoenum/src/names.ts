import { isName, placeHint, type Block, type Tree, type TreeContext, type View } from '@mln/core';

/** Whose name it is: a host or switch of the file, or an autoenum block. */
export type TakenNames = Map<string, Block>;

/** The names of the hosts and switches that the file declares. */
export function declaredNames(tree: Tree, context: TreeContext): TakenNames {
  const { scope } = context.global(tree);
  const names: TakenNames = new Map();
  for (const item of tree.items)
    if (item.kind === 'block' && (item.keyword === 'host' || item.keyword === 'switch'))
      names.set(scope.read(item.words, item.place).words.join(' '), item);
  return names;
}

/** Takes the names of so many hosts for a block: prefix and number. Null where one cannot be, or is taken; it is told. */
export function takeNames(
  view: View,
  block: Block,
  prefix: string,
  count: number,
  taken: TakenNames,
  context: TreeContext,
): readonly string[] | null {
  const names = Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
  const longest = names.at(-1) ?? '';
  if (!isName(longest)) {
    const keyword = view.has('hostprefix') ? 'hostprefix' : 'superclass';
    view.error('MLN_BAD_NAME', `${JSON.stringify(longest)} cannot be the name of a host`, keyword);
    return null;
  }
  const owners = new Set<Block>();
  for (const name of names) {
    const owner = taken.get(name);
    if (!owner) continue;
    if (!owners.has(owner)) tellTaken(name, owner, block, context);
    owners.add(owner);
  }
  if (owners.size > 0) return null;
  for (const name of names) taken.set(name, block);
  return names;
}

function tellTaken(name: string, owner: Block, block: Block, { problems }: TreeContext): void {
  if (owner.keyword === 'autoenum')
    problems.error('MLN_TWICE', `two autoenum blocks count out ${name}`, {
      place: block.place ?? undefined,
      hint: `the other is at ${placeHint(owner)}; give one of them a hostprefix`,
    });
  else
    problems.error('MLN_TWICE', `${name} is the name of a host that autoenum counts out`, {
      place: owner.place ?? undefined,
      hint: `autoenum is at ${placeHint(block)}; give it a hostprefix, or choose another name`,
    });
}
