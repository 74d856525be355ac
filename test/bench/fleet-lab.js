/* A fleet for measurements: daemons on loopback addresses of their own, each a process, and whoever asks them. */
import { spawn, spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { mln } from './measure.js';

/** How many daemons are begun side by side. */
const AT_ONCE = 4;

/** A hypervisor whose guests are files, made and taken away by their scripts. */
const hypervisor = `import { existsSync } from 'node:fs';
export const manifest = { name: 'fake', version: '1.0.0', api: '^1.0.0' };
export default (mln) => {
  const { hooks, core } = mln;
  hooks.resolveUnit.tap('fake', (unit) => core.claim(unit, 'fake', unit.kind === 'host' ? { disks: [] } : {}));
  hooks.emitScripts.tap('fake', (_unit, scripts) => {
    for (const [name, act] of [['start', ': >up'], ['stop', 'rm -f up']])
      scripts.script(name, '#!/bin/sh\\ncd "$(dirname "$0")"\\n' + act + '\\n');
  });
  hooks.monitor.tap('fake', (statuses, units, project) => {
    const here = units.filter((unit) => core.isHere(mln, unit, project));
    const state = ({ name }) => (existsSync(project.directory + '/' + name + '/up') ? 'up' : 'down');
    const status = (unit) => ({ ...core.unknownStatus, ready: true, state: state(unit) });
    return new Map([...statuses, ...here.map((unit) => [unit.name, status(unit)])]);
  });
};
`;

/** Opens a fleet of so many daemons: node1 is 127.0.1.1, and so on. Whoever asks is the user bench, on no server. */
export async function openFleet(place, count) {
  const names = Array.from({ length: count }, (_, index) => `node${index + 1}`);
  const addressOf = (name) => `127.0.1.${name.slice('node'.length)}`;
  const port = await freePort();
  const identity = await createIdentities(join(place, 'certificates'));
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'fake.mjs'), hypervisor);
  const servers = Object.fromEntries(names.map((name) => [name, `${addressOf(name)}:${port}`]));
  const configure = async (name, kind, options, more = {}) => {
    const own = join(place, name);
    mkdirSync(own, { recursive: true });
    const file = join(own, 'mln.config.json');
    const fleet = await identity(name, kind, kind === 'server' ? [addressOf(name)] : []);
    const paths = { fleet, state: join(own, 'state'), socket: join(own, 'socket') };
    const configuration = {
      projects: join(own, 'projects'),
      templates: join(own, 'templates'),
      ...more,
      plugins: ['standard', join(place, 'fake.mjs'), ['@mln/plugin-daemon', { ...paths, servers, ...options }]],
    };
    writeFileSync(file, JSON.stringify(configuration));
    if (kind === 'server')
      writeFileSync(
        join(fleet, 'roles.yaml'),
        'roles:\n  - name: all\n    principals: ["user:*", local]\n    verbs: [all, host]\n',
      );
    return [process.execPath, mln[1], '--config', file];
  };

  const daemons = new Map();
  const close = () => Promise.all([...daemons.values()].map(ended));
  try {
    const waiting = [...names];
    const begin = async () => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        const listen = [servers[name]];
        const command = await configure(name, 'server', { listen, groups: ['bench'] }, { service_host: name });
        daemons.set(name, await startDaemon([...command, 'daemon']));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, begin));
    const command = await configure('bench', 'user', {});
    return {
      names,
      servers,
      addresses: names.map(addressOf),
      /** What begins mln as the user bench. */
      command,
      /** The folder of that user’s certificate. */
      certificates: join(place, 'certificates/bench'),
      pid: (name) => daemons.get(name).pid,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Ends a process, and waits until it has ended. */
async function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = once(child, 'exit');
  child.kill();
  await over;
}

/** Gives what makes a folder with a certificate of one authority, and its key. */
async function createIdentities(place) {
  const { certify, makeAuthority, makeKey } = await import('../../plugins/daemon/build/tls/certificates.js');
  const authority = await makeAuthority('bench');
  return async (name, kind, addresses) => {
    const folder = join(place, name);
    mkdirSync(folder, { recursive: true });
    const key = makeKey();
    const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
    writeFileSync(join(folder, 'self.pem'), await certify(authority, spki, { name, kind, days: 1, addresses }));
    writeFileSync(join(folder, 'ca.pem'), authority.certificate);
    writeFileSync(join(folder, 'self.key'), key, { mode: 0o600 });
    return folder;
  };
}

/** Begins `mln daemon`; gives its process once it answers. */
async function startDaemon([program, ...args]) {
  const daemon = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const said = [];
  for await (const line of createInterface(daemon.stderr)) {
    said.push(line);
    if (!line.includes('"ready"')) continue;
    // What it logs is read, as a journal would.
    daemon.stderr.resume();
    return daemon;
  }
  throw new Error(`a daemon did not begin: ${said.join('\n').slice(-1500)}`);
}

/** Runs a command to its end, while daemons are heard; gives seconds. */
export async function timed([program, ...args]) {
  const begun = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const [said, [status]] = await Promise.all([child.stderr.toArray(), once(child, 'close')]);
  const seconds = (performance.now() - begun) / 1000;
  if (status === 0) return seconds;
  throw new Error(`${program} ${args.join(' ').slice(0, 200)} ended with ${status}: ${said.join('').slice(-1500)}`);
}

export async function freePort() {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** An sshd on each of these addresses, with keys of their own. Throws what keeps them from being run. */
export async function openShells(place, addresses) {
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const [host, user] = ['host', 'user'].map((name) => join(place, name));
  for (const key of [host, user]) run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const port = await freePort();
  const settings = {
    Port: port,
    HostKey: host,
    PidFile: 'none',
    AuthorizedKeysFile: `${user}.pub`,
    StrictModes: 'no',
    UsePAM: 'no',
    PermitRootLogin: 'yes',
    UseDNS: 'no',
    PrintMotd: 'no',
  };
  if (process.getuid() === 0) mkdirSync('/run/sshd', { recursive: true });
  const { stdout: sshd } = spawnSync('sh', ['-c', 'command -v sshd'], { encoding: 'utf8' });
  const shells = [];
  const close = () => Promise.all(shells.map(ended));
  try {
    for (const address of addresses) {
      const file = join(place, `${address}.conf`);
      const all = Object.entries({ ...settings, ListenAddress: address });
      writeFileSync(file, all.map(([name, value]) => `${name} ${value}\n`).join(''));
      const shell = spawn(sshd.trim(), ['-D', '-e', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
      shells.push(shell);
      const said = [];
      for await (const line of createInterface(shell.stderr)) {
        said.push(line);
        if (line.includes('listening on')) break;
      }
      if (shell.exitCode !== null) throw new Error(`sshd does not run: ${said.join('\n')}`);
      shell.stderr.resume();
    }
  } catch (error) {
    await close();
    throw error;
  }
  const options = {
    Port: port,
    IdentityFile: user,
    IdentitiesOnly: 'yes',
    StrictHostKeyChecking: 'no',
    UserKnownHostsFile: '/dev/null',
    LogLevel: 'ERROR',
    BatchMode: 'yes',
  };
  return { options: Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]), close };
}

function run(program, args) {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ended with ${status ?? String(error)}: ${stderr}`);
}

/** Bytes of memory that a process has: proc(5). */
export function residentMemory(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
}
