import { expect, test } from '@jest/globals';
import { MiB } from '@mln/core';
import { givenUp, readInfo } from '../src/xl-info.js';
import { readDomains } from '../src/xl-list.js';
import { readPercents } from '../src/xl-top.js';
import { captured, fakeXen } from './xl-fake.js';

const www = '6a0e0b5c-0000-4000-8000-00000000000';

test('a real list is read', () => {
  const usual = { paused: false, dying: false, reason: null };
  expect(readDomains(captured('list-v'))).toEqual([
    { ...usual, name: 'Domain-0', id: 0, uuid: '00000000-0000-0000-0000-000000000000', memory: 768 * MiB, cpu: 31.3 },
    { ...usual, name: 'www1.kafe', id: 1, uuid: `${www}1`, memory: 96 * MiB, cpu: 6.1 },
    { ...usual, name: 'www2.kafe', id: 2, uuid: `${www}2`, memory: 96 * MiB, cpu: 0.9 },
  ]);
});

test('the fake hypervisor prints what a real one has printed', async () => {
  const xen = fakeXen();
  xen.add({ name: 'www1.kafe', uuid: `${www}1`, seconds: 6.1 });
  xen.add({ name: 'www2.kafe', uuid: `${www}2`, seconds: 0.9, state: 'r' });
  expect((await xen.shell('xl', ['list', '-v'])).stdout).toBe(captured('list-v'));
  xen.free = 556;
  xen.commandLine = /^xen_commandline +: (.*) $/m.exec(captured('info'))?.[1] ?? '';
  expect((await xen.shell('xl', ['info'])).stdout).toBe(captured('info'));
});

const states: readonly [state: string, reason: string, expected: object][] = [
  ['r-----', '-', { paused: false, dying: false, reason: null }],
  ['------', '-', { paused: false, dying: false, reason: null }],
  ['-bp---', '-', { paused: true, dying: false, reason: null }],
  ['---s--', '0', { paused: false, dying: false, reason: 0 }],
  ['---sr-', '1', { paused: false, dying: false, reason: 1 }],
  ['--pss-', '2', { paused: true, dying: false, reason: 2 }],
  ['---sc-', '3', { paused: false, dying: false, reason: 3 }],
  ['---s?-', 'ffffffff', { reason: 0xff_ff_ff_ff }],
  ['--ps--', '0', { paused: true, dying: false, reason: 0 }],
  ['--ps-d', '0', { dying: true, reason: 0 }],
  ['-----d', '-', { dying: true, reason: null }],
];

test.each(states)('the state %s, for the reason %s', (state, reason, expected) => {
  const line = `a.p${' '.repeat(37)}     7    96     1     ${state}       6.1 ${www}1 ${reason.padStart(8)}                -`;
  expect(readDomains(`Name\n${line}\n`)).toEqual([expect.objectContaining({ name: 'a.p', id: 7, ...expected })]);
});

test.each([
  ['a name with blanks 1 2 3', 'a name with blanks 1 2 3'],
  [
    'a-name-that-is-longer-than-the-forty-columns-it-has.kafe',
    'a-name-that-is-longer-than-the-forty-columns-it-has.kafe',
  ],
  ['(null)', '(null)'],
])('a domain called %s', async (name, expected) => {
  const xen = fakeXen();
  xen.add({ name, uuid: `${www}1`, percent: 7.5 });
  expect(readDomains((await xen.shell('xl', ['list', '-v'])).stdout).map((domain) => domain.name)).toEqual([
    'Domain-0',
    expected,
  ]);
  expect(readPercents((await xen.shell('xentop', ['-b'])).stdout).get(expected)).toBe(7.5);
});

test.each(['', 'Name ID\n', 'xl: something else\n'])('a list that says nothing: %j', (text) => {
  expect(readDomains(text)).toEqual([]);
});

test('of real samples the second tells the percent', () => {
  expect([...readPercents(captured('xentop'))]).toEqual([
    ['Domain-0', 9.6],
    ['www1.kafe', 0.5],
    ['www2.kafe', 99.7],
  ]);
});

test('what a real machine tells of itself', () => {
  expect(readInfo(captured('info'))).toEqual({
    version: '4.17.7',
    free: 556 * MiB,
    total: 1535 * MiB,
    processors: 2,
    commandLine: expect.stringMatching(/^dom0_mem=768M,max:768M dom0_max_vcpus=1 .*guest_loglvl=warning$/),
  });
});

/** What Domain-0, which has 768 MiB, gives up; in MiB. */
const balloons: readonly [commandLine: string, configuration: string, expected: number][] = [
  ['', '', 640],
  ['console=com1', '# autoballoon="off"\n', 640],
  ['dom0_mem=768M', '', 0],
  ['a dom0_mem=768M,max:768M b', '', 0],
  ['dom0_mem=max:1G', '', 0],
  ['dom0_mem=min:-512M,25%', '', 0],
  ['xdom0_mem=768M', '', 640],
  ['dom0_mem=some', '', 640],
  ['dom0_mem=768M', 'autoballoon="auto"\n', 0],
  ['dom0_mem=768M', 'autoballoon="on"\n', 640],
  ['dom0_mem=768M', 'autoballoon=1\n', 640],
  ['', 'autoballoon="off"\n', 0],
  ['', "  autoballoon = 'off'\n", 0],
  ['', 'autoballoon=0\n', 0],
  ['', 'autoballoon="on"\nautoballoon="off"\n', 0],
];

test.each(balloons)('Xen booted with %j, xl.conf %j', (commandLine, configuration, expected) => {
  expect(givenUp(768 * MiB, commandLine, configuration)).toBe(expected * MiB);
});

test('a small Domain-0 gives up nothing', () => {
  expect(givenUp(100 * MiB, '', '')).toBe(0);
});
