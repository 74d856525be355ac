import { expect, test } from '@jest/globals';
import { MiB, unitsOf, type Status } from '@mln/core';
import { scratchFolder } from '../../../core/test/scratch.js';
import { roleOf } from '../src/monitor-machine.js';
import { monitor } from '../src/monitor.js';
import { body, domainOf, down, statuses, statusOf } from './monitor-lab.js';
import { aliasOf } from '../src/bridges.js';
import { openFake, type FakeLab } from './xl-fake.js';

test('what was never started is down, and one xl has told it of all', async () => {
  const lab = await openFake(scratchFolder(), body);
  expect([...(await statuses(lab))]).toEqual([
    ['lan', down],
    ['a', down],
    ['b', down],
  ]);
  expect(lab.xen.calls).toEqual(['xl list -v']);
});

test('a domain that runs is up, and its figures are told', async () => {
  const lab = await openFake(scratchFolder(), body);
  domainOf(lab);
  expect(await statusOf(lab, 'a')).toEqual({ ...down, state: 'up', id: 1, memory: 96 * MiB, cpu: 6.1 });
  lab.write('a/console.log', 'booting\n');
  expect(await statusOf(lab, 'a')).toMatchObject({ ready: false, detail: null });
  lab.write('a/console.log', 'booting\nmln: a.kafe is ready\n');
  expect(await statusOf(lab, 'a')).toMatchObject({ ready: true, detail: null });
  lab.write('a/console.log', 'booting\nmln: a.kafe is ready (startup ended with 3)\n');
  expect(await statusOf(lab, 'a')).toMatchObject({ ready: true, detail: 'startup ended with 3' });
  expect(await statusOf(lab, 'b')).toEqual(down);
  expect(new Set(lab.xen.calls)).toEqual(new Set(['xl list -v']));
});

test('usage is looked at where it is asked for, once for one look at all projects', async () => {
  const lab = await openFake(scratchFolder(), body);
  const look = { usage: true };
  domainOf(lab, { percent: 99.7 });
  expect(await statusOf(lab, 'a', look)).toMatchObject({ cpuPercent: 99.7, memory: 96 * MiB });
  expect(await statusOf(lab, 'a', look)).toMatchObject({ cpuPercent: 99.7 });
  expect(lab.xen.calls).toEqual(['xl list -v', 'xentop -b -f -i 2 -d 1']);
  expect(await statusOf(lab, 'b', { usage: true })).toEqual(down);
  expect(await statusOf(lab, 'a', { usage: false })).not.toHaveProperty('cpuPercent');
});

test('without xentop no percent is known, and where nothing runs it is not asked', async () => {
  const lab = await openFake(scratchFolder(), body);
  expect(await statusOf(lab, 'a', { usage: true })).toEqual(down);
  expect(lab.xen.calls).toEqual(['xl list -v']);
  lab.xen.missing.add('xentop');
  domainOf(lab);
  expect(await statusOf(lab, 'a', { usage: true })).toMatchObject({ state: 'up', cpuPercent: null });
});

test('bytes are those that the guest has received and sent', async () => {
  const lab = await openFake(scratchFolder(), body);
  domainOf(lab);
  lab.link('vif1.0', { bridge: false, rx: 1100, tx: 3200 });
  lab.link('vif1.1', { bridge: false, rx: 10, tx: 20 });
  lab.link('vif11.0', { bridge: false, rx: 7, tx: 7 });
  expect((await statusOf(lab, 'a'))?.network).toEqual({ received: 3220, sent: 1110 });
});

test('while a guest reboots, its new domain counts, and not the one that dies', async () => {
  const lab = await openFake(scratchFolder(), body);
  domainOf(lab, { state: 'd' });
  domainOf(lab, { id: 5 });
  expect(await statusOf(lab, 'a')).toMatchObject({ state: 'up', id: 5, detail: null });
});

test('what a kernel that has panicked died of is told, until it is stopped or started', async () => {
  const lab = await openFake(scratchFolder(), body);
  lab.write('a/console.log', '[ 1.0] Kernel panic - not syncing: VFS: Unable to mount root fs\r\nmore');
  expect(await statusOf(lab, 'a')).toEqual(down);
  lab.write('a/domid', '4\n');
  expect(await statusOf(lab, 'a')).toEqual({
    ...down,
    detail: 'it has died (its kernel panicked: VFS: Unable to mount root fs)',
  });
});

test('an ordinary user cannot know, and asks nobody', async () => {
  const lab = await openFake(scratchFolder(), body);
  domainOf(lab);
  const found = await monitor(lab.mln, new Map(), unitsOf(lab.project), lab.project, undefined, {
    ...lab.machine,
    uid: 1000,
  });
  expect(found.get('a')).toMatchObject({ state: 'unknown', detail: 'only root may ask the hypervisor' });
  expect(found.get('lan')).toEqual(down);
  expect(lab.xen.calls).toEqual([]);
});

const roles: readonly [files: Record<string, string>, expected: string][] = [
  [{ 'sys/hypervisor/type': '', 'proc/xen/capabilities': '' }, 'none'],
  [{ 'sys/hypervisor/type': 'xen\n', 'proc/xen/capabilities': '' }, 'guest'],
  [
    { 'sys/hypervisor/type': 'xen\n', 'proc/xen/capabilities': '', 'sys/hypervisor/properties/features': '00002705\n' },
    'guest',
  ],
  [
    { 'sys/hypervisor/type': 'xen\n', 'proc/xen/capabilities': '', 'sys/hypervisor/properties/features': '00002f05\n' },
    'dom0',
  ],
  [{ 'sys/hypervisor/type': 'xen\n', 'proc/xen/capabilities': 'control_d\n' }, 'dom0'],
];

test.each(roles)('a machine that has %j is %s', async (files, expected) => {
  const lab = await openFake(scratchFolder(), body);
  for (const [path, text] of Object.entries(files)) lab.machineFile(path, text);
  expect(roleOf(lab.machine)).toBe(expected);
  domainOf(lab);
  expect(await statusOf(lab, 'a')).toMatchObject({ state: expected === 'dom0' ? 'up' : 'down' });
  expect(lab.xen.calls).toHaveLength(expected === 'dom0' ? 1 : 0);
});

test.each([
  [null, 'the hypervisor cannot be asked: the program xl is not installed'],
  [
    'xs_open: No such file or directory\ncannot init xl context\n',
    /^the hypervisor cannot be asked: xl ended with 1: xs_open.*; cannot init/,
  ],
])('where xl says %j, nothing is known', async (broken, detail) => {
  const lab = await openFake(scratchFolder(), body);
  if (broken === null) lab.xen.missing.add('xl');
  lab.xen.broken = broken;
  expect(await statusOf(lab, 'a')).toMatchObject({ state: 'unknown', detail: expect.stringMatching(detail) });
});

const ours = aliasOf({ name: 'lan' }, { name: 'kafe', secret: 'secret' });
const links: readonly [
  what: string,
  switchBody: string,
  link: Parameters<FakeLab['link']>[1],
  expected: Partial<Status>,
][] = [
  ['is ours', '', { alias: ours, rx: 5, tx: 7 }, { state: 'up', network: { received: 7, sent: 5 }, detail: null }],
  ['is not up', '', { alias: ours, up: false }, { state: 'down', detail: 'the bridge lan.kafe is there, and not up' }],
  [
    'is another project’s',
    '',
    { alias: 'mln:other:lan' },
    { state: 'unknown', detail: 'the bridge lan.kafe is not of this project' },
  ],
  ['bears no mark', '', {}, { state: 'unknown', detail: 'the bridge lan.kafe is not of this project' }],
  [
    'is no bridge',
    '',
    { bridge: false },
    { state: 'unknown', detail: 'lan.kafe is another network interface, and no bridge' },
  ],
  ['is there already', 'bridge xenbr0', {}, { state: 'unknown', detail: 'made by others: xenbr0' }],
  ['was made for it', 'bridge xenbr0', { alias: ours }, { state: 'up', detail: null }],
];

test.each(links)('a bridge that %s (%j)', async (_, switchBody, link, expected) => {
  const lab = await openFake(scratchFolder(), body.replace('switch lan { }', `switch lan { ${switchBody} }`));
  lab.link(switchBody === '' ? 'lan.kafe' : 'xenbr0', link);
  expect(await statusOf(lab, 'lan')).toMatchObject(expected);
});
