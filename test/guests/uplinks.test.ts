import { spawn } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { exchange } from './exchange.js';
import { openLab, until, type Lab } from './support.js';

/* Ways out of a project that need no root: slirp, switches that others run, a vde_switch, folders of this machine. */

let lab: Lab;
/** Its name is what a shell, an fstab and a kernel’s command line each find hard. */
let shared: string;
const guest = 'memory 64M';

beforeAll(async () => {
  lab = await openLab();
  shared = join(lab.folder, 'it’s "my" $HOME, \\ and more');
  lab.write('it’s "my" $HOME, \\ and more/note', 'from outside\n');
}, 60_000);
afterEach(async () => {
  await lab.mln('stop', '-p', 'out', '-w', '0');
  await lab.mln('remove', '-p', 'out', '-y');
});
afterAll(async () => {
  await lab.close();
});

const build = (text: string): Promise<string> =>
  lab.ok('build', '-f', lab.write('out.mln', `global { project out }\n${text}\n`));
const start = (): Promise<string> => lab.ok('start', '-p', 'out', '--wait', '60');
const type = (host: string, command: string): Promise<string> => lab.type('out', host, command);
const quoted = (): string => `"${shared.replace(/["\\$]/g, '\\$&')}"`;

/** Starts a program as the lab's user in a folder of its own, and waits for a file that it makes. */
async function foreign(folder: string, command: readonly string[], socket: string): Promise<() => boolean> {
  lab.write(`${folder}/made`, '');
  const at = join(lab.folder, folder);
  const [program = '', ...args] = command;
  const child = spawn(program, args, { ...lab.spawnOptions, cwd: at, stdio: ['pipe', 'ignore', 'ignore'] });
  await until(() => existsSync(join(at, socket)), `${program} to listen`);
  return () => child.exitCode === null && child.signalCode === null;
}

test('slirp, and folders of this machine', async () => {
  const folders = `mount { ${quoted()} /rw hostfs\n${quoted()} /ro hostfs ro\n}`;
  await build(`host a { ${guest}; network eth0 { slirp }\n${folders} }`);
  await start();
  expect(await type('a', 'ip addr show eth0; ip route; cat /etc/resolv.conf')).toMatch(
    /10\.0\.2\.15\/24[^]*default via 10\.0\.2\.2[^]*nameserver 10\.0\.2\.3/,
  );
  expect(await type('a', 'ping -c 1 -w 10 10.0.2.2')).toContain('1 packets received');
  await exchange(lab, (command) => type('a', command), { listen: '127.0.0.1', call: '10.0.2.2' });
  expect(await type('a', 'cat /ro/note; echo from inside >/rw/new; touch /ro/x')).toMatch(
    /from outside[^]*Read-only file system/,
  );
  expect(readFileSync(join(shared, 'new'), 'utf8')).toBe('from inside\n');
  expect(lab.processes().join('\n')).toContain('slirp-fullbolt');
  await lab.ok('stop', '-p', 'out');
  await until(() => lab.processes().length === 0, 'slirp to end with its guest');
}, 90_000);

test('a folder that is not there is told before anything is built, and before a guest is started', async () => {
  const gone = join(lab.folder, 'gone');
  const file = lab.write('out.mln', `global { project out }\nhost a { mount { ${gone} /gone hostfs } }\n`);
  expect(await lab.mln('build', '-f', file)).toMatchObject({
    code: 65,
    stderr: expect.stringMatching(/out\.mln:2:1: error\[MLN_NO_FILE\].*\/gone is to show .*which does not exist/),
  });
  expect(existsSync(join(lab.projects, 'out'))).toBe(false);
  lab.write('gone/x', '');
  await lab.ok('build', '-f', file);
  rmSync(gone, { recursive: true });
  expect((await lab.mln('start', '-p', 'out')).stderr).toContain(`the folder ${gone}, which it mounts, is missing`);
  expect(lab.processes()).toEqual([]);
}, 60_000);

test('a vde_switch, and switches that others run', async () => {
  const lives = [
    await foreign('foreign', ['uml_switch', '-unix', 'ctl'], 'ctl'),
    await foreign('strange', ['vde_switch', '-s', 'vde'], 'vde/ctl'),
  ];
  const host = (name: string, last: number): string => {
    const cards = ['own', 'theirs', 'other'].map(
      (each, index) => `network eth${index} { switch ${each}; address 10.${index}.0.${last}/24 }`,
    );
    return `host ${name} { ${guest}; ${cards.join('; ')} }`;
  };
  const theirs = `switch theirs { socket ${join(lab.folder, 'foreign/ctl')} }`;
  const other = `switch other { socket ${join(lab.folder, 'strange/vde')} }`;
  await build(`${host('a', 1)}\n${host('b', 2)}\nswitch own { vde; hub }\n${theirs}\n${other}`);
  await start();
  for (const network of [0, 1, 2])
    expect(await type('a', `ping -c 1 -w 10 10.${network}.0.2`)).toContain('1 packets received');
  const own = join(lab.projects, 'out/own/ctl');
  expect([own, join(own, 'ctl')].map((path) => (lstatSync(path).mode & 0o777).toString(8))).toEqual(['700', '600']);
  expect(await lab.ok('status', '-p', 'out')).toMatch(/other +unknown[^]*own +up[^]*theirs +unknown/);
  process.kill(Number(readFileSync(join(lab.projects, 'out/own/pid'), 'utf8')), 'SIGKILL');
  await until(() => !lab.processes().some((each) => each.includes('vde_switch -s ctl')), 'the switch to die');
  expect(await lab.ok('status', '-p', 'out')).toMatch(/own +down .*died/);
  expect((await lab.mln('clean', '-p', 'out')).stderr).toContain('own.out');
  expect(existsSync(own)).toBe(false);
  await lab.ok('stop', '-p', 'out');
  expect(lives.map((lives) => lives())).toEqual([true, true]);
  expect(existsSync(join(lab.folder, 'foreign/ctl'))).toBe(true);
}, 90_000);

test('a vde_switch in a folder whose path is too long for a socket', async () => {
  const projects = join(lab.folder, 'long'.repeat(25));
  const file = lab.write('out.mln', 'global { project out }\nswitch own { vde }\n');
  const mln = (...args: string[]): Promise<string> => lab.ok('-P', projects, ...args);
  await mln('build', '-f', file);
  await mln('start', '-p', 'out');
  const ctl = join(projects, 'out/own/ctl');
  const place = (await lab.run('readlink', [ctl])).stdout.trim();
  expect(existsSync(join(place, 'ctl'))).toBe(true);
  await mln('stop', '-p', 'out');
  expect([place, ctl].filter((path) => existsSync(path))).toEqual([]);
}, 60_000);

test('what is no switch is told before a guest is started', async () => {
  await foreign('closed', ['uml_switch', '-unix', 'ctl'], 'ctl');
  const file = lab.write('no-socket', '');
  const closed = join(lab.folder, 'closed/ctl');
  chmodSync(closed, 0o000);
  const cases: readonly (readonly [path: string, expected: string])[] = [
    [join(lab.folder, 'nothing'), 'it does not exist, or you may not reach it'],
    [file, 'is neither the socket of a uml_switch nor the folder of a vde_switch'],
    [lab.folder, 'is neither the socket of a uml_switch nor the folder of a vde_switch'],
    [closed, 'you may not use the switch that listens on'],
  ];
  await build(cases.map(([path], index) => `switch s${index} { socket ${path} }`).join('\n'));
  const { code, stderr } = await lab.mln('start', '-p', 'out');
  expect(code).not.toBe(0);
  for (const [index, [path, expected]] of cases.entries())
    expect(stderr).toMatch(new RegExp(`s${index}: .*${path}.*${expected}|s${index}: .*${expected}.*${path}`));
}, 60_000);
