import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { claim, dedent, printHook, type Item, type Mln, type Tree } from '@mln/core';
import formats from '@mln/plugin-formats';
import { readTree } from '../../../core/src/read-project.js';
import { testKernel } from '../../../test/support/test-kernel.js';
import { declared, inside, top, type Where } from '../src/where.js';

/** Runs everything, and knows a flag of its own. */
function hypervisor({ hooks }: Mln): void {
  hooks.keywords.tap('fake', (keywords) => {
    keywords.declare({ name: 'xen', in: ['host'], kind: 'flag', help: 'A flag.' });
  });
  hooks.resolveUnit.tap('fake', (unit) => claim(unit, 'fake'));
}

/** A kernel with this plug-in, and somebody who runs hosts. */
export const kernel: Mln = await testKernel([formats, hypervisor]);

/** Reads a text as the file of that name, which need not be there. */
export async function read(text: string, file: string): Promise<Tree> {
  return (await readTree(kernel, join('/nowhere', file), text)).tree;
}

/** Prints a tree in a format. */
export function printed(tree: Tree, format: string): string {
  const text = printHook(kernel).call(tree, format);
  if (text === undefined) throw new Error(`nobody prints ${format}`);
  return text;
}

/** What of items does not depend on their layout and their places. */
export function shape(items: readonly Item[], where: Where = top): unknown[] {
  return items.map((item) => {
    if (item.kind === 'include') return ['include', item.path];
    const words = item.words.map(normal);
    if (item.kind === 'assignment') return [`$${item.name} =`, ...words];
    const head = [normal(item.keyword), ...words];
    if (item.kind === 'statement') return head;
    const kind = declared(kernel.keywords, where, normal(item.keyword))?.kind;
    if (item.fenced || (kind === 'text' && words.length === 0))
      return { head, text: dedent(`\n${dedent(item.raw)}\n`) };
    const within = inside(kernel.keywords, where, head.join(' '));
    const inner = shape(item.items, within);
    return within.block !== null || kind === 'list' ? { head, inner } : { head, inner, raw: solid(item.raw) };
  });
}

/** A word without empty lines that are joined to it; a backslash at the end of a file is one whatever follows. */
function normal(word: string): string {
  const line = word.replace(/(?:\\\r?\n)+$/, '');
  return /(?:^|[^\\])(?:\\\\)*\\$/.test(line) ? `${line}\\` : line;
}

function solid(text: string): string {
  return text.replace(/(\\\\)|\\\r?\n|[\s;]+/g, '$1');
}

/** The folder of this repository. */
export const root = new URL('../../../', import.meta.url).pathname;

/** The projects of examples/ and all texts of the core's own cases. */
export const corpus: readonly string[] = [
  ...readdirSync(join(root, 'examples'))
    .filter((name) => name.endsWith('.mln'))
    .map((name) => readFileSync(join(root, 'examples', name), 'utf8')),
  ...readdirSync(join(root, 'core/test/cases')).map((name) => {
    const [text = ''] = readFileSync(join(root, 'core/test/cases', name), 'utf8').split('\n-----\n');
    return `${text.split('\n').slice(1).join('\n')}\n`;
  }),
].map((text) => text.replace(/#include[^\n]*/g, ''));
