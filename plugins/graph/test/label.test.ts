import { expect, test } from '@jest/globals';
import { drawProject } from '../src/graph.js';
import { visible } from '../src/label.js';
import { fakeHost, fakeInterface, fakeProject } from '../../../core/test/fake-project.js';

const texts: readonly [text: string, shown: string][] = [
  ['web-1.example', 'web-1.example'],
  ['größe 日本 🐟', 'größe 日本 🐟'],
  ['\u001b[31mred', '␛[31mred'],
  ['a\0b\nc\td', 'a␀b␊c␉d'],
  ['\u007f\u0085\u2028', '␡��'],
  ['\ud83d half', '� half'],
  ['\ufffe\uffff', '��'],
];

test.each(texts)('%j is shown as %j', (text, shown) => {
  expect(visible(text)).toBe(shown);
});

test('interfaces of another format’s project may be called anything', () => {
  const name = '"; \\ \n\u0001]';
  const host = fakeHost('a', { interfaces: [fakeInterface(name, { switch: null })] });
  const { nodes, edges } = drawProject(fakeProject({ hosts: [host] }));
  expect(nodes.map(({ id }) => id)).toEqual(['host:a', 'open:a:%22%3B%20%5C%20%E2%90%8A%E2%90%81%5D']);
  expect(edges.map(({ label, interface: card }) => [label, card])).toEqual([[['"; \\ ␊␁]'], name]]);
});

test('hosts without a service host are at home, where others are elsewhere', () => {
  const here = fakeHost('here');
  const there = fakeHost('there', { serviceHost: 'far' });
  const clusters = (hosts: (typeof here)[], home: string | null): readonly (string | null)[] =>
    drawProject(fakeProject({ hosts, home })).nodes.map(({ cluster }) => cluster);
  expect(clusters([here, there], null)).toEqual([null, 'server:far']);
  expect(clusters([here, there], 'near')).toEqual(['server:near', 'server:far']);
  expect(clusters([here], 'near')).toEqual([null]);
});
