import { expect, test } from '@jest/globals';
import { splitLine } from '../src/cli/complete-words.js';

test.each<[line: string, words: (string | null)[]]>([
  ['', ['']],
  ['mln', ['mln']],
  ['mln ', ['mln', '']],
  ['mln  start\tlab', ['mln', 'start', 'lab']],
  ['mln start "my lab', ['mln', 'start', 'my lab']],
  [`mln start 'my $lab' x`, ['mln', 'start', 'my $lab', 'x']],
  ['mln start my\\ lab', ['mln', 'start', 'my lab']],
  ['mln start "a \\"b\\" \\$c"', ['mln', 'start', 'a "b" $c']],
  ['mln start a"b c"d', ['mln', 'start', 'ab cd']],
  ['mln start "" x', ['mln', 'start', '', 'x']],
  ['mln start \\\nlab', ['mln', 'start', 'lab']],
  // What a shell would make something else of.
  ['mln start $(touch x) ', ['mln', 'start', null, '']],
  ['mln start `touch x` a', ['mln', 'start', null, 'a']],
  ['mln start $(echo "a)" `b) `) c', ['mln', 'start', null, 'c']],
  ['mln start ${x:=y} ', ['mln', 'start', null, '']],
  ['mln start <(touch x) ', ['mln', 'start', null, '']],
  ['mln start (touch x) ', ['mln', 'start', null, '']],
  ['mln start "a$(touch "x y")b" c', ['mln', 'start', null, 'c']],
  [`mln start $'a\\'b' c`, ['mln', 'start', null, 'c']],
  ['mln start $x la', ['mln', 'start', null, 'la']],
  ['mln -p "$(touch x', ['mln', '-p', null]],
  ['mln -p $(touch x', ['mln', '-p', null]],
  ['mln build -f *.mln', ['mln', 'build', '-f', null]],
  ['mln build -f {a,b}', ['mln', 'build', '-f', null]],
  ['mln -P ~root/x', ['mln', '-P', null]],
  // What is redirected is no argument.
  ['mln list >out -', ['mln', 'list', '-']],
  ['mln list 2> out -', ['mln', 'list', '-']],
  ['mln list > ou', ['mln', 'list', null]],
  ['cd x && mln st', ['mln', 'st']],
])('%j is split', (line, words) => {
  expect(splitLine(line).map(({ text }) => text)).toEqual(words);
});

test('a ~ before a slash stands for the home folder, unless it is quoted', () => {
  const homes = (line: string): boolean[] => splitLine(line).map(({ home }) => home);
  expect(homes('~/a "~/b" \\~/c x~/d --f=~/e')).toEqual([true, false, false, false, false]);
});
