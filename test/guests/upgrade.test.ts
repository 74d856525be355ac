import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLab, type Lab } from './support.js';

/*
 * A ring of routers that runs follows its project file: what has to change changes, with what guests have written still
 * there; what has not runs on. Each test goes on where the one before it has ended.
 */

interface Said {
  readonly memory: string;
  readonly more: string;
  readonly size: string;
  readonly users: string;
  readonly files: string;
  readonly fourth: string;
}

const ring = ({ memory, more, size, users, files, fourth }: Said): string => `global { project ring }
superclass router {
  template tiny
  memory 64M
  network eth0 { netmask 255.255.255.0 }
  network eth1 { netmask 255.255.255.0 }
}
host r1 {
  superclass router
  memory ${memory}
  ${more}
  network eth0 { switch A; address 10.4.1.1 }
  network eth1 { switch B; address 10.4.2.1 }
}
host r2 {
  superclass router
  ${size}
  users { ${users} }
  ${files}
  network eth0 { switch B; address 10.4.2.2 }
  network eth1 { switch C; address 10.4.3.2 }
}
host r3 {
  superclass router
  network eth0 { switch C; address 10.4.3.3 }
  network eth1 { switch A; address 10.4.1.3 }
}
host ${fourth} { template tiny; memory 64M; network eth0 { switch A; address 10.4.1.4/24 } }
switch A { }
switch B { }
switch C { }
`;

const before: Said = {
  memory: '64M',
  more: '',
  size: '',
  users: 'ann; old',
  files: 'files { inittab /etc/inittab; leaflet /srv/leaflet }',
  fourth: 'gone',
};
const after: Said = {
  memory: '96M',
  more: 'users { mary }',
  size: 'size 40M',
  users: 'ann; mary',
  files: '',
  fourth: 'added',
};

let lab: Lab;
/** What is in the template. */
let inittab = '';
let [one, other] = ['', ''];

beforeAll(async () => {
  lab = await openLab();
  const template = join(lab.folder, 'templates/tiny/1.0/image');
  inittab = (await lab.run('debugfs', ['-R', 'cat /etc/inittab', template])).stdout;
  lab.write('inittab', `${inittab}# of the project\n`);
  lab.write('leaflet', 'read me\n');
  [one, other] = [lab.write('one.mln', ring(before)), lab.write('other.mln', ring(after))];
  await lab.ok('build', '-f', one);
  await lab.ok('start', '-p', 'ring', '--wait', '60');
}, 120_000);
afterAll(async () => {
  await lab.close();
});

const at = (...path: readonly string[]): string => join(lab.projects, 'ring', ...path);
const pid = (host: string): string => readFileSync(at(host, 'pid'), 'utf8');
const state = (): string => readFileSync(at('state.json'), 'utf8');
const type = (host: string, command: string): Promise<string> => lab.type('ring', host, command);
const bootId = (host: string): Promise<string> => type(host, 'cat /proc/sys/kernel/random/boot_id');

/** What runs: name by name. */
async function running(): Promise<readonly string[]> {
  const { items } = JSON.parse((await lab.mln('status', '-p', 'ring', '--json')).stdout) as {
    items: readonly { name: string; state: string }[];
  };
  return items.flatMap(({ name, state: is }) => (is === 'up' ? [name] : [])).sort();
}

/** Writes a file inside a guest, and gives its digest. */
async function written(host: string): Promise<string> {
  await type(host, 'mkdir /home/kept; head -c 400k /dev/urandom >/home/kept/data');
  const digest = await found(host);
  expect(digest).toMatch(/^[0-9a-f]{32}/);
  return digest;
}
const found = (host: string): Promise<string> => type(host, 'md5sum </home/kept/data');

/** What was written, by host. */
const data = new Map<string, string>();
/** Of r3, which nobody touches. */
let untouched: readonly string[] = [];
const ofR3 = async (): Promise<readonly string[]> => [pid('r3'), await bootId('r3')];

test('a plan tells what an upgrade does with each host, and does none of it', async () => {
  for (const host of ['r1', 'r2', 'gone']) data.set(host, await written(host));
  await type('r2', 'echo byhand:x:1500:1500::/srv:/bin/sh >>/etc/passwd');
  await type('r2', 'echo "# by hand" >>/etc/profile');
  untouched = await ofR3();
  const kept = state();
  const { code, stdout } = await lab.mln('plan', '-f', other, '--json', '--detailed-exitcode');
  expect(code).toBe(2);
  const { items } = JSON.parse(stdout) as {
    items: readonly { name: string; kind: string; class: string; stops: boolean; bytes: number }[];
  };
  expect(items.flatMap((each) => (each.kind === 'host' ? [[each.name, each.class, each.stops]] : []))).toEqual([
    ['added', 'new', false],
    ['r1', 'edit', true],
    ['r2', 'resize', true],
    ['r3', 'live', false],
    ['gone', 'removed', true],
  ]);
  expect(items.find(({ name }) => name === 'r2')?.bytes).toBeGreaterThan(1_000_000);
  expect(state()).toBe(kept);
  expect(existsSync(at('.upgrade'))).toBe(false);
  expect(await running()).toEqual(['A', 'B', 'C', 'gone', 'r1', 'r2', 'r3']);
}, 90_000);

test('more memory, a larger disk, a user, a host more and one less: the data is there, and the others run on', async () => {
  const { code, stderr } = await lab.mln('upgrade', '-f', other);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('upgraded to version 2') });
  expect(await ofR3()).toEqual(untouched);
  expect(await running()).toEqual(['A', 'B', 'C', 'added', 'r1', 'r2', 'r3']);
  for (const host of ['r1', 'r2']) expect(await found(host)).toBe(data.get(host));
  const memory = Number(/MemTotal: +(\d+)/.exec(await type('r1', 'cat /proc/meminfo'))?.[1]);
  expect(memory).toBeGreaterThan(64 * 1024);
  const room = Number(/(\d+) +\d+ +\d+ +\d+% \/$/m.exec(await type('r2', 'df -k /'))?.[1]);
  expect(room).toBeGreaterThan(30 * 1024);
  expect(await type('r1', 'id mary')).toContain('(mary)');
  const users = await type('r2', 'id ann; id mary; id byhand; id old');
  expect(users).toMatch(/\(ann\)[^]*\(mary\)[^]*uid=1500\(byhand\)[^]*unknown user old/);
  expect(await type('r2', 'tail -n 1 /etc/profile')).toBe('# by hand\n');
  expect(await type('r2', 'cat /etc/inittab')).toBe(inittab);
  expect(await type('r2', 'ls /srv')).not.toContain('leaflet');
  expect(await type('r1', 'ping -c 1 -w 9 added; ping -c 1 -w 9 r3')).toMatch(/1 packets rec[^]*1 packets rec/);
}, 120_000);

test('upgraded again there is nothing to do', async () => {
  const kept = state();
  const [first, second] = [pid('r1'), pid('r2')];
  expect((await lab.mln('upgrade', '-f', other)).stderr).toContain('nothing to do');
  expect(await lab.mln('plan', '-f', other, '--detailed-exitcode')).toMatchObject({ code: 0 });
  expect([state(), pid('r1'), pid('r2')]).toEqual([kept, first, second]);
}, 60_000);

test('what ran on finds the new hosts after its next start', async () => {
  expect(await type('r3', 'cat /etc/hosts')).toMatch(/gone/);
  expect((JSON.parse(state()) as { pending: string[] }).pending).toEqual(['r3']);
  await lab.ok('restart', '-p', 'ring', '-h', 'r3', '-w', '40', '--wait', '60');
  const hosts = await type('r3', 'cat /etc/hosts');
  expect(hosts).toMatch(/10\.4\.1\.4\s+added/);
  expect(hosts).not.toContain('gone');
  expect((JSON.parse(state()) as { pending: string[] }).pending).toEqual([]);
}, 90_000);

test('undone, the removed host is there again with its disk; disks stay as large, and what guests have written stays', async () => {
  await type('r1', 'echo later >/home/kept/later');
  await lab.ok('undo', '-p', 'ring', '-y');
  expect(await running()).toEqual(['A', 'B', 'C', 'gone', 'r1', 'r2', 'r3']);
  for (const host of ['r1', 'r2', 'gone']) expect(await found(host)).toBe(data.get(host));
  expect(await type('r1', 'cat /home/kept/later; id mary')).toMatch(/^later\n.*unknown user/);
  expect(await type('r2', 'id old; id byhand')).toMatch(/\(old\)[^]*\(byhand\)/);
  expect(await type('r2', 'cat /srv/leaflet; tail -n 1 /etc/inittab')).toBe('read me\n# of the project\n');
  expect(existsSync(at('added'))).toBe(false);
  expect(statSync(at('r2/root.img')).size).toBe(40 * 1024 * 1024);
  expect(await lab.ok('history', '-p', 'ring')).toMatch(/@3[^]*@2[^]*@1/);
}, 120_000);

test('a host that is renamed keeps its disk, which is edited where it stands on its template', async () => {
  const renamed = ring({ ...before, more: 'was r1', size: 'size 40M' }).replace('host r1', 'host core');
  const bytes = statSync(at('r1/root.img')).blocks * 512;
  await lab.ok('upgrade', '-f', lab.write('renamed.mln', renamed));
  expect(existsSync(at('r1'))).toBe(false);
  expect(await found('core')).toBe(data.get('r1'));
  expect(await type('core', 'hostname; cat /home/kept/later')).toBe('core\nlater\n');
  const disk = at('core/root.img');
  expect(readFileSync(disk).subarray(0, 4).toString()).toBe('OOOM');
  expect(statSync(disk).blocks * 512).toBeLessThan(bytes + 1024 * 1024);
  await lab.ok('template', 'verify', 'tiny');
}, 90_000);

test('a guest that does not shut down in time: nothing is changed, and what was stopped runs again', async () => {
  await type('r2', "printf '#!/bin/sh\\nsleep 999\\n' >/etc/init.d/rcK");
  const renamed = readFileSync(join(lab.folder, 'renamed.mln'), 'utf8');
  const file = lab.write('late.mln', renamed.replaceAll('memory 64M', 'memory 80M'));
  const config = lab.write('patient/mln.config.yaml', 'stop_wait: 2\n');
  const { version, project } = JSON.parse(state()) as { version: number; project: unknown };
  const stuck = pid('r2');
  const asked = await lab.mln('--config', config, 'upgrade', '-f', file);
  expect(asked.code).not.toBe(0);
  expect(asked.stderr).toMatch(/taken back[^]*r2 still runs after 2 s/);
  expect(JSON.parse(state())).toMatchObject({ version, project });
  expect(pid('r2')).toBe(stuck);
  expect(await running()).toEqual(['A', 'B', 'C', 'core', 'gone', 'r2', 'r3']);
  expect(await found('core')).toBe(data.get('r1'));
  expect(existsSync(at('.upgrade'))).toBe(false);
}, 90_000);

test('stopped, every disk is whole; what is kept aside is shown, and forgotten', async () => {
  await lab.ok('stop', '-p', 'ring', '-w', '2');
  for (const host of ['core', 'r3', 'gone']) {
    const { code, stdout } = await lab.run('e2fsck', ['-fn', await lab.whole('ring', host)]);
    expect({ host, code, stdout }).toMatchObject({ code: 0 });
  }
  // It was destroyed: its journal is carried out first.
  expect((await lab.run('e2fsck', ['-p', at('r2/root.img')])).code).toBeLessThan(2);
  expect(await lab.run('e2fsck', ['-fn', at('r2/root.img')])).toMatchObject({ code: 0 });
  expect(await lab.ok('forget', '-p', 'ring')).toMatch(/added +@2/);
  await lab.ok('forget', '-p', 'ring', '--all', '-y');
  expect(existsSync(at('.kept'))).toBe(false);
  await lab.ok('remove', '-p', 'ring', '-y');
}, 60_000);
