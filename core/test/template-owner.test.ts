import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { expect, test } from '@jest/globals';
import { makerTag, splitMaker } from '../src/template-owner.js';

/* The names of what is unfinished in the repository. */

const dead = (machine: string): string => `.new.999999999-1-00000000-00000000-${machine}`;

test('what this process makes has a maker who lives', () => {
  expect(splitMaker(`.new${makerTag()}`)).toEqual({ what: '.new', pid: process.pid, lives: true });
  expect(splitMaker('t')).toBe(null);
});

test('a machine that is given another name is still the same', () => {
  const machine = /-[0-9a-f]{8}-[0-9a-f]{8}-(.+)$/.exec(makerTag())?.[1] ?? '';
  const id = existsSync('/etc/machine-id') ? readFileSync('/etc/machine-id', 'utf8').trim() : '';
  if (/^[0-9a-f]{32}$/.test(id)) expect(machine).toMatch(/^[0-9a-f]{32}$/);
  else expect(machine).toBe(hostname());
  expect(machine).not.toBe(id);
  expect(splitMaker(dead(machine))?.lives).toBe(false);
});

test.each([
  ['the name of this machine, as older names end with it', hostname(), false],
  ['another machine, of which nobody knows', 'else-where', true],
])('a name that ends with %s', (_, machine, lives) => {
  expect(splitMaker(dead(machine))).toEqual({ what: '.new', pid: 999999999, lives });
});
