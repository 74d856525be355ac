import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Why these tests cannot run here; null where they can. */
export const hindrance: string | null = hindranceHere();

function hindranceHere(): string | null {
  if (process.getuid?.() !== 0) return 'network namespaces are root’s';
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun';
  const missing = ['ip', 'bridge', 'busybox', 'vde_switch', 'vde_plug', 'vde_plug2tap'].filter(
    (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0,
  );
  return missing.length > 0 ? `missing: ${missing.join(', ')}` : null;
}

/** A network namespace of a test; everything in it goes with it. */
export interface Namespace {
  readonly name: string;
  /** Runs a program in it, and gives what it prints. */
  run(program: string, ...args: readonly string[]): Promise<string>;
  /** Begins a program in it, that ends with it. */
  begin(program: string, args: readonly string[], script?: string): ChildProcess;
  /** Whether an address answers, and nothing that is sent comes twice. */
  pings(address: string): Promise<boolean>;
  /** The SHA-256 of what it is served by another, see {@link serve}. */
  fetch(address: string): Promise<string>;
  close(): Promise<void>;
}

let made = 0;

export async function namespace(): Promise<Namespace> {
  made += 1;
  const name = `mlnt${process.pid}-${made}`;
  await run('ip', ['netns', 'add', name]);
  await run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  const begun: ChildProcess[] = [];
  const inside = async (program: string, ...args: readonly string[]): Promise<string> =>
    (await run('ip', ['netns', 'exec', name, program, ...args])).stdout;
  return {
    name,
    run: inside,
    begin(program, args) {
      const child = spawn('ip', ['netns', 'exec', name, program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
      begun.push(child);
      return child;
    },
    async pings(address) {
      // Nobody who did not answer before is thought of as gone.
      await inside('ip', 'neighbour', 'flush', 'all');
      const said = await inside('busybox', 'ping', '-c', '2', '-i', '0.1', '-W', '1', address).catch(() => '');
      return said.includes(' 0% packet loss') && !/DUP|duplicates/.test(said);
    },
    async fetch(address) {
      return (await inside(process.execPath, '-e', client, address)).trim();
    },
    async close() {
      for (const child of begun) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill();
        await once(child, 'exit');
      }
      await run('ip', ['netns', 'delete', name]);
    },
  };
}

const PORT = 8000;
const server = `
const [bytes] = process.argv.slice(1).map(Number);
require('node:http').createServer((request, response) => {
  response.writeHead(200, { 'content-length': bytes });
  require('node:stream').Readable.from((function* () {
    for (let sent = 0; sent < bytes; sent += 65536) yield Buffer.alloc(Math.min(65536, bytes - sent), sent / 65536);
  })()).pipe(response);
}).listen(${PORT}, () => console.log('listens'));
`;
const client = `
require('node:http').get({ host: process.argv[1], port: ${PORT} }, (response) => {
  const hash = require('node:crypto').createHash('sha256');
  response.on('data', (chunk) => hash.update(chunk)).on('end', () => console.log(hash.digest('hex')));
});
`;

/** Has a namespace serve so many bytes over HTTP. */
export async function serve(inside: Namespace, bytes: number): Promise<void> {
  const child = inside.begin(process.execPath, ['-e', server, String(bytes)]);
  if (child.stdout) await once(child.stdout, 'data');
}

/** The SHA-256 of so many bytes as they are served. */
export function digestOf(bytes: number): string {
  const hash = createHash('sha256');
  for (let sent = 0; sent < bytes; sent += 65536)
    hash.update(Buffer.alloc(Math.min(65536, bytes - sent), sent / 65536));
  return hash.digest('hex');
}

/** A guest with one card on a vde_switch(1), by its folder. */
export async function guestOn(ctl: string, address: string): Promise<Namespace> {
  const inside = await namespace();
  inside.begin('vde_plug2tap', ['-s', ctl, 'tap0']);
  await until(async () => (await inside.run('ip', '-o', 'link').catch(() => '')).includes('tap0'));
  await inside.run('ip', 'address', 'add', address, 'dev', 'tap0');
  await inside.run('ip', 'link', 'set', 'tap0', 'up');
  return inside;
}

/** Joins two namespaces by a cable, with an address and a name at each end. */
export async function cable(
  one: readonly [Namespace, device: string, address: string | null],
  other: readonly [Namespace, device: string, address: string | null],
): Promise<void> {
  await run('ip', [
    '-n',
    one[0].name,
    'link',
    'add',
    one[1],
    'type',
    'veth',
    'peer',
    'name',
    other[1],
    'netns',
    other[0].name,
  ]);
  for (const [inside, device, address] of [one, other]) {
    if (address !== null) await inside.run('ip', 'address', 'add', address, 'dev', device, 'nodad');
    await inside.run('ip', 'link', 'set', device, 'up');
  }
}

/** Waits until something is so. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await condition()) return;
    await pause(50);
  }
  throw new Error(`not so within 20 s: ${String(condition)}`);
}
