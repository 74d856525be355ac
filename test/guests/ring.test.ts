import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLab, type Lab } from './support.js';

/* The paper's ring, from a project file to routers that reach each other, by an ordinary user. */

let lab: Lab;
const status = async (...args: string[]): Promise<string[]> =>
  (await lab.ok('status', '-p', 'ring', ...args))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(/\s+/).slice(0, 4).join(' '));

beforeAll(async () => {
  lab = await openLab();
  const ring = lab.write('ring.mln', readFileSync(join(process.cwd(), 'examples/ring.mln'), 'utf8'));
  await lab.ok('build', '-f', ring);
}, 120_000);
afterAll(async () => {
  await lab.close();
});

test('a built project is down, and its images are whole', async () => {
  expect(await status()).toEqual([
    'ring switch A down',
    'ring switch B down',
    'ring switch C down',
    'ring host router1 down',
    'ring host router2 down',
    'ring host router3 down',
  ]);
  for (const host of ['router1', 'router2', 'router3']) {
    const { code, stdout } = await lab.run('e2fsck', ['-fn', await lab.whole('ring', host)]);
    expect({ code, stdout }).toMatchObject({ code: 0 });
  }
});

test('started, every router reaches both others, and only their owner runs them', async () => {
  await lab.ok('start', '-p', 'ring', '--wait', '60');
  expect(await status('-u')).toHaveLength(6);
  expect(await status('-d')).toEqual([]);
  for (const host of ['router1', 'router2', 'router3'])
    for (const other of ['router1', 'router2', 'router3'].filter((each) => each !== host))
      expect(await lab.type('ring', host, `ping -c 1 -w 10 ${other}`)).toContain('1 packets received');
}, 120_000);

test('a second start starts nothing twice', async () => {
  const before = lab.processes().length;
  await lab.ok('start', '-p', 'ring', '--wait', '60');
  expect(lab.processes()).toHaveLength(before);
}, 60_000);

test('what runs is not built anew, and not removed', async () => {
  const built = await lab.mln('build', '-f', join(lab.folder, 'ring.mln'), '-r');
  expect(built).toMatchObject({ code: 1, stderr: expect.stringContaining('MLN_PROJECT_RUNS') });
  const removed = await lab.mln('remove', '-p', 'ring', '-y');
  expect(removed).toMatchObject({ code: 1, stderr: expect.stringContaining('MLN_PROJECT_RUNS') });
});

test('one host is stopped and started, the others are undisturbed', async () => {
  await lab.ok('stop', '-p', 'ring', '-h', 'router2');
  expect(await status('-d')).toEqual(['ring host router2 down']);
  expect((await lab.mln('status', '-p', 'ring', '--check')).code).toBe(2);
  await lab.ok('start', '-p', 'ring', '-h', 'router2', '--wait', '60');
  expect((await lab.mln('status', '-p', 'ring', '--check')).code).toBe(0);
}, 60_000);

test('status tells memory and processor time, and as JSON', async () => {
  const { items } = JSON.parse(await lab.ok('status', '-p', 'ring', '-h', 'router1', '--json')) as {
    items: Record<string, unknown>[];
  };
  expect(items).toEqual([
    expect.objectContaining({ project: 'ring', kind: 'host', name: 'router1', state: 'up', ready: true }),
  ]);
  expect(items[0]?.['memory']).toBeGreaterThan(10_000_000);
  expect(items[0]?.['cpu']).toBeGreaterThan(0);
});

test('a host that was killed is told as dead, cleaned, and started again', async () => {
  const pid = Number(readFileSync(join(lab.projects, 'ring/router3/pid'), 'utf8'));
  process.kill(-pid, 'SIGKILL');
  expect(await lab.ok('status', '-p', 'ring', '-h', 'router3')).toMatch(/down .*died/);
  expect((await lab.mln('clean', '-p', 'ring')).stderr).toContain('router3.ring');
  expect(await lab.ok('status', '-p', 'ring', '-h', 'router3')).not.toContain('died');
  await lab.ok('start', '-p', 'ring', '--wait', '60');
}, 60_000);

test('a switch that died is started again, and its hosts are named: they have lost it', async () => {
  process.kill(Number(readFileSync(join(lab.projects, 'ring/A/pid'), 'utf8')), 'SIGKILL');
  const { code, stderr } = await lab.mln('start', '-p', 'ring');
  expect(code).toBe(3);
  expect(stderr).toContain('router1 ran while its switch A was down');
  expect(stderr).not.toContain('router2 ran');
  await lab.ok('restart', '-p', 'ring', '-h', 'router1,router3', '-w', '20', '--wait', '60');
  await lab.ok('start', '-p', 'ring', '--wait', '60');
  expect(await lab.type('ring', 'router1', 'ping -c 1 -w 10 router3')).toContain('1 packets received');
}, 90_000);

test('stopped, nothing is left running, and the images are clean', async () => {
  await lab.ok('stop', '-p', 'ring');
  expect(await status('-u')).toEqual([]);
  expect(await lab.ok('status', '-p', 'ring')).not.toContain('died');
  expect(lab.processes()).toEqual([]);
  for (const host of ['router1', 'router2']) {
    const { stdout } = await lab.run('dumpe2fs', ['-h', await lab.whole('ring', host)]);
    expect(stdout).toMatch(/^Filesystem state: +clean$/m);
  }
}, 90_000);

test('the scripts do the same by hand, without mln', async () => {
  const by = async (script: string): Promise<void> => {
    const { code, stderr } = await lab.run(join(lab.projects, 'ring', script), [], { cwd: '/' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  };
  await by('start');
  expect(await status('-u')).toHaveLength(6);
  await by('stop');
  expect(lab.processes()).toEqual([]);
}, 90_000);

test('with term screen a host runs in screen, and is ready, seen and stopped like any other', async () => {
  await lab.ok('start', '-p', 'ring', '-h', 'router2', '--term', 'screen', '--wait', '60');
  expect((await lab.run('screen', ['-ls'])).stdout).toContain('router2.ring');
  expect(await status('-h', 'router2')).toEqual(['ring host router2 up']);
  await lab.ok('stop', '-p', 'ring');
  expect(await status('-u')).toEqual([]);
  expect(lab.processes()).toEqual([]);
}, 90_000);

test('a guest that does not shut down is reported, and destroyed when that is asked for', async () => {
  await lab.ok('start', '-p', 'ring', '-h', 'router1', '--wait', '60');
  await lab.type('ring', 'router1', "printf '#!/bin/sh\\nsleep 1000\\n' >/etc/init.d/rcK");
  const config = lab.write('patient/mln.config.yaml', 'stop_wait: 1\n');
  const asked = await lab.mln('--config', config, 'stop', '-p', 'ring', '-h', 'router1');
  expect(asked).toMatchObject({ code: 3, stderr: expect.stringContaining('router1 still runs after 1 s') });
  await lab.ok('stop', '-p', 'ring', '-w', '1');
  expect(lab.processes()).toEqual([]);
}, 90_000);

test('removed, nothing is left', async () => {
  expect((await lab.mln('remove', '-p', 'ring')).code).toBe(1);
  await lab.ok('remove', '-p', 'ring', '-y');
  expect(await lab.ok('list')).toBe('');
  expect((await lab.run('ls', ['-A', lab.projects])).stdout).toBe('');
});
