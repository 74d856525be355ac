import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { resultOf, typeIn, until, type Result } from '../guests/support.js';
import { openFleet, type Fleet } from './fleet.js';
import { noNamespaces } from './network.js';
import type { Server } from './node.js';
import { stopAt } from './stopper.js';

/*
 * A guest goes from one server to another with what it has written, and back; its link is cut on the way, and its target is
 * full. Each test goes on where the one before it has ended.
 */

const project = (server: string, address: string, memory = '64M'): string => `global { project site }
superclass common { template tiny; memory 64M }
host web { superclass common; memory ${memory}; service_host ${server}
  users { ann }
  network eth0 { switch lan; address ${address}/24 } }
host peer { superclass common; service_host backend3
  network eth0 { switch lan; address 10.3.0.9/24 } }
host near { superclass common; service_host gateway1
  network eth0 { switch lan; address 10.3.0.8/24 } }
switch lan { }
`;

let fleet: Fleet;
let [gateway1, backend3] = [] as unknown as [Server, Server];
let digest = '';

beforeAll(async () => {
  fleet = await openFleet({ servers: ['gateway1', 'backend3'], toys: true, timeout: 5 });
  [gateway1, backend3] = [fleet.server('gateway1'), fleet.server('backend3')];
  await gateway1.ok('build', '-f', gateway1.write('site.mln', project('gateway1', '10.3.0.1')));
  await gateway1.ok('start', '-p', 'site', '--wait', '60');
  await type(gateway1, 'web', 'head -c 3m /dev/urandom >/home/ann/data; sync');
  digest = await type(gateway1, 'web', 'md5sum /home/ann/data');
  expect(digest).toMatch(/^[0-9a-f]{32}/);
}, 120_000);
afterAll(async () => {
  await fleet.close();
});

function folderOf(server: Server, host: string): string {
  return join(server.project('site') ?? server.projects, host);
}
const type = (server: Server, host: string, command: string): Promise<string> =>
  typeIn(folderOf(server, host), command);
const guestsOf = (server: Server, host: string): number =>
  new Set(server.processes().flatMap(({ command }) => (command.includes(` umid=${host} `) ? [command] : []))).size;

/** Where web is: the one server that runs it, and has its disk and its scripts. Nothing of it is on the other. */
function isOn(server: Server): void {
  const other = server === gateway1 ? backend3 : gateway1;
  expect([guestsOf(server, 'web'), guestsOf(other, 'web')]).toEqual([1, 0]);
  expect(readdirSync(folderOf(server, 'web'))).toEqual(expect.arrayContaining(['start', 'root.img', 'guest']));
  expect(existsSync(folderOf(other, 'web'))).toBe(false);
  for (const each of [gateway1, backend3]) {
    const folder = each.project('site') ?? '';
    expect(readdirSync(folder).filter((name) => name === '.upgrade' || name === '.kept')).toEqual([]);
  }
}

async function states(server: Server): Promise<Readonly<Record<string, string>>> {
  const { items } = JSON.parse((await server.mln('status', '-p', 'site', '--json')).stdout) as {
    items: { name: string; state: string }[];
  };
  return Object.fromEntries(items.map(({ name, state }) => [name, state]));
}

/** What a command says on the way, which must end well. */
function told({ code, stderr }: Result): string {
  if (code !== 0) throw new Error(`it ended with ${code ?? 'a signal'}:\n${stderr}`);
  return stderr;
}

/** What travelled of a disk, in bytes, as the command tells it. */
function travelled(stderr: string): number {
  const [, number, unit = ''] = /its disk has come: ([\d.]+) (\w+) travelled/.exec(stderr) ?? [];
  return Number(number) * ({ bytes: 1, B: 1, KiB: 1024, MiB: 1024 ** 2 }[unit] ?? Number.NaN);
}

test('a changed service_host: the guest is shut down, its disk goes over, and it runs there with its data and a new address', async () => {
  const file = gateway1.write('moved.mln', project('backend3', '10.3.0.2', '80M'));
  const planned = await gateway1.ok('plan', '-f', file);
  expect(planned).toMatch(/web.*down while the disk goes from gateway1 to backend3.*to copy/);
  const peer = await type(backend3, 'peer', 'cat /proc/sys/kernel/random/boot_id');
  told(await gateway1.mln('upgrade', '-f', file));
  isOn(backend3);
  expect(await states(gateway1)).toEqual({ lan: 'up', web: 'up', peer: 'up', near: 'up' });
  expect(await type(backend3, 'web', 'md5sum /home/ann/data')).toBe(digest);
  expect(await type(backend3, 'web', 'ip addr show eth0')).toMatch(/10\.3\.0\.2\/24/);
  expect(await type(backend3, 'peer', 'cat /proc/sys/kernel/random/boot_id')).toBe(peer);
  expect(await type(backend3, 'peer', 'ping -c 1 -w 20 10.3.0.2')).toContain('1 packets received');
}, 120_000);

test('migrated back while it runs: what goes with the guest down is what it has written since', async () => {
  await type(backend3, 'web', 'head -c 20k /dev/urandom >/home/ann/more');
  const more = await type(backend3, 'web', 'md5sum /home/ann/more; sync');
  const stderr = told(await gateway1.mln('migrate', 'web.site', '--to', 'gateway1', '--pre-copy'));
  isOn(gateway1);
  expect(await type(gateway1, 'web', 'md5sum /home/ann/data; md5sum /home/ann/more')).toBe(`${digest}${more}`);
  const down = stderr.slice(stderr.indexOf('web (backend3) asked to shut down'));
  expect(travelled(down)).toBeLessThan(1024 ** 2);
  expect(await type(backend3, 'peer', 'ping -c 1 -w 20 10.3.0.2')).toContain('1 packets received');
}, 120_000);

const isRoot = process.getuid?.() === 0;
(isRoot ? test : test.skip)(
  'no room at the target: the guest runs at the source again, with its disk untouched',
  async () => {
    const incoming = join(backend3.state, 'images');
    mkdirSync(incoming, { recursive: true });
    // The daemon sees other mounts than this process.
    const there = (...command: readonly string[]): number | null =>
      spawnSync('nsenter', ['-t', String(backend3.pid()), '-m', '--', ...command]).status;
    expect(there('mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', incoming)).toBe(0);
    try {
      const { code, stderr } = await gateway1.mln('migrate', 'web.site', '--to', 'backend3');
      expect({ code, stderr }).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/MLN_NO_SPACE.*has no room for/),
      });
    } finally {
      expect(there('umount', incoming)).toBe(0);
    }
    isOn(gateway1);
    expect(await type(gateway1, 'web', 'md5sum /home/ann/data')).toBe(digest);
  },
  120_000,
);

const reason = noNamespaces();
const cut = reason === null ? test : test.skip;
const why = reason === null ? '' : ` (skipped: ${reason})`;

cut(
  `a link that is cut: the transfer goes on when it is there again, and ends where it was to${why}`,
  async () => {
    const stop = stopAt(gateway1, 'upgrade give');
    const command = resultOf(gateway1.begin(['migrate', 'web.site', '--to', 'backend3']));
    await stop.reached();
    stop.go();
    backend3.link('down');
    await until(() => !existsSync(join(folderOf(gateway1, 'web'), 'start')), 'the host to be given');
    expect(guestsOf(gateway1, 'web') + guestsOf(backend3, 'web')).toBe(0);
    backend3.link('up');
    told(await command);
    isOn(backend3);
    expect(await type(backend3, 'web', 'md5sum /home/ann/data')).toBe(digest);
  },
  120_000,
);

test('stopped and removed, nothing is left on either server', async () => {
  await gateway1.ok('stop', '-p', 'site', '-w', '20');
  const disk = join(folderOf(backend3, 'web'), 'root.img');
  expect(statSync(disk).size).toBeGreaterThan(0);
  expect(readFileSync(disk).subarray(0, 4).toString()).not.toBe('OOOM');
  expect(spawnSync('e2fsck', ['-fn', disk]).status).toBe(0);
  await gateway1.ok('remove', '-p', 'site', '-y');
  expect([gateway1.project('site'), backend3.project('site')]).toEqual([null, null]);
}, 60_000);
