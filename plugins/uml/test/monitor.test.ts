import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import { readyMark, unitsOf, type Status } from '@mln/core';
import { monitor } from '../src/monitor.js';
import { laboratory, until, type Laboratory } from './laboratory.js';

const text = 'global { project lab }\nhost a { }\nswitch s { }\nswitch t { socket /run/other/ctl }\n';

const labs: Laboratory[] = [];
afterEach(() => {
  for (const lab of labs.splice(0)) lab.close();
});

async function open(): Promise<Laboratory> {
  const lab = await laboratory(text);
  labs.push(lab);
  return lab;
}

function statusOf(lab: Laboratory, name: string): Status | undefined {
  return monitor(new Map(), unitsOf(lab.project), lab.project).get(name);
}

const down = { state: 'down', ready: null, id: null, memory: null, cpu: null, network: null, detail: null };

test('what was never started is down', async () => {
  const lab = await open();
  expect(statusOf(lab, 'a')).toEqual(down);
  expect(statusOf(lab, 's')).toEqual(down);
});

test('what has no folder is down', async () => {
  const lab = await open();
  rmSync(lab.path('a'), { recursive: true });
  expect(statusOf(lab, 'a')).toEqual(down);
});

test.each(['a', 's'])('%s is up while its process runs, and down behind its death', async (name) => {
  const lab = await open();
  const child = lab.begin(name, 'sleep', '60');
  const pid = child.pid ?? 0;
  lab.write(`${name}/pid`, `${pid}\n`);
  // Between fork and exec the child may still be at home elsewhere.
  await until(() => statusOf(lab, name)?.state === 'up');
  expect(statusOf(lab, name)).toEqual({
    ...down,
    state: 'up',
    id: pid,
    memory: expect.any(Number),
    cpu: expect.any(Number),
    ready: name === 'a' ? false : null,
  });
  expect(statusOf(lab, name)?.memory).toBeGreaterThan(100_000);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(statusOf(lab, name)).toEqual(down);
});

const left = [
  { name: 'a', file: 'a/run/a/mconsole' },
  { name: 's', file: 's/ctl' },
];

test.each(left)('$name that died left $file, and that is told', async ({ name, file }) => {
  const lab = await open();
  const child = lab.begin(name, 'sleep', '60');
  child.kill('SIGKILL');
  await once(child, 'exit');
  lab.write(`${name}/pid`, `${child.pid ?? 0}\n`);
  lab.write(file, '');
  expect(statusOf(lab, name)).toEqual({ ...down, detail: 'it has died; mln clean takes away what it left' });
});

test('a pid that was given to another process is nobody’s', async () => {
  const lab = await open();
  lab.write('a/pid', `${process.pid}\n`);
  expect(statusOf(lab, 'a')).toEqual(down);
  const neighbour = lab.begin('s', 'sleep', '60');
  lab.write('a/pid', `${neighbour.pid ?? 0}\n`);
  expect(statusOf(lab, 'a')).toEqual(down);
});

test.each(['', 'none\n', '-1\n', '999999999\n'])('a pid file of %j is nobody’s', async (content) => {
  const lab = await open();
  lab.write('a/pid', content);
  expect(statusOf(lab, 'a')?.state).toBe('down');
});

test('a guest whose first process has ended goes down while others of its session are there', async () => {
  const lab = await open();
  const leader = lab.begin('a', 'sh', '-c', 'sleep 60 & exec sleep 0.2');
  lab.write('a/pid', `${leader.pid ?? 0}\n`);
  await once(leader, 'exit');
  expect(statusOf(lab, 'a')).toEqual({
    ...down,
    state: 'up',
    id: leader.pid,
    ready: false,
    detail: 'is going down',
  });
});

test('a guest is ready when its console says so', async () => {
  const lab = await open();
  const child = lab.begin('a', 'sleep', '60');
  lab.write('a/pid', `${child.pid ?? 0}\n`);
  const mark = readyMark('a', 'lab');
  const logs: readonly (readonly [string, boolean])[] = [
    ['', false],
    ['Linux version 6.1\n', false],
    [`${readyMark('b', 'lab')}\n`, false],
    [`${mark}\n`, true],
    [`boot\r\n${mark} (startup ended with 3)\r\nlogin: `, true],
    [`${'x'.repeat(300_000)}\n${mark}\n${'y'.repeat(100_000)}`, true],
  ];
  await until(() => statusOf(lab, 'a')?.state === 'up');
  for (const [log, ready] of logs) {
    lab.write('a/console.log', log);
    expect([log.slice(-40), statusOf(lab, 'a')?.ready]).toEqual([log.slice(-40), ready]);
  }
});

test('a switch of others is unknown, and what others run is left to them', async () => {
  const lab = await open();
  expect(statusOf(lab, 't')).toEqual({ ...down, state: 'unknown', detail: 'run by others: /run/other/ctl' });
  const known = { ...down, state: 'up' } as Status;
  const foreign = lab.project.hosts.map((host) => ({ ...host, hypervisor: 'xen' }));
  expect(monitor(new Map([['a', known]]), foreign, lab.project).get('a')).toBe(known);
});

test('the scripts and the monitor agree', async () => {
  const lab = await open();
  lab.run('a/start');
  lab.run('s/start');
  expect(statusOf(lab, 'a')).toMatchObject({ state: 'up', id: lab.pid('a') });
  expect(statusOf(lab, 's')).toMatchObject({ state: 'up', id: lab.pid('s') });
  lab.run('a/stop');
  lab.run('a/stop wait 5');
  lab.run('s/stop');
  expect(statusOf(lab, 'a')).toEqual(down);
  expect(statusOf(lab, 's')).toEqual(down);
});

test('bytes are those of the taps, as the guest sees them, since it was started', async () => {
  const lab = await laboratory('global { project lab }\nhost a { network eth0 { tun_iface lo } }\nhost b { }\n');
  labs.push(lab);
  for (const name of ['a', 'b']) {
    const { pid = 0 } = lab.begin(name, 'sleep', '60');
    lab.write(`${name}/pid`, `${pid}\n`);
    await until(() => statusOf(lab, name)?.state === 'up');
  }
  const line = /^ *lo:(.*)$/m.exec(readFileSync('/proc/self/net/dev', 'utf8'))?.[1] ?? '';
  const now = line.trim().split(/\s+/).map(Number);
  // Others may use the loopback in the meantime, but not so much.
  const [much, more, little] = [1e12, 2e12, 1e11];
  const before = now.map((count, index) => count - (index < 8 ? much : more));
  lab.write('a/net.before', `Inter-| Receive\n face |bytes\n    lo: ${before.join(' ')}\n`);
  const { received = 0, sent = 0 } = statusOf(lab, 'a')?.network ?? {};
  expect([received >= more, received < more + little, sent >= much, sent < much + little]).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(statusOf(lab, 'b')?.network).toBeNull();
});
