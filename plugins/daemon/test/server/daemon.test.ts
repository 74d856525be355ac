import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect as secureConnect } from 'node:tls';
import { beforeAll, expect, test } from '@jest/globals';
import { packageOf } from '../operations/project-package.js';
import { sendRaw } from './answering.js';
import { askAs as askDaemonAs } from './ask-as.js';
import { ask, follow } from './ask.js';
import { mlnProcess, type DaemonProcess } from './mln-process.js';

const mln = mlnProcess();
const here = { MLN_SERVICE_HOST: 'here' };
const roles = join(mln.folder, 'fleet/roles.yaml');
let port: number;
let daemon: DaemonProcess;
let listen: Readonly<Record<string, unknown>>;

const rolesText = `roles:
  - name: this-machine
    principals: [local]
    verbs: [all, host, admin]
  - name: servers
    principals: ['server:*']
    verbs: all
  - name: alice
    principals: ['user:alice']
    verbs: all
    projects: ['kafe*']
`;

beforeAll(async () => {
  port = await freePort();
  listen = { listen: [`127.0.0.1:${port}`] };
  mln.configure(listen);
  await mln.run(['ca', 'init', '--name', 'acme'], here);
  for (const [name, kind] of [
    ['alice', '--user'],
    ['bob', '--user'],
    ['other', '--server'],
  ] as const) {
    const { exit, stderr } = await mln.run(['ca', 'issue', name, kind, '--out', join(mln.folder, name)], here);
    if (exit !== 0) throw new Error(stderr);
  }
  writeFileSync(roles, rolesText);
  daemon = await mln.daemon(here);
});

/** A port of loopback that nobody has. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: found } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return found;
}

const askAs = (who: string | null, method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  askDaemonAs({ folder: mln.folder, port, who }, method, path, body, headers);

const build = (project: string) => ({
  scope: 'whole',
  operation: 'build',
  project,
  options: {},
  package: packageOf(project, ['a']),
});

test('its socket is its user’s alone', () => {
  expect(statSync(mln.socket).mode & 0o777).toBe(0o600);
});

test('whoever has a certificate of the fleet is answered, and nobody else', async () => {
  expect(await askAs('alice', 'GET', '/v1/server')).toMatchObject({ status: 200, json: { name: 'here' } });
  expect(await askAs(null, 'GET', '/v1/server')).toMatchObject({
    status: 401,
    json: { problems: [{ code: 'MLN_NO_CERTIFICATE' }], exit: 77 },
  });
  expect((await askAs(null, 'GET', '/v1/nothing')).status).toBe(401);
});

test('a right that is missing is named', async () => {
  const refused = await askAs('bob', 'POST', '/v1/operations', build('kafe'));
  expect(refused.status).toBe(403);
  expect(refused.json).toMatchObject({
    exit: 77,
    problems: [{ code: 'MLN_NOT_ALLOWED', message: expect.stringContaining('build') }],
  });
  expect((await askAs('alice', 'POST', '/v1/operations', build('lab'))).status).toBe(403);
});

test('who asked for an operation may see it, and nobody else but who may do all', async () => {
  const { status, json } = await askAs('alice', 'POST', '/v1/operations', build('kafe'));
  expect(status).toBe(202);
  const id = String(json['id']);
  await follow(mln.socket, id);
  const path = `/v1/operations/${id}`;
  // It is a project of the server's own.
  expect(await askAs('alice', 'GET', path)).toMatchObject({
    status: 200,
    json: { principal: 'user:alice', state: 'done' },
  });
  for (const [method, rest] of [
    ['GET', ''],
    ['GET', '/log'],
    ['DELETE', ''],
    ['GET', '/log?after=0'],
  ] as const)
    expect(await askAs('bob', method, `${path}${rest}`)).toMatchObject({ status: 403 });
  expect((await askAs('bob', 'GET', '/v1/operations')).json).toEqual({ operations: [] });
  expect((await ask(mln.socket, 'GET', path)).status).toBe(200);
});

test('a server that asks for somebody needs the rights of both, and nobody else asks for others', async () => {
  const stop = (project: string) => ({ scope: 'whole', operation: 'stop', project, options: {} });
  const behalf = (who: string) => ({ 'mln-on-behalf-of': who });
  expect((await askAs('other', 'POST', '/v1/operations', stop('kafe'), behalf('user:bob'))).status).toBe(403);
  const { status, json } = await askAs('other', 'POST', '/v1/operations', stop('kafe'), behalf('user:alice'));
  expect([status, json['principal'], json['onBehalfOf']]).toEqual([202, 'server:other', 'user:alice']);
  await follow(mln.socket, String(json['id']));
  expect((await askAs('alice', 'GET', `/v1/operations/${String(json['id'])}`)).status).toBe(200);
  const own = await askAs('alice', 'POST', '/v1/operations', stop('kafe'), behalf('server:other'));
  expect(own.json).toMatchObject({ principal: 'user:alice', onBehalfOf: null });
  await follow(mln.socket, String(own.json['id']));
  expect((await askAs('other', 'GET', '/v1/server', undefined, behalf('nobody'))).status).toBe(400);
});

test('a build with words that nobody knows, or that asks for the server’s own, is refused and leaves nothing', async () => {
  const sent = packageOf('kafe2', ['a']);
  const mount = {
    role: 'mount',
    store: 'file',
    path: '/etc/shadow',
    existing: true,
    size: null,
    freeSpace: null,
    device: null,
    mount: null,
  };
  const hosts = sent.project.hosts.map((host) => ({ ...host, disks: [mount] }));
  const cases: [object, number][] = [
    [{ ...build('kafe2'), more: 1 }, 400],
    [{ ...build('kafe2'), options: { sleep: -1 } }, 400],
    [{ ...build('kafe2'), operation: 'format' }, 400],
    [{ ...build('kafe2'), project: '../kafe' }, 400],
    [{ ...build('kafe2'), package: { ...sent, project: { ...sent.project, name: '../../etc' } } }, 400],
    [{ ...build('kafe2'), package: { ...sent, surprise: true } }, 400],
    [{ ...build('kafe2'), package: { ...sent, project: { ...sent.project, hosts } } }, 403],
  ];
  for (const [body, status] of cases)
    expect([(await askAs('alice', 'POST', '/v1/operations', body)).status, body]).toEqual([status, body]);
  expect((await ask(mln.socket, 'GET', '/v1/operations')).text).not.toContain('kafe2');
});

test('slow and broken TLS is let go', async () => {
  const { connect } = await import('node:net');
  expect(await sendRaw(connect(port, '127.0.0.1'), 'GET / HTTP/1.1\r\n\r\n')).not.toContain('200');
  const old = secureConnect({ host: '127.0.0.1', port, maxVersion: 'TLSv1.2', rejectUnauthorized: false });
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => old.once('error', resolve));
  expect(error.code).toMatch(/SSL|TLS|ECONNRESET|EPROTO/);
});

test('roles are read anew at SIGHUP; what cannot be used leaves those that counted', async () => {
  const reloaded = async (said: string): Promise<void> => {
    daemon.lines.length = 0;
    daemon.child.kill('SIGHUP');
    await daemon.said(said);
  };
  writeFileSync(roles, 'roles: 7\n');
  await reloaded('what is new cannot be used; what was goes on');
  expect((await askAs('alice', 'GET', '/v1/projects/kafe/status')).status).toBe(200);
  writeFileSync(roles, rolesText.replace('user:alice', 'user:bob'));
  await reloaded('configuration, certificates and roles are read anew');
  expect((await askAs('alice', 'GET', '/v1/projects/kafe/status')).status).toBe(403);
  expect((await askAs('bob', 'GET', '/v1/projects/kafe/status')).status).toBe(200);
});

test('so are addresses: who may connect, and where it listens', async () => {
  const before = port;
  port = await freePort();
  mln.configure({ listen: [`127.0.0.1:${port}`] });
  daemon.lines.length = 0;
  daemon.child.kill('SIGHUP');
  await daemon.said('configuration, certificates and roles are read anew');
  expect((await askAs('bob', 'GET', '/v1/server')).status).toBe(200);
  mln.configure({ listen: [`127.0.0.1:${port}`], allow: ['10.0.0.0/8'] });
  daemon.lines.length = 0;
  daemon.child.kill('SIGHUP');
  await daemon.said('configuration, certificates and roles are read anew');
  await expect(askAs('bob', 'GET', '/v1/server')).rejects.toThrow(/socket|ECONN/);
  port = before;
});

test('a second daemon is told who runs; it has less than 100 MB', async () => {
  const { exit, stderr } = await mln.run(['daemon'], here);
  expect([exit, stderr]).toEqual([1, expect.stringContaining(`a daemon runs already: process ${daemon.child.pid}`)]);
  const status = readFileSync(`/proc/${daemon.child.pid}/status`, 'utf8');
  expect(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1])).toBeLessThan(100 * 1024);
});

test('the doctor finds the daemon, the certificate, and servers that do not answer', async () => {
  mln.configure({ listen: [`127.0.0.1:${port}`], servers: { gone: '127.0.0.1:1' } });
  const { stdout } = await mln.run(['doctor', '--json'], here);
  const { items } = JSON.parse(stdout) as { items: { check: string; state: string; detail: string }[] };
  const of = (id: string) => items.find(({ check }) => check === id);
  expect(of('daemon')).toMatchObject({ state: 'ok', detail: expect.stringMatching(/^here answers/) });
  expect(of('certificate')).toMatchObject({ state: 'ok' });
  expect(of('server-gone')).toMatchObject({ state: 'absent', detail: expect.stringContaining('gone') });
});

test('what a killed daemon left is replaced; systemd is told by whom it asks', async () => {
  daemon.child.kill('SIGKILL');
  await daemon.ended;
  const bin = join(mln.folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'systemd-notify'), `#!/bin/sh\necho "$@" >>${mln.folder}/told\n`, { mode: 0o755 });
  mln.configure({});
  daemon = await mln.daemon({ ...here, NOTIFY_SOCKET: '/nowhere', PATH: `${bin}:${process.env['PATH'] ?? ''}` });
  expect((await ask(mln.socket, 'GET', '/v1/server')).status).toBe(200);
  daemon.child.kill('SIGTERM');
  expect(await daemon.ended).toBe(0);
  expect(readFileSync(join(mln.folder, 'told'), 'utf8')).toBe(
    ['READY=1', 'STOPPING=1'].map((word) => `--pid=${daemon.child.pid} ${word}\n`).join(''),
  );
});

test('where it cannot listen it says why', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port: number } = taken.address() as AddressInfo;
  mln.configure({ listen: [`127.0.0.1:${number}`] });
  const doctor = await mln.run(['doctor', '--json'], here);
  expect(doctor.stdout).toContain(`something else has 127.0.0.1:${number} (EADDRINUSE)`);
  const { exit, stderr } = await mln.run(['daemon'], here);
  expect([exit, stderr]).toEqual([
    1,
    expect.stringContaining(`the daemon cannot listen on 127.0.0.1:${number}: something else listens there`),
  ]);
  mln.configure({ listen: ['nowhere at all'] });
  expect((await mln.run(['daemon'], here)).exit).toBe(78);
  taken.close();
});
