import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { watch } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, expect, test } from '@jest/globals';
import { fakeFleet } from '../client/fake-fleet.js';
import { mlnProcess, type DaemonProcess, type Ended, type MlnProcess } from '../server/mln-process.js';

/*
 * The command line on gateway1, and the real daemons of gateway1 and backend3, over HTTPS on the loopback.
 */

const roles = `roles:
  - name: fleet
    principals: ['server:*', local]
    verbs: all
  - name: alice
    principals: ['user:alice']
    verbs: [read, start]
`;

const kafe = `
global { project kafe }
host web { network eth0 { switch lan; address 10.0.0.1/24 } }
host db { service_host backend3; network eth0 { switch store; address 10.1.0.1/24 } }
switch lan { }
switch store { service_host backend3 }
`;

const servers = ['gateway1', 'backend3'] as const;
type Name = (typeof servers)[number];

const machines = { gateway1: mlnProcess(), backend3: mlnProcess() };
const daemons: Partial<Record<Name, DaemonProcess>> = {};

/** Calls mln on a machine. */
function on(name: Name, ...args: readonly string[]): Promise<Ended> {
  return machines[name].run(args, { MLN_SERVICE_HOST: name });
}

function isThere(name: Name, ...path: readonly string[]): boolean {
  return existsSync(join(machines[name].projects, ...path));
}

/** Waits until a file is there. */
async function appears(path: string): Promise<void> {
  const seen = watch(dirname(path), { signal: AbortSignal.timeout(30_000) });
  if (!existsSync(path)) for await (const { filename } of seen) if (filename === basename(path)) break;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Hosts of the hypervisor that needs no machine get no disks. */
function withoutDisks({ folder }: MlnProcess): void {
  const file = join(folder, 'fake.js');
  const before = readFileSync(file, 'utf8');
  const after = before.replace(
    "core.claim(unit, 'fake')",
    "core.claim(unit, 'fake', unit.kind === 'host' ? { disks: [] } : {})",
  );
  if (after === before) throw new Error('the hypervisor is another');
  writeFileSync(file, after);
}

beforeAll(async () => {
  const fleet = await fakeFleet();
  const ports = { gateway1: await freePort(), backend3: await freePort() };
  const addresses = Object.fromEntries(servers.map((name) => [name, `127.0.0.1:${ports[name]}`]));
  for (const name of servers) {
    const machine = machines[name];
    withoutDisks(machine);
    writeFileSync(join(machine.folder, 'roles.yaml'), roles);
    writeFileSync(join(machine.folder, 'kafe.mln'), kafe);
    machine.configure({
      listen: [addresses[name]],
      servers: addresses,
      fleet: await fleet.identity({ name, kind: 'server' }),
      roles: join(machine.folder, 'roles.yaml'),
    });
    daemons[name] = await machine.daemon({ MLN_SERVICE_HOST: name });
  }
});

test('a project over two servers is built, started, shown, stopped and removed', async () => {
  const built = await on('gateway1', 'build', '-f', 'kafe.mln');
  expect(built).toEqual({ exit: 0, stdout: '', stderr: expect.stringContaining('kafe is built: 2 hosts, 2 switches') });
  expect(built.stderr).toContain('db (backend3) built');
  expect([isThere('gateway1', 'kafe/web'), isThere('gateway1', 'kafe/db')]).toEqual([true, false]);
  expect([isThere('backend3', 'kafe/web'), isThere('backend3', 'kafe/db')]).toEqual([false, true]);

  expect(await on('gateway1', 'start', 'kafe')).toMatchObject({ exit: 0 });
  expect([isThere('gateway1', 'kafe/web/up'), isThere('backend3', 'kafe/db/up')]).toEqual([true, true]);

  const { stdout } = await on('gateway1', 'status', 'kafe');
  expect(stdout).toMatch(/^kafe +host +db +up +on backend3, ready$/m);
  expect(stdout).toMatch(/^kafe +host +web +up +ready$/m);

  expect(await on('gateway1', 'remove', 'kafe', '-y')).toMatchObject({
    exit: 1,
    stderr: expect.stringMatching(/kafe is not stopped: .*db/),
  });
  expect(await on('gateway1', 'stop', 'kafe')).toMatchObject({ exit: 0 });
  expect(await on('gateway1', 'remove', 'kafe', '-y')).toMatchObject({ exit: 0 });
  expect([isThere('gateway1', 'kafe'), isThere('backend3', 'kafe')]).toEqual([false, false]);
});

test('a command that is given on another server of the project is carried out at its home', async () => {
  expect(await on('gateway1', 'build', '-f', 'kafe.mln')).toMatchObject({ exit: 0 });
  const started = await on('backend3', 'start', 'kafe');
  expect(started).toMatchObject({ exit: 0 });
  expect(started.stderr).toContain('kafe is at home on gateway1: that server does it');
  expect(started.stderr).toContain('web (gateway1) started');
  expect([isThere('gateway1', 'kafe/web/up'), isThere('backend3', 'kafe/db/up')]).toEqual([true, true]);
  expect(await on('backend3', 'stop', 'kafe', '--here')).toMatchObject({ exit: 0 });
  expect([isThere('gateway1', 'kafe/web/up'), isThere('backend3', 'kafe/db/up')]).toEqual([true, false]);
  expect(await on('backend3', 'build', '-f', 'kafe.mln', '-r')).toMatchObject({
    exit: 1,
    stderr: expect.stringContaining('gateway1: kafe runs, and cannot be built anew: lan, web'),
  });
  expect(await on('backend3', 'stop', 'kafe')).toMatchObject({ exit: 0 });
  expect(await on('backend3', 'remove', 'kafe', '-y')).toMatchObject({ exit: 0 });
  expect([isThere('gateway1', 'kafe'), isThere('backend3', 'kafe')]).toEqual([false, false]);
});

test('an operation in the background is followed by its id, from wherever', async () => {
  const ring = 'global { project ring }\nhost a { network eth0 { switch lan; address 10.0.0.1/24 } }\nswitch lan { }\n';
  writeFileSync(join(machines.gateway1.folder, 'ring.mln'), ring);
  const { exit, stdout } = await on('gateway1', 'build', '-f', 'ring.mln', '--on', 'backend3', '--background');
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: expect.stringMatching(/^op-\w+\n$/) });
  const log = await on('gateway1', 'log', stdout.trim(), '-f');
  expect(log).toMatchObject({ exit: 0, stderr: expect.stringContaining('a (backend3) built') });
  expect(isThere('backend3', 'ring/a')).toBe(true);
  expect(await on('gateway1', 'list', '--on', 'backend3')).toMatchObject({
    stdout: expect.stringMatching(/^ring +at home on backend3$/m),
  });
  expect(await on('gateway1', 'start', 'ring', '--on', 'backend3')).toMatchObject({ exit: 0 });
  const shown = await on('gateway1', 'status', 'ring', '--on', 'backend3');
  expect(shown.stdout).toMatch(/^ring +host +a +up +on backend3, ready$/m);
  writeFileSync(join(machines.backend3.projects, 'ring/a/console.log'), 'Linux\n');
  expect(await on('gateway1', 'log', 'a.ring', '--on', 'backend3')).toEqual({ exit: 0, stdout: 'Linux\n', stderr: '' });
  expect(await on('gateway1', 'stop', 'ring', '--on', 'backend3')).toMatchObject({ exit: 0 });
  expect(await on('gateway1', 'remove', 'ring', '--on', 'backend3', '-y')).toMatchObject({ exit: 0 });
});

test('a daemon that is killed in the middle of a start takes nothing with it', async () => {
  const slow = kafe.replace('project kafe', 'project slow').replace('host db', 'host slowdb');
  writeFileSync(join(machines.gateway1.folder, 'slow.mln'), slow);
  expect(await on('gateway1', 'build', '-f', 'slow.mln')).toMatchObject({ exit: 0 });
  const starting = on('gateway1', 'start', 'slow');
  const begun = join(machines.backend3.projects, 'slow/slowdb/begun');
  await appears(begun);
  daemons.backend3?.child.kill('SIGKILL');
  await daemons.backend3?.ended;
  daemons.backend3 = await machines.backend3.daemon({ MLN_SERVICE_HOST: 'backend3' });
  writeFileSync(join(machines.backend3.projects, 'go'), '');
  expect(await starting).toMatchObject({ exit: 0 });
  expect([isThere('gateway1', 'slow/web/up'), isThere('backend3', 'slow/slowdb/up')]).toEqual([true, true]);
  expect(await on('gateway1', 'stop', 'slow')).toMatchObject({ exit: 0 });
});

test('whoever goes away leaves an operation running, and is told how to follow it', async () => {
  const { folder, projects, command } = machines.backend3;
  rmSync(join(projects, 'go'));
  rmSync(join(projects, 'slow/slowdb/begun'), { force: true });
  const [program = '', ...before] = command;
  const child = spawn(program, [...before, 'start', 'slow'], {
    env: {
      ...process.env,
      MLN_PROJECTS: projects,
      MLN_CONFIG: join(folder, 'mln.config.json'),
      MLN_SERVICE_HOST: 'backend3',
    },
  });
  const said = text(child.stderr);
  await appears(join(projects, 'slow/slowdb/begun'));
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([null, 'SIGINT']);
  const [, id = ''] = /(op-\w+) goes on without you: mln log \1 -f --on gateway1 follows it/.exec(await said) ?? [];
  const following = on('backend3', 'log', id, '-f');
  writeFileSync(join(projects, 'go'), '');
  expect(await following).toMatchObject({ exit: 0, stderr: expect.stringContaining('slowdb (backend3) started') });
});

test('a server that is gone: the others finish, it is named, and the command ends', async () => {
  daemons.backend3?.child.kill('SIGKILL');
  await daemons.backend3?.ended;
  const { exit, stderr } = await on('gateway1', 'start', 'slow');
  expect(exit).toBe(3);
  expect(stderr).toMatch(/error\[MLN_NO_SERVER\]: backend3 \(127\.0\.0\.1:\d+\) refuses connections/);
  expect(isThere('gateway1', 'slow/web/up')).toBe(true);
  const { stdout } = await on('gateway1', 'status', 'slow');
  expect(stdout).toMatch(/^slow +host +slowdb +unknown +on backend3, backend3 does not answer$/m);
});
