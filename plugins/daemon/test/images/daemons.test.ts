import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { usualTemplate } from '../../../../core/src/testing/usual-template.js';
import { fakeFleet } from '../client/fake-fleet.js';
import { mlnProcess, type DaemonProcess, type Ended } from '../server/mln-process.js';

/*
 * Hosts with real disks move between the daemons of three servers, over HTTPS on the loopback; the command line is on alpha.
 */

const servers = ['alpha', 'beta', 'gamma'] as const;
type Name = (typeof servers)[number];
const machines = { alpha: mlnProcess(), beta: mlnProcess(), gamma: mlnProcess() };
const daemons: Partial<Record<Name, DaemonProcess>> = {};
const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };

const roles = `roles:
  - name: fleet
    principals: ['server:*', local]
    verbs: all
`;
const kafe = `
global { project kafe }
superclass all { template tiny; size 16M }
host web { superclass all; network eth0 { switch lan; address 10.0.0.1/24 } }
host db { superclass all; service_host beta; network eth0 { switch store; address 10.1.0.1/24 } }
switch lan { }
switch store { }
`;

function on(name: Name, ...args: readonly string[]): Promise<Ended> {
  return machines[name].run(args, { MLN_SERVICE_HOST: name, PATH: env.PATH });
}

function place(name: Name, ...path: readonly string[]): string {
  return join(machines[name].projects, ...path);
}

function disk(name: Name, host: string): string {
  const folder = place(name, 'kafe', host);
  const [file = ''] = readdirSync(folder).filter((each) => statSync(join(folder, each)).size >= 16 * 1024 * 1024);
  return join(folder, file);
}

/** What a guest has written. */
function write(image: string, file: string, text: string): void {
  const from = join(machines.alpha.folder, 'text');
  writeFileSync(from, text);
  execFileSync('debugfs', ['-w', '-R', `write ${from} ${file}`, image], { env, stdio: 'pipe' });
}

function read(image: string, path: string): string {
  return execFileSync('debugfs', ['-R', `cat ${path}`, image], { env, stdio: 'pipe' }).toString();
}

function lines(name: Name, message: string): readonly Readonly<Record<string, unknown>>[] {
  return daemons[name]?.lines.filter(({ msg }) => msg === message) ?? [];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

beforeAll(async () => {
  const fleet = await fakeFleet();
  const addresses: Record<string, string> = {};
  for (const name of servers) addresses[name] = `127.0.0.1:${await freePort()}`;
  for (const name of servers) {
    const machine = machines[name];
    writeFileSync(join(machine.folder, 'roles.yaml'), roles);
    machine.configure({
      listen: [addresses[name]],
      servers: addresses,
      fleet: await fleet.identity({ name, kind: 'server' }),
      roles: join(machine.folder, 'roles.yaml'),
    });
    const file = join(machine.folder, 'mln.config.json');
    const { plugins } = JSON.parse(readFileSync(file, 'utf8')) as { plugins: unknown[] };
    writeFileSync(file, JSON.stringify({ plugins: ['@mln/plugin-ext', '@mln/plugin-linux', ...plugins] }));
    daemons[name] = await machine.daemon({ MLN_SERVICE_HOST: name, PATH: env.PATH });
  }
  const { folder } = machines.alpha;
  for (const [path, text] of Object.entries(usualTemplate)) {
    if (text.startsWith('→')) continue;
    mkdirSync(join(folder, 'tree', path, path.endsWith('/') ? '.' : '..'), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(join(folder, 'tree', path), text);
  }
  mkdirSync(join(folder, 'tree/srv'), { recursive: true });
  writeFileSync(join(folder, 'tree/srv/much'), randomBytes(1024 * 1024));
  const image = join(folder, 'tiny.ext4');
  writeFileSync(image, '');
  truncateSync(image, 8 * 1024 * 1024);
  execFileSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-b', '4096', '-d', join(folder, 'tree'), image], {
    env,
    stdio: 'pipe',
  });
  writeFileSync(join(folder, 'kafe.mln'), kafe);
  expect(await on('alpha', 'template', 'add', image, '--name', 'tiny')).toMatchObject({ exit: 0 });
  expect(await on('alpha', 'build', '-f', 'kafe.mln')).toMatchObject({
    exit: 0,
    stderr: expect.stringContaining('is built'),
  });
}, 60_000);

test('a host goes to another server with its disk, and is gone here', async () => {
  write(disk('alpha', 'web'), '/data', 'what a guest wrote\n');
  expect(await on('alpha', 'start', 'kafe')).toMatchObject({ exit: 0 });
  const moved = await on('alpha', 'migrate', 'web', '-p', 'kafe', '--to', 'beta');
  expect(moved).toMatchObject({ exit: 0, stderr: expect.stringContaining('its disk has come') });
  expect(read(disk('beta', 'web'), '/data')).toBe('what a guest wrote\n');
  expect([existsSync(place('alpha', 'kafe/web')), existsSync(place('beta', 'kafe/web/up'))]).toEqual([false, true]);
  // Its template was sent to beta with db.
  expect(lines('beta', 'image received').at(-1)).toMatchObject({ host: 'web' });
  expect(Number(lines('beta', 'image received').at(-1)?.['reused'])).toBeGreaterThan(0);
});

test('a host goes from one server to another through this one, which keeps nothing of it', async () => {
  write(disk('beta', 'db'), '/data', 'what a guest wrote\n');
  const moved = await on('alpha', 'migrate', 'db.kafe', '--to', 'gamma', '--pre-copy');
  if (moved.exit !== 0) throw new Error(moved.stderr);
  expect(moved).toEqual({ exit: 0, stdout: '', stderr: expect.stringContaining('sent ahead') });
  expect(read(disk('gamma', 'db'), '/data')).toBe('what a guest wrote\n');
  expect([existsSync(place('beta', 'kafe/db')), existsSync(place('gamma', 'kafe/db/up'))]).toEqual([false, true]);
  const [ahead, rest] = lines('gamma', 'image received');
  expect(Number(ahead?.['sent'])).toBeGreaterThan(0);
  expect(Number(rest?.['sent'])).toBe(0);
});

test('and comes here, whoever is told to bring it', async () => {
  const moved = await on('gamma', 'migrate', 'db.kafe', '--to', 'alpha');
  if (moved.exit !== 0) throw new Error(moved.stderr);
  expect(moved).toEqual({
    exit: 0,
    stdout: '',
    stderr: expect.stringContaining('kafe is at home on alpha: that server does it'),
  });
  expect(read(disk('alpha', 'db'), '/data')).toBe('what a guest wrote\n');
  expect([existsSync(place('gamma', 'kafe')), existsSync(place('alpha', 'kafe/db/up'))]).toEqual([false, true]);
  const undone = await on('beta', 'undo', 'kafe', '-y');
  expect(undone).toMatchObject({ exit: 0 });
  expect(read(disk('gamma', 'db'), '/data')).toBe('what a guest wrote\n');
});
