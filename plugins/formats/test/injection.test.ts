import { expect, test } from '@jest/globals';
import { isMlnError, type Item } from '@mln/core';
import { read } from './trees.js';
import { fc } from '../../../test/support/fast-check.js';

/* Whatever stands in a key or value, it is refused, or stays what it is: one item in its own block. */

const nasty = fc
  .array(
    fc.constantFrom(
      ...[
        '{',
        '}',
        ' {',
        ' }',
        ' { ',
        '\n',
        ';',
        ' ',
        '\t',
        '#',
        ' #',
        '"',
        "'",
        '\\',
        '\\\n',
        '$x',
        '=',
        '\r',
        '\r\n',
      ],
      ...['<<E', ' <<E', '\nE\n', '<<', '${', '$(', 'host b { xen }', '#include x', '\u00a0', '\u2028', 'a', 'memory'],
      ...['users', 'startup', 'network eth0', ']]>', '&', '<', '-->', '- ', ': ', 'END', '\nEND\n'],
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

interface Attack {
  readonly key: string;
  readonly value: string;
}
const attack = fc.record({
  key: fc.oneof(nasty, fc.constantFrom('memory', 'startup', 'foo', 'foo bar', '$x')),
  value: nasty,
});

const json = ({ key, value }: Attack): string =>
  JSON.stringify({ 'host first': { [key]: value, last: '1' }, 'switch last': { [key]: {} }, last: { [key]: [value] } });

const formats: Record<string, (attack: Attack) => string> = {
  json,
  // JSON is YAML.
  yaml: json,
  xml: ({ key, value }) => {
    const [name, text] = [escape(key), escape(value)];
    return (
      `<project><host name="first"><foo name="${name}">${text}</foo><last>1</last></host>` +
      `<switch name="last"><item name="${name}"/></switch><last><item>${text}</item></last></project>`
    );
  },
};

const escape = (text: string): string => text.replace(/[&<>"\s]/g, (sign) => `&#${sign.charCodeAt(0)};`);

test.each(Object.keys(formats))('nothing gets out of its place in %s', async (format) => {
  await fc.assert(
    fc.asyncProperty(attack, async (each) => {
      const text = formats[format]?.(each) ?? '';
      let items: readonly Item[];
      try {
        ({ items } = await read(text, `x.${format}`));
      } catch (error) {
        if (!isMlnError(error)) throw error;
        return;
      }
      expect(items.map(head)).toEqual(['host first', 'switch last', 'last']);
      expect(items.map(inner)).toEqual([2, 1, 1]);
      const [first] = items;
      expect(first?.kind === 'block' && first.items.map(head).at(-1)).toBe('last 1');
    }),
    { numRuns: Number(process.env['RUNS'] ?? 300) },
  );
});

function head(item: Item): string {
  return item.kind === 'statement' || item.kind === 'block' ? [item.keyword, ...item.words].join(' ') : item.kind;
}

function inner(item: Item): number {
  return item.kind === 'block' ? item.items.length : -1;
}
