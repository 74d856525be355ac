import { textOf } from './block-index.js';
import type { Block, Item } from './tree.js';

/* Shell variables that a text sets: where mln has a variable of that name, `$name` is replaced before any shell sees it. */

const name = String.raw`[A-Za-z_]\w*`;
const start = String.raw`(?:^|[;&|({!\x60]|(?<![\w.-])(?:then|do|else|elif|if|while|until|export|local|readonly|declare|typeset)(?=[ \t]))[ \t]*`;
const setting = new RegExp(
  String.raw`${start}(?:(?:for|select|read(?:[ \t]+-\w+)*)[ \t]+(${name})\b|(?:-\w+[ \t]+)*((?:${name}=[^\s;&|()]*[ \t]*)+))`,
  'gm',
);
const assigned = new RegExp(String.raw`(?:^|[ \t])(${name})=`, 'g');

const known = new WeakMap<Block, readonly string[]>();

/** What is told of a shell variable. */
export interface Shadow {
  readonly message: string;
  readonly hint: string;
  /** The statement that sets it; the text itself where it is fenced. */
  readonly line: Item;
}

/** The shell variables that a text sets and that are variables of mln as well. */
export function shadowsIn(block: Block, isVariable: (name: string) => boolean): readonly Shadow[] {
  const names = shellVariables(block).filter(isVariable);
  return names.map((each) => ({
    message: `${block.keyword} sets ${each}, which is a variable of mln too: $${each} is replaced before the text runs`,
    hint: `give it another name, or write \${${each}}`,
    line: lineThatSets(block, each),
  }));
}

function shellVariables(block: Block): readonly string[] {
  const found = known.get(block) ?? [...new Set(variablesOf(textOf(block).text))];
  known.set(block, found);
  return found;
}

function variablesOf(text: string): string[] {
  return [...text.matchAll(setting)].flatMap(([, one, chain = '']) =>
    one === undefined ? [...chain.matchAll(assigned)].map(([, each = '']) => each) : [one],
  );
}

function lineThatSets(block: Block, variable: string): Item {
  const sets = ({ keyword, words }: Pick<Block, 'keyword' | 'words'>): boolean =>
    [keyword, ...words].some(
      (word, index, all) =>
        word.startsWith(`${variable}=`) ||
        (word === variable && /^(?:for|select|read|-\w+)$/.test(all[index - 1] ?? '')),
    );
  for (const item of block.items) {
    if (item.kind === 'statement' && sets(item)) return item;
    const inner = item.kind === 'block' ? lineThatSets(item, variable) : block;
    if (item.kind === 'block' && (inner !== item || sets(item))) return inner;
  }
  return block;
}
