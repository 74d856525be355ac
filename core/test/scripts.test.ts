import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { createScripts, quote } from '../src/scripts.js';
import { fc } from '../../test/support/fast-check.js';

/** What a shell makes of words. */
function throughShell(words: readonly string[]): string[] {
  const script = `for word in ${words.map(quote).join(' ')}; do printf '%s\\0' "$word"; done`;
  const { stdout, status } = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`sh ended with ${status ?? 'a signal'}`);
  return stdout.split('\0').slice(0, -1);
}

test('words that a shell could take for something else come out as they went in', () => {
  const words = [
    '',
    ' ',
    'plain',
    'a b',
    "it's",
    `'"'"'`,
    "'",
    '"',
    '\\',
    '\\\\n',
    '$HOME',
    '${HOME}',
    '$(id)',
    '`id`',
    '~',
    '~root',
    '*',
    '?[a-z]',
    '{a,b}',
    '!!',
    '#',
    ';',
    '&&',
    '|',
    '>x',
    'a=b',
    '-n',
    '--',
    '\n',
    'a\nb\n',
    '\t',
    '\r',
    '\u0001\u007f',
    '\u00a0',
    'ä€😀',
    '%s',
    '\\0',
  ];
  expect(throughShell(words)).toEqual(words);
});

test('any text comes out of a shell as it went in', () => {
  const text = fc.string({ unit: 'binary' }).map((each) => each.replaceAll('\0', ''));
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 50 }), (words) => {
      expect(throughShell(words)).toEqual(words);
    }),
    { numRuns: 40 },
  );
});

test.each(['vmlinux', '/srv/a_b-c.D9:2,x@y%+=', 'eth0'])('%s needs no quotes', (text) => {
  expect(quote(text)).toBe(text);
});

test('a unit’s files are taken in their order', () => {
  const { scripts, files } = createScripts();
  scripts.script('start', '#!/bin/sh\n');
  scripts.file('domain.cfg', 'x');
  expect(files).toEqual([
    { path: 'start', text: '#!/bin/sh\n', executable: true },
    { path: 'domain.cfg', text: 'x', executable: false },
  ]);
});

test.each(['', '.', '..', '../x', 'a/b', '/x', '.hidden', '-x', 'a b', 'a\nb'])('%j is no file name', (name) => {
  expect(() => {
    createScripts().scripts.script(name, '');
  }).toThrow(expect.objectContaining({ code: 'MLN_PLUGIN_FAILED' }));
});

test('two plug-ins cannot write one file', () => {
  const { scripts } = createScripts();
  scripts.script('start', 'one');
  expect(() => {
    scripts.file('start', 'two');
  }).toThrow('two plug-ins write the script start');
});
