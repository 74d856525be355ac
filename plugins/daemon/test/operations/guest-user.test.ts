import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { ask, follow } from '../server/ask.js';
import { askAs } from '../server/ask-as.js';
import { mlnProcess, type DaemonProcess } from '../server/mln-process.js';
import { packageOf } from './project-package.js';

/*
 * A daemon that is root runs User-Mode Linux guests of others as a user of their own: here `nobody`.
 */

const asRoot = process.getuid?.() === 0 ? test : test.skip;
const mln = mlnProcess();
const here = { MLN_SERVICE_HOST: 'here' };
const projects = join(mln.folder, 'state/users/nobody/projects');
let port: number;
let otherPort: number;
let daemon: DaemonProcess;

beforeAll(async () => {
  [port, otherPort] = [await freePort(), await freePort()];
  mln.configure({ listen: [`127.0.0.1:${port}`], guestUser: 'nobody', servers: { there: `127.0.0.1:${otherPort}` } });
  await mln.run(['ca', 'init'], here);
  await mln.run(['ca', 'issue', 'alice', '--user', '--out', join(mln.folder, 'alice')], here);
  writeFileSync(
    join(mln.folder, 'fleet/roles.yaml'),
    "roles:\n  - name: all\n    principals: [local, 'user:alice']\n    verbs: [all, admin]\n",
  );
  chmodSync(mln.folder, 0o755);
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

/** A project of User-Mode Linux guests; one of them belongs to another server, where a name is given. */
function guests(name: string, elsewhere: string | null = null) {
  const sent = packageOf(name, ['a', 'b']);
  const hosts = sent.project.hosts.map((host) => ({
    ...host,
    hypervisor: 'uml',
    serviceHost: host.name === 'b' ? elsewhere : null,
  }));
  return { ...sent, project: { ...sent.project, hosts } };
}

async function carryOut(who: string, operation: string, project: string, more: object = {}) {
  const body = { scope: 'whole', operation, project, options: {}, ...more };
  const answered =
    who === 'local'
      ? await ask(mln.socket, 'POST', '/v1/operations', { body })
      : await askAs({ folder: mln.folder, port, who }, 'POST', '/v1/operations', body);
  if (answered.status !== 202) throw new Error(answered.text);
  const id = String(answered.json?.['id']);
  return { id, log: await follow(mln.socket, id) };
}

asRoot('guests of others run as that user, in folders of their own', async () => {
  const { id, log } = await carryOut('alice', 'build', 'lab', { package: guests('lab') });
  expect(log.at(-1)).toMatchObject({ kind: 'end', state: 'done', exit: 0 });
  expect(existsSync(join(mln.projects, 'lab'))).toBe(false);
  const { uid, mode } = statSync(join(projects, 'lab/a/start'));
  expect([uid, mode & 0o777]).toEqual([65534, 0o700]);
  await carryOut('alice', 'start', 'lab');
  expect(statSync(join(projects, 'lab/a/up')).uid).toBe(65534);
  // What the daemon writes that user may read, and no more; nobody else may do either.
  const folder = join(mln.folder, 'state/operations', id);
  expect(
    [folder, join(folder, 'request.json'), join(folder, 'worker')].map((path) => {
      const found = statSync(path);
      return [found.uid, found.gid, (found.mode & 0o777).toString(8)];
    }),
  ).toEqual([
    [0, 65534, '750'],
    [0, 65534, '640'],
    [65534, 65534, '700'],
  ]);
});

asRoot('a name that has been taken by a project of another user is refused', async () => {
  const body = { scope: 'whole', operation: 'build', project: 'lab', options: {}, package: guests('lab') };
  const refused = await ask(mln.socket, 'POST', '/v1/operations', { body });
  expect(refused.json).toMatchObject({ problems: [{ code: 'MLN_PROJECT_EXISTS' }] });
  await carryOut('local', 'build', 'own', { package: guests('own') });
  expect(statSync(join(mln.projects, 'own')).uid).toBe(0);
});

asRoot('what it asks of other servers goes through the daemon, in the name of whoever asked', async () => {
  const cut = await carryOut('alice', 'build', 'wide', { package: guests('wide', 'there') });
  expect(JSON.stringify(cut.log)).toContain('MLN_NO_SERVER');
  expect(cut.log.at(-1)).toMatchObject({ kind: 'end', state: 'failed' });

  const there = await otherServer();
  // What was built here when the other server was gone stays, and is replaced.
  const { log } = await carryOut('alice', 'build', 'wide', { package: guests('wide', 'there'), replace: true });
  expect(log.at(-1)).toMatchObject({ kind: 'end', state: 'done', exit: 0 });
  expect(statSync(join(projects, 'wide/a')).uid).toBe(65534);
  expect(statSync(join(there.folder, 'state/users/nobody/projects/wide/b')).uid).toBe(65534);
  const asked = there.daemon.lines.filter(({ msg, status }) => msg === 'request' && status === 202);
  expect(asked[0]).toMatchObject({ principal: 'server:here', onBehalfOf: 'user:alice', path: '/v1/operations' });
  there.daemon.child.kill('SIGTERM');
  expect(await there.daemon.ended).toBe(0);
});

/** The server `there` of the same fleet, as a daemon of its own. */
async function otherServer(): Promise<{ readonly folder: string; readonly daemon: DaemonProcess }> {
  const folder = join(mln.folder, 'there');
  const configuration = join(folder, 'mln.config.json');
  await mln.run(['ca', 'issue', 'there', '--server', '--out', join(folder, 'fleet')], here);
  writeFileSync(
    join(folder, 'fleet/roles.yaml'),
    "roles:\n  - name: all\n    principals: ['server:*', 'user:alice']\n    verbs: all\n",
  );
  const options = {
    listen: [`127.0.0.1:${otherPort}`],
    guestUser: 'nobody',
    socket: join(folder, 'socket'),
    state: join(folder, 'state'),
    fleet: join(folder, 'fleet'),
  };
  writeFileSync(configuration, JSON.stringify({ plugins: ['../fake.js', ['../plugin', options]] }));
  chmodSync(folder, 0o755);
  const environment = { MLN_SERVICE_HOST: 'there', MLN_CONFIG: configuration, MLN_PROJECTS: join(folder, 'projects') };
  return { folder, daemon: await mln.daemon(environment) };
}

asRoot('where there is no such user it is said how one is had', async () => {
  mln.configure({ listen: [`127.0.0.1:${port}`], guestUser: 'mln-nobody-at-all' });
  daemon.lines.length = 0;
  daemon.child.kill('SIGHUP');
  await daemon.said('configuration, certificates and roles are read anew');
  const body = { scope: 'whole', operation: 'build', project: 'more', options: {}, package: guests('more') };
  const refused = await askAs({ folder: mln.folder, port, who: 'alice' }, 'POST', '/v1/operations', body);
  expect(refused.text).toContain('there is no user mln-nobody-at-all');
  expect(refused.text).toContain('useradd --system');
  expect(readFileSync('/etc/passwd', 'utf8')).not.toContain('mln-nobody-at-all');
});
