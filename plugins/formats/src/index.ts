import { printHook, type Mln } from '@mln/core';
import { printTree } from './print.js';
import { readFormat } from './read.js';

/** Projects in JSON, YAML and XML, and back. */
export default function formats(mln: Mln): void {
  mln.hooks.parse.tap('formats', (text, file) => readFormat(mln, text, file));
  printHook(mln).tap('formats', (tree, format) => printTree(mln, tree, format));
}
