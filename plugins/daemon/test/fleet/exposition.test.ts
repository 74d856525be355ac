import { expect, test } from '@jest/globals';
import { expose } from '../../src/fleet/exposition.js';
import { readExposition } from './read-exposition.js';

test('whatever stands in a label is read back as it was', () => {
  const value = 'a "quoted" \\ back\nslash}, b="c"';
  const text = expose([
    {
      name: 'x_total',
      type: 'counter',
      help: 'One\\two\nthree.',
      samples: [{ labels: { a: value, b: '' }, value: 1.5 }],
    },
    { name: 'y', type: 'gauge', help: 'Y.', samples: [{ value: NaN }, { labels: { c: 'd' }, value: -Infinity }] },
    { name: 'none', type: 'gauge', help: 'Nobody has one.', samples: [] },
  ]);
  expect(readExposition(text)).toEqual([
    {
      name: 'x_total',
      type: 'counter',
      help: 'One\\two\nthree.',
      samples: [{ labels: { a: value, b: '' }, value: 1.5 }],
    },
    {
      name: 'y',
      type: 'gauge',
      help: 'Y.',
      samples: [
        { labels: {}, value: NaN },
        { labels: { c: 'd' }, value: -Infinity },
      ],
    },
  ]);
});

test.each([
  ['a metric without a type', 'x 1\n'],
  ['a value that is none', '# HELP x X.\n# TYPE x gauge\nx one\n'],
  ['a label that is not closed', '# HELP x X.\n# TYPE x gauge\nx{a="b} 1\n'],
  ['the same series twice', '# HELP x X.\n# TYPE x gauge\nx{a="b"} 1\nx{a="b"} 2\n'],
  ['a last line that is cut off', '# HELP x X.\n# TYPE x gauge\nx 1'],
])('the reader of these tests refuses %s', (_what, text) => {
  expect(() => readExposition(text)).toThrow();
});
