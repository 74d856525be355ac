import type { Mln, Tree } from '@mln/core';
import { createPieces, mlnGrammar } from './pieces.js';
import { printJson } from './print-json.js';
import { printXml } from './print-xml.js';
import { printYaml } from './print-yaml.js';
import { toData } from './to-data.js';

/** Prints a tree so that it can be read again; undefined for a format that is not one of these. */
export function printTree(mln: Mln, tree: Tree, format: string): string | undefined {
  const printing = { keywords: mln.keywords, pieces: createPieces(mlnGrammar(mln, 'text')) };
  switch (format) {
    case 'json':
      return printJson(toData(tree.items, printing));
    case 'yaml':
      return printYaml(toData(tree.items, printing));
    case 'xml':
      return printXml(tree.items, printing);
    default:
      return undefined;
  }
}
