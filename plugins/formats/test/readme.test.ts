import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { print } from '@mln/core';
import { printed, read, root } from './trees.js';

const [, examples = ''] = readFileSync(join(root, 'plugins/formats/README.md'), 'utf8').split('\n## Examples\n');
const blocks = new Map(
  [...examples.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map(([, format = '', text = '']) => [format, text]),
);
const tree = await read(blocks.get('') ?? '', 'shop.mln');

test.each(['json', 'yaml', 'xml'])('the example in %s says what the one in mln does', async (format) => {
  expect(blocks.get(format)).toBe(printed(tree, format));
  const again = await read(blocks.get(format) ?? '', `shop.mln.${format}`);
  expect(print(again.items)).toBe(print(tree.items));
});
