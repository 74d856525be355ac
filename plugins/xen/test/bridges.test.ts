import { expect, test } from '@jest/globals';
import { aliasOf, bridgeOf, isBridgeName } from '../src/bridges.js';
import { domainUuid } from '../src/identity.js';

const of = (name: string, project: string, bridge: string | null = null): string =>
  bridgeOf({ name, bridge }, { name: project });

test.each([
  ['lan', 'kafe', 'lan.kafe'],
  ['lan', 'elevenchars', 'lan.elevenchars'],
  ['lan', 'twelve-chars', 'lan-p181qz9i'],
  ['head-office', 'accounting', 'head-o-6y9iqin2'],
  ['head-quarters', 'accounting', 'head-q-30q9lhko'],
])('the bridge of %s in %s is %s', (name, project, expected) => {
  expect(of(name, project)).toBe(expected);
});

test('a bridge that is named is taken', () => {
  expect(of('lan', 'kafe', 'xenbr0')).toBe('xenbr0');
});

test('long names make names that Linux takes, no two alike', () => {
  const names = new Set<string>();
  for (let index = 0; index < 2000; index += 1)
    names.add(of(`${'s'.repeat(1 + (index % 40))}${index}`, 'p'.repeat(20)));
  expect(names.size).toBe(2000);
  expect([...names].filter((name) => !isBridgeName(name))).toEqual([]);
});

test('switches that begin alike have bridges of their own', () => {
  expect(of('head-office-1', 'accounting')).not.toBe(of('head-office-2', 'accounting'));
  expect(of('head-office-1', 'accounting')).not.toBe(of('head-office-1', 'accounting2'));
});

test.each([
  ['br0', true],
  ["br'$(x)", true],
  ['fifteen-letters', true],
  ['sixteen-letters-', false],
  ['ééééééé', true],
  ['éééééééé', false],
  ['a b', false],
  ['a/b', false],
  ['a:b', false],
  ['a,b', false],
  ['br%d', false],
  ['-br', false],
  ['.', false],
  ['..', false],
  ['', false],
  ['a\u0007', false],
])('%j may be a bridge: %s', (name, expected) => {
  expect(isBridgeName(name)).toBe(expected);
});

test('the alias names project and switch, and tells projects of one name apart', () => {
  const alias = (name: string, secret: string | null): string => aliasOf({ name: 'lan' }, { name, secret });
  expect(alias('kafe', 'one')).toMatch(/^mln:kafe:lan:[0-9a-f]{8}$/);
  expect(alias('kafe', 'one')).toBe(alias('kafe', 'one'));
  expect(new Set([alias('kafe', 'one'), alias('kafe', 'two'), alias('shop', 'one')]).size).toBe(3);
});

test('a UUID belongs to one host of one project, and stays', () => {
  const uuid = (host: string, project: string, secret: string | null): string =>
    domainUuid({ name: host }, { name: project, secret });
  const all = [
    uuid('a', 'p', 'x'),
    uuid('b', 'p', 'x'),
    uuid('a', 'q', 'x'),
    uuid('a', 'p', 'y'),
    uuid('a', 'p', null),
  ];
  expect(new Set(all).size).toBe(all.length);
  for (const each of all) expect(each).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuid('a', 'p', 'x')).toBe(all[0]);
});
