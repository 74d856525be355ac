import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { processesIn, resultOf, until, type Result } from '../guests/support.js';
import type { Readable } from 'node:stream';
import type { Machine } from './network.js';

type Running = ChildProcessByStdio<null, Readable, Readable>;

/** A machine of the fleet. */
export interface Node extends Machine {
  readonly name: string;
  readonly folder: string;
  readonly projects: string;
  readonly templates: string;
  /** What the daemon keeps. */
  readonly state: string;
  readonly fleet: string;
  /** Runs mln there to its end. */
  mln(...args: readonly string[]): Promise<Result>;
  /** Runs mln there, and fails unless it ends with 0. Gives what it printed. */
  ok(...args: readonly string[]): Promise<string>;
  /** Begins to run mln there. */
  begin(args: readonly string[]): Running;
  write(name: string, text: string): string;
}

/** A machine whose daemon answers for it. */
export interface Server extends Node {
  /** Starts the daemon, and waits until it says that it is ready. */
  up(): Promise<void>;
  /** Ends it at once, whatever it does. */
  kill(): Promise<void>;
  /** Waits until it has ended by itself; gives its signal, or its code. */
  ended(): Promise<string | number | null>;
  /** The process of the daemon. */
  pid(): number;
  /** What it has written on stderr. */
  said(): string;
  /** The folder of a built project there, whoever its units run as; null where there is none. */
  project(name: string): string | null;
  /** What works in its folders, but for the daemon: guests, switches, workers. */
  processes(): readonly { readonly pid: number; readonly command: string }[];
}

/** Where machines are, and what they run. */
export interface Installed {
  readonly folder: string;
  /** mln. */
  readonly program: string;
  /** A folder of programs that are found before others of the name. */
  readonly bin: string;
}

/** Makes the folders of a machine, in which nothing is configured yet. */
export function makeNode({ folder, program, bin }: Installed, name: string, machine: Machine): Node {
  const own = join(folder, name);
  const at = (path: string): string => join(own, path);
  for (const each of ['home', 'run', 'tmp', 'stopper']) mkdirSync(at(each), { recursive: true });
  chmodSync(at('tmp'), 0o1777);
  // Whoever carries an operation out says there how far it is.
  chmodSync(at('stopper'), 0o777);
  const environment = {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    HOME: at('home'),
    LANG: 'C.UTF-8',
    LD_LIBRARY_PATH: process.env['LD_LIBRARY_PATH'] ?? '',
    TMPDIR: at('tmp'),
    XDG_RUNTIME_DIR: at('run'),
    MLN_CONFIG: at('mln.config.json'),
    NOTIFY_SOCKET: at('notified'),
  };
  const begin: Node['begin'] = (args) => {
    const [first = process.execPath, ...rest] = [...machine.inside, process.execPath, program, ...args];
    return spawn(first, rest, { cwd: at('home'), env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  };
  const node: Node = {
    ...machine,
    name,
    folder: own,
    projects: at('projects'),
    templates: at('templates'),
    state: at('daemon'),
    fleet: at('fleet'),
    begin,
    mln: (...args) => resultOf(begin(args)),
    async ok(...args) {
      const { code, stdout, stderr } = await node.mln(...args);
      if (code === 0) return stdout;
      throw new Error(`mln ${args.join(' ')} on ${name} ended with ${code ?? 'a signal'}:\n${stdout}${stderr}`);
    },
    write(path, text) {
      mkdirSync(dirname(at(`home/${path}`)), { recursive: true });
      writeFileSync(at(`home/${path}`), text);
      return at(`home/${path}`);
    },
  };
  return node;
}

/** Makes a server of a machine; its daemon does not run yet. */
export function makeServer(node: Node): Server {
  const { name, folder, projects, state } = node;
  const notified = join(folder, 'notified');
  let daemon: Running | null = null;
  let said = '';
  const isReady = (): boolean => existsSync(notified) && readFileSync(notified, 'utf8').includes('READY=1');
  const folders = (): readonly string[] => {
    const users = join(state, 'users');
    return [projects, ...(existsSync(users) ? readdirSync(users).map((user) => join(users, user, 'projects')) : [])];
  };
  const server: Server = {
    ...node,
    async up() {
      rmSync(notified, { force: true });
      const child = node.begin(['daemon']);
      daemon = child;
      child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
      child.stdout.resume();
      await until(() => isReady() || hasEnded(child), `the daemon of ${name}`);
      if (hasEnded(child)) throw new Error(`the daemon of ${name} has ended:\n${said}`);
    },
    async kill() {
      daemon?.kill('SIGKILL');
      await server.ended();
    },
    ended: () => endOf(daemon),
    pid: () => daemon?.pid ?? 0,
    said: () => said,
    project: (wanted) =>
      folders()
        .map((path) => join(path, wanted))
        .find((path) => existsSync(path)) ?? null,
    processes: () => processesIn(folder).filter(({ pid }) => pid !== daemon?.pid),
  };
  return server;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Waits for the end of a program; gives its signal, or its code. */
export function endOf(child: ChildProcess | null): Promise<string | number | null> {
  if (!child) return Promise.resolve(null);
  if (hasEnded(child)) return Promise.resolve(child.signalCode ?? child.exitCode);
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(signal ?? code);
    });
  });
}
