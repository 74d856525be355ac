import { expect, test } from '@jest/globals';
import { diffLines } from '../src/line-diff.js';
import { fc } from '../../test/support/fast-check.js';

/** Lines are words here. */
const cases: readonly [old: string, fresh: string, expected: string][] = [
  ['', '', ''],
  ['a b c', 'a b c', ''],
  ['a', 'a b c', '+b +c'],
  ['a b c', 'c', '-a -b'],
  ['a b c d', 'a b x d', '-c +x'],
  ['a b c a b b a', 'c b a b a c', '-a -b -a +a +c'],
  ['a b', 'b a', '-a +a'],
  ['a a a', 'a a', '-a'],
];

test.each(cases)('%s → %s: %s', (old, fresh, expected) => {
  const found = diffLines(old.split(' '), fresh.split(' ')).map(({ sign, line }) => sign + line);
  expect(found.join(' ')).toBe(expected);
});

test('what is left out of both is the same', () => {
  const texts = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 });
  fc.assert(
    fc.property(texts, texts, (old, fresh) => {
      const changed = diffLines(old, fresh);
      const count = (lines: readonly string[]): Map<string, number> =>
        lines.reduce((all, line) => all.set(line, (all.get(line) ?? 0) + 1), new Map<string, number>());
      const of = (sign: string): string[] => changed.filter((each) => each.sign === sign).map(({ line }) => line);
      const left = (lines: readonly string[], gone: readonly string[]): unknown => {
        const counts = count(lines);
        for (const line of gone) counts.set(line, (counts.get(line) ?? 0) - 1);
        return [...counts].filter(([, number]) => number !== 0).sort();
      };
      expect(left(old, of('-'))).toEqual(left(fresh, of('+')));
    }),
  );
});

test('texts too large to be searched count as changed between their common ends', () => {
  const old = Array.from({ length: 5000 }, (_, index) => `old ${index}`);
  const fresh = Array.from({ length: 5000 }, (_, index) => `new ${index}`);
  const changed = diffLines(['first', ...old, 'last'], ['first', ...fresh, 'last']);
  expect(changed.map(({ line }) => line)).toEqual([...old, ...fresh]);
});
