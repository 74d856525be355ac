import type { Assignment, Block, Statement } from './tree.js';
import { dedent } from './word.js';

/* Blocks are asked for keywords again and again, by every host that inherits them: each is indexed once. */

type Keyed = Statement | Block;
export type BlockIndex = ReadonlyMap<string, readonly Keyed[]>;
const indexes = new WeakMap<Block, Map<string, Keyed[]>>();

/** The statements and blocks of a block by keyword. */
export function index(block: Block): BlockIndex {
  let found = indexes.get(block);
  if (!found) {
    found = new Map();
    for (const item of block.items)
      if (item.kind === 'statement' || item.kind === 'block') {
        const same = found.get(item.keyword);
        if (same) same.push(item);
        else found.set(item.keyword, [item]);
      }
    indexes.set(block, found);
  }
  return found;
}

/** A block's text without its indentation, and whether it begins with `reset`, which is no part of it. */
export interface BlockText {
  readonly text: string;
  readonly isReset: boolean;
}

const texts = new WeakMap<Block, BlockText>();
const reset = /^(?:[ \t\r]*(?:#[^\n]*)?\n)*[ \t]*reset(?=[ \t\r]*(?:;|\n|$)|[ \t]+#)[ \t\r]*(?:;|#[^\n]*)?/;

/** The text of a block; all hosts that inherit it share the one string. */
export function textOf(block: Block): BlockText {
  let found = texts.get(block);
  if (!found) {
    const [before] = reset.exec(block.raw) ?? [];
    found = { text: dedent(block.raw.slice(before?.length ?? 0)), isReset: before !== undefined };
    texts.set(block, found);
  }
  return found;
}

const assignmentsOf = new WeakMap<Block, Map<string, Assignment>>();

/** The variables that a block sets; of two settings the last counts. */
export function assignments(block: Block): Map<string, Assignment> {
  let found = assignmentsOf.get(block);
  if (!found) {
    found = new Map(block.items.flatMap((item) => (item.kind === 'assignment' ? [[item.name, item]] : [])));
    assignmentsOf.set(block, found);
  }
  return found;
}
