import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { typeIn, until } from '../guests/support.js';
import { openFleet, type Fleet } from './fleet.js';
import { stopAt } from './stopper.js';
import type { Server } from './node.js';

/*
 * The web site of examples/fleet over its three servers: built with one command, started, looked at from all sides, stopped
 * and removed, with guests that boot and switches that are joined.
 */

const example = join(import.meta.dirname, '../../examples/fleet');

let fleet: Fleet;
let [gateway1, backend3, backend4] = [] as unknown as [Server, Server, Server];
/** What lies about on each server before anything was built. */
let before: readonly unknown[] = [];

beforeAll(async () => {
  fleet = await openFleet({ servers: ['gateway1', 'backend3', 'backend4'], toys: true });
  [gateway1, backend3, backend4] = ['gateway1', 'backend3', 'backend4'].map((name) => fleet.server(name)) as [
    Server,
    Server,
    Server,
  ];
  cpSync(example, join(gateway1.folder, 'home/kafe'), { recursive: true });
  before = all().map(leftOn);
}, 120_000);
afterAll(async () => {
  await fleet.close();
});

type All = [Server, Server, Server];
const all = (): All => [gateway1, backend3, backend4];

/** What a project could have left on a server: processes, links, folders of projects, sockets and locks. */
function leftOn(server: Server): unknown {
  const users = join(server.state, 'users');
  const folders = [
    server.projects,
    join(server.state, 'tunnels'),
    ...(existsSync(users) ? readdirSync(users).map((user) => join(users, user, 'projects')) : []),
  ];
  return {
    processes: server.processes().map(({ command }) => command),
    links: server.links(),
    files: folders
      .map((folder) => (existsSync(folder) ? readdirSync(folder).filter((name) => !name.endsWith('.lock')) : []))
      .filter((names) => names.length > 0),
    temporary: readdirSync(join(server.folder, 'tmp')),
  };
}

/** Types on a guest's console, wherever its folder is. */
function type(server: Server, host: string, command: string): Promise<string> {
  const folder = server.project('kafe');
  if (folder === null) throw new Error(`there is no kafe on ${server.name}`);
  return typeIn(join(folder, host), command);
}

/** The processes of a guest. */
function guestsOn(server: Server, host: string): readonly number[] {
  return server.processes().flatMap(({ pid, command }) => (command.includes(` umid=${host} `) ? [pid] : []));
}

/** The session of a process, which is its guest's own: proc(5), stat. */
function sessionOf(pid: number): number {
  try {
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')[3],
    );
  } catch {
    return 0;
  }
}

const units = ['switch back-net', 'switch street', 'host gw', 'host visitor', 'host www1', 'host www2'];

/** The state of each unit, as a server's mln tells of it. */
async function states(server: Server): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await server.mln('status', '-p', 'kafe', '--json');
  const { items } = JSON.parse(stdout) as { items: { kind: string; name: string; state: string }[] };
  return Object.fromEntries(items.map(({ kind, name, state }) => [`${kind} ${name}`, state]));
}

const every = (state: string): Readonly<Record<string, string>> =>
  Object.fromEntries(units.map((unit) => [unit, state]));

test('one command builds it on all servers, each its part', async () => {
  const { code, stdout, stderr } = await gateway1.mln('build', '-f', 'kafe/kafe.mln');
  expect({ code, stderr: stdout + stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(/kafe is built: 4 hosts/),
  });
  const built = (server: Server): readonly string[] => {
    const folder = server.project('kafe') ?? '';
    return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'start')));
  };
  expect(all().map((server) => [...built(server)].sort())).toEqual([
    ['back-net', 'gw', 'street', 'visitor'],
    ['back-net', 'www1'],
    ['back-net', 'www2'],
  ]);
}, 120_000);

test('what goes to the servers is sent once', async () => {
  const sent = (server: Server): number => server.said().match(/"method":"PUT","path":"\/v1\/blobs\//g)?.length ?? 0;
  const first = all().map(sent);
  // The template, and the page; at home there is nothing to send.
  expect(first).toEqual([0, 2, 2]);
  await gateway1.ok('build', '-y', '-f', 'kafe/kafe.mln');
  expect(all().map(sent)).toEqual(first);
}, 60_000);

test('the daemon of a server is killed while its guest is about to start; it comes again, and the start is given again', async () => {
  const stop = stopAt(backend3, 'start hosts');
  const starting = gateway1.mln('start', '-p', 'kafe');
  await stop.reached();
  await backend3.kill();
  await backend3.up();
  stop.go();
  expect([0, 3]).toContain((await starting).code);
  await gateway1.ok('start', '-p', 'kafe');
  expect(await states(gateway1)).toEqual(every('up'));
  // The kernel's own processes have its command line, and are of one session.
  expect(new Set(guestsOn(backend3, 'www1').map(sessionOf)).size).toBe(1);
}, 120_000);

test('one command starts it; guests of different servers ping each other, and fetch a MiB', async () => {
  await gateway1.ok('start', '-p', 'kafe', '--wait', '60');
  expect(await states(gateway1)).toEqual(every('up'));
  expect(await type(backend3, 'www1', 'ping -c 1 -W 10 10.0.0.143')).toContain('1 packets received');
  expect(await type(gateway1, 'gw', 'ping -c 1 -W 10 10.0.0.142')).toContain('1 packets received');
  const make = 'head -c 1048576 /dev/urandom >/var/www/big && md5sum </var/www/big';
  const [digest] = /[0-9a-f]{32}/.exec(await type(backend4, 'www2', make)) ?? [];
  expect(digest).toBeDefined();
  const fetched = await type(backend3, 'www1', 'wget -q -O /tmp/big http://10.0.0.143/big && md5sum </tmp/big');
  expect(fetched).toContain(digest);
  // Over a switch of one server, the gateway, and a switch of three.
  expect(await type(gateway1, 'visitor', 'wget -q -O - http://10.0.0.142/')).toContain('Open from seven to seven.');
}, 180_000);

test('every server tells the state of all of them', async () => {
  for (const server of all()) expect(await states(server)).toEqual(every('up'));
}, 60_000);

test('guests of others are no processes of root', () => {
  for (const [server, host] of [
    [backend3, 'www1'],
    [backend4, 'www2'],
  ] as const) {
    const guests = guestsOn(server, host);
    expect(guests.length).toBeGreaterThan(0);
    for (const pid of guests) expect(statSync(`/proc/${pid}`).uid).toBe(fleet.guestUid);
  }
});

test('a guest that is to run comes back when it is killed, and reaches the others again', async () => {
  const [first = 0] = guestsOn(backend4, 'www2');
  const session = sessionOf(first);
  process.kill(-session, 'SIGKILL');
  await until(() => guestsOn(backend4, 'www2').some((pid) => sessionOf(pid) !== session), 'www2 to come back');
  expect(await type(backend4, 'www2', 'ping -c 1 -W 10 10.0.0.141')).toContain('1 packets received');
}, 120_000);

test('daemon-status shows what each server has, and a group of them', async () => {
  const rows = (text: string): readonly (readonly string[])[] =>
    text
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
  const shown = await backend4.ok('daemon-status');
  for (const name of ['gateway1', 'backend3', 'backend4'])
    expect(
      rows(shown)
        .find(([first]) => first === name)
        ?.slice(1, 3),
    ).toEqual(['1', name === 'gateway1' ? '2' : '1']);
  const group = await gateway1.ok('daemon-status', '-g', 'backends');
  expect(group).toContain('backend3');
  expect(group).not.toContain('gateway1');
}, 60_000);

test('a command that is given on another server goes home: it stops, starts and makes no second copy', async () => {
  await backend4.ok('stop', '-p', 'kafe', '-h', 'www1');
  expect(await states(backend4)).toEqual({ ...every('up'), 'host www1': 'down' });
  await backend3.ok('stop', '-p', 'kafe', '-w', '40');
  expect(await states(backend3)).toEqual(every('down'));
  const home = (server: Server): unknown =>
    (
      JSON.parse(readFileSync(join(server.project('kafe') ?? '', 'state.json'), 'utf8')) as {
        project: { home: unknown };
      }
    ).project.home;
  expect(all().map(home)).toEqual(['gateway1', 'gateway1', 'gateway1']);
  // So does a build. What the home's own root has built is not replaced by what would run as another user.
  cpSync(example, join(backend3.folder, 'home/kafe'), { recursive: true });
  const { code, stderr } = await backend3.mln('build', '-y', '-f', 'kafe/kafe.mln');
  expect(stderr).toContain('kafe is at home on gateway1');
  if (process.getuid?.() !== 0) expect(code).toBe(0);
  else
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/MLN_PROJECT_EXISTS[^]*gateway1: kafe is built here already/),
    ]);
  expect(all().map(home)).toEqual(['gateway1', 'gateway1', 'gateway1']);
  for (const server of [backend3, backend4]) expect(existsSync(join(server.projects, 'kafe'))).toBe(false);
}, 120_000);

test('removed, nothing of it is left on any server', async () => {
  await gateway1.ok('remove', '-p', 'kafe', '-y');
  for (const server of all())
    await until(() => server.processes().length === 0, `all processes on ${server.name} to end`);
  expect(all().map(leftOn)).toEqual(before);
  for (const server of all()) {
    expect(server.project('kafe')).toBeNull();
    // Operations that have ended are kept for who asks what became of them; nothing runs, and no upload is left open.
    const running = (await server.ok('operations', 'list', '-r'))
      .split('\n')
      .filter((line) => /\b(running|waiting)\b/.test(line));
    expect(running).toEqual([]);
  }
  const mounts = execFileSync('cat', ['/proc/mounts'], { encoding: 'utf8' });
  expect(mounts).not.toContain(`${fleet.folder}/`);
}, 120_000);
