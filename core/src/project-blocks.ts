import type { Problems } from './errors.js';
import { isName, isProjectName, isTaken, namePattern } from './names.js';
import { placeHint } from './place-text.js';
import type { Scope } from './scope.js';
import type { Block, Statement, Tree } from './tree.js';

/** The blocks at the top of a project, by their kinds. */
export interface ProjectBlocks {
  readonly global: readonly Block[];
  readonly host: readonly Block[];
  readonly switch: readonly Block[];
  readonly superclass: readonly Block[];
}

export interface NamedBlock {
  readonly name: string;
  readonly block: Block;
}

/** Sorts the blocks of a project. Of several global blocks the last comes first: it counts where they differ. */
export function projectBlocks(tree: Tree): ProjectBlocks {
  const blocks: Record<keyof ProjectBlocks, Block[]> = { global: [], host: [], switch: [], superclass: [] };
  for (const item of tree.items)
    if (item.kind === 'block' && Object.hasOwn(blocks, item.keyword))
      blocks[item.keyword as keyof ProjectBlocks].push(item);
  return { ...blocks, global: blocks.global.reverse() };
}

/** Reads the name of a project; empty where it has none, which is told. */
export function projectName(file: string, blocks: readonly Block[], scope: Scope, problems: Problems): string {
  const statements = blocks
    .toReversed()
    .flatMap((block) =>
      block.items.filter((item): item is Statement => item.kind === 'statement' && item.keyword === 'project'),
    );
  const [first, second] = statements;
  const place = first?.place ?? undefined;
  if (!first || first.words.length === 0) {
    problems.error('MLN_NO_PROJECT_NAME', 'the project has no name', {
      place: place ?? blocks[0]?.place ?? { file, line: 1, column: 1 },
      hint: 'write global { project NAME }',
    });
    return '';
  }
  if (second)
    problems.error('MLN_TWICE', 'the project is named twice', {
      place: second.place ?? undefined,
      hint: `the other name is at ${placeHint(first)}`,
    });
  const { words, whole } = scope.read(first.words, first.place);
  const name = words.join(' ');
  if (whole && !isProjectName(name))
    problems.error('MLN_BAD_NAME', `${JSON.stringify(name)} cannot be a project’s name`, {
      place,
      hint: `${namePattern}; a project’s has no dot`,
    });
  return whole ? name : '';
}

/** Reads the names of blocks; what has none, or one that cannot be, is left out and told. */
export function namedBlocks(blocks: readonly Block[], scope: Scope, problems: Problems): NamedBlock[] {
  return blocks.flatMap((block) => {
    const name = nameOf(block, scope, problems);
    return name === null ? [] : [{ name, block }];
  });
}

/** Tells of names that are given twice. */
export function checkNames(named: readonly NamedBlock[], problems: Problems): void {
  const seen = new Map<string, Block>();
  for (const { block, name } of named) {
    const other = seen.get(name);
    if (other)
      problems.error('MLN_TWICE', `${name} is the name of a ${other.keyword} already`, {
        place: block.place ?? undefined,
        hint: `the other is at ${placeHint(other)}`,
      });
    else seen.set(name, block);
  }
}

function nameOf(block: Block, scope: Scope, problems: Problems): string | null {
  const { keyword } = block;
  const bad = (message: string, hint: string): null => {
    problems.error('MLN_BAD_NAME', message, { place: block.place ?? undefined, hint });
    return null;
  };
  if (block.words.length === 0) return bad(`this ${keyword} has no name`, `write ${keyword} NAME { … }`);
  const { words, whole } = scope.read(block.words, block.place);
  if (!whole) return null;
  const name = words.join(' ');
  if (!isName(name)) return bad(`${JSON.stringify(name)} cannot be the name of a ${keyword}`, namePattern);
  // Superclasses have no folder.
  return keyword !== 'superclass' && isTaken(name)
    ? bad(`${name} is the name of a file in the project’s folder`, 'choose another')
    : name;
}
