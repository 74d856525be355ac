import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createHooks } from '../core/src/hooks.js';

/*
 * docs/hooks.md has a heading and a table for each hook, in the order of the flow. Its examples are run by
 * guests/hooks-page.test.ts.
 */

interface Described {
  readonly constructor: { readonly name: string };
  readonly _args: readonly string[];
}

const page = readFileSync(join(import.meta.dirname, '../docs/hooks.md'), 'utf8');
const [, ...sections] = page.split(/^## /m);
const hooks = Object.entries(createHooks()) as unknown as (readonly [string, Described])[];
const names = hooks.map(([name]) => name);

test('there is a heading for each hook, in the order of the flow', () => {
  expect(sections.map((section) => section.split('\n')[0])).toEqual([...names, 'A plug-in’s own hooks']);
});

test.each(hooks.map(([name, hook], index) => ({ name, hook, index })))(
  '$name: the table tells its type, arguments and neighbours',
  ({ hook, index }) => {
    const lines = sections[index]?.split('\n') ?? [];
    const [type, when, args, , previous, next] = lines[4]?.split('|').slice(1, -1) ?? [];
    expect(lines[2]).toBe('| type | when | arguments | result | previous | next |');
    expect([type, args, previous, next].map((cell) => cell?.trim())).toEqual([
      hook.constructor.name,
      hook._args.join(', '),
      names[index - 1] ?? '–',
      names[index + 1] ?? '–',
    ]);
    expect(when?.trim()).not.toBe('');
    // A sentence, and an example with what it shows.
    expect(lines[6]).toMatch(/^[A-Z].*/);
    expect(sections[index]).toMatch(/```js\n[^]*```console\n\$ /);
  },
);
