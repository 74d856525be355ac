import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { install } from '../guests/installation.js';
import type { Result } from '../guests/support.js';
import { openBed } from './bed.js';
import { pack } from './tree.js';

interface Options {
  /** How long a program may take before it is killed. */
  readonly seconds?: number;
  /** What it reads. */
  readonly input?: string;
}

/** A machine of its own in QEMU, with Xen and mln on it; one talks to its dom0, as root. */
export interface Machine {
  /** Runs a program of the dom0 to its end. */
  run(command: readonly string[], options?: Options): Promise<Result>;
  /** Runs a command line of sh there, and fails unless it ends with 0. Gives what it printed. */
  sh(command: string, options?: Options): Promise<string>;
  /** Runs mln there, from /root. */
  mln(args: readonly string[], options?: Options): Promise<Result>;
  /** Runs mln there, and fails unless it ends with 0. Gives what it printed. */
  ok(args: readonly string[], options?: Options): Promise<string>;
  /** The last lines that the hypervisor and the dom0 have written on their console. */
  consoleEnd(): string;
  /** Switches it off, and removes all its files. */
  close(): Promise<void>;
}

/** The disk that a test may make its volumes on, in the dom0. */
export const spareDisk = '/dev/vdb';
/** Where the dom0 has what its guests boot. */
export const guestKernel = '/bed/vmlinux';
export const guestRamdisk = '/bed/guest.cpio';

/** Ends QEMU when those who have begun it are gone, however they ended: their end of standard input is closed then. */
const keeper = `
folder=$1
shift
exec 3<&0
"$@" </dev/null 3<&- &
machine=$!
{
  cat <&3 >/dev/null
  rm -rf "$folder"
  kill "$machine"
} &
watch=$!
exec 3<&-
wait "$machine"
kill "$watch" 2>/dev/null
`;

interface Answer extends Result {
  readonly id: number;
}

/** Boots a machine whose spare disk has some MiB; files are written by their paths. */
export async function bootMachine(spare: number, files: Readonly<Record<string, string>>): Promise<Machine> {
  const bed = openBed();
  const folder = mkdtempSync(join(tmpdir(), 'mln-dom0-'));
  const path = (name: string): string => join(folder, name);
  writeInitrd(folder, bed.dom0, files);
  writeFileSync(path('spare.img'), '');
  truncateSync(path('spare.img'), spare * 1024 * 1024);
  const drive = (file: string, more = ''): string[] => [
    '-drive',
    `file=${file},format=raw,if=virtio,cache=unsafe${more}`,
  ];
  const log = openSync(path('qemu.log'), 'w');
  const qemu = spawn(
    'sh',
    [
      ...['-c', keeper, 'sh', folder, 'qemu-system-x86_64'],
      ...['-accel', 'tcg,thread=multi', '-machine', 'pc', '-cpu', 'qemu64,+npt', '-smp', '2', '-m', '2048'],
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
      ...['-chardev', `file,id=console,path=${path('console.log')}`, '-serial', 'chardev:console'],
      ...['-device', 'virtio-serial-pci', '-device', 'virtserialport,chardev=agent,name=agent'],
      ...['-chardev', `socket,id=agent,path=${path('agent.sock')},server=on,wait=off`],
      ...drive(bed.image, ',readonly=on'),
      ...drive(path('spare.img')),
      ...['-kernel', bed.hypervisor],
      ...[
        '-append',
        'dom0_mem=768M,max:768M dom0_max_vcpus=1 console=com1 com1=115200,8n1 loglvl=warning guest_loglvl=warning',
      ],
      ...['-initrd', `${bed.kernel} console=hvc0 rdinit=/init loglevel=4,${path('initrd')}`],
    ],
    { stdio: ['pipe', log, log], detached: true },
  );
  closeSync(log);
  const ended = new Promise<void>((resolve) =>
    qemu.once('exit', () => {
      resolve();
    }),
  );
  const consoleEnd = (): string =>
    ['qemu.log', 'console.log']
      .map((name) => (existsSync(path(name)) ? readFileSync(path(name), 'utf8').slice(-2000) : ''))
      .join('');
  const close = async (): Promise<void> => {
    qemu.stdin?.end();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const socket = await connect(path('agent.sock'), qemu);
    return { ...(await talkTo(socket, ended, consoleEnd)), consoleEnd, close };
  } catch (error) {
    const end = consoleEnd();
    await close();
    throw new Error(`there is no machine to test on:\n${end}`, { cause: error });
  }
}

/** The root of the dom0, and behind it what this boot has of its own: the kernel unpacks one over the other. */
function writeInitrd(folder: string, dom0: string, files: Readonly<Record<string, string>>): void {
  const root = join(folder, 'own');
  mkdirSync(join(root, 'mln'), { recursive: true });
  cpSync(join(import.meta.dirname, 'dom0/init.sh'), join(root, 'init'));
  cpSync(join(import.meta.dirname, 'dom0/agent.js'), join(root, 'mln/agent.mjs'));
  install(join(root, 'mln/installation'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  pack(root, join(folder, 'own.cpio'));
  execFileSync('sh', ['-c', 'cat "$1" "$2/own.cpio" >"$2/initrd"', 'sh', dom0, folder]);
  rmSync(root, { recursive: true });
  rmSync(join(folder, 'own.cpio'));
}

/** Connects before the dom0 opens its side: it would read that nobody is there. */
async function connect(path: string, qemu: ChildProcess): Promise<Socket> {
  while (!existsSync(path)) {
    if (qemu.exitCode !== null) throw new Error('QEMU has ended at once');
    await pause(20);
  }
  const socket = createConnection(path);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

async function talkTo(
  socket: Socket,
  ended: Promise<void>,
  consoleEnd: () => string,
): Promise<Omit<Machine, 'close' | 'consoleEnd'>> {
  const waiting = new Map<number, (answer: Answer) => void>();
  const gone = ended.then(() => {
    throw new Error(`the machine has ended:\n${consoleEnd()}`);
  });
  gone.catch(() => undefined);
  createInterface({ input: socket }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    waiting.get(answer.id)?.(answer);
  });
  const answerTo = (id: number): Promise<Answer> =>
    Promise.race([new Promise<Answer>((resolve) => waiting.set(id, resolve)), gone]);
  await within(BOOT_SECONDS, answerTo(0), () => `the dom0 is not up after ${BOOT_SECONDS} s:\n${consoleEnd()}`);
  let last = 0;
  const run: Machine['run'] = async (command, { seconds = 120, input = '' } = {}) => {
    const id = (last += 1);
    const answered = answerTo(id);
    socket.write(`${JSON.stringify({ id, command, input, seconds })}\n`);
    const silent = (): string => `the dom0 has not told in time what came of ${command.join(' ')}:\n${consoleEnd()}`;
    const { code, stdout, stderr } = await within(seconds + GRACE_SECONDS, answered, silent);
    return { code, stdout, stderr };
  };
  const mln: Machine['mln'] = (args, options) => run(['/bed/node', '/mln/installation/bin/mln.js', ...args], options);
  return {
    run,
    mln,
    sh: async (command, options) => (await succeeded(command, run(['sh', '-c', command], options))).stdout,
    ok: async (args, options) => (await succeeded(`mln ${args.join(' ')}`, mln(args, options))).stdout,
  };
}

const BOOT_SECONDS = 240;
/** How long the agent, which ends programs that are late, may itself be late. */
const GRACE_SECONDS = 60;

/** What a promise gives, or an error where that takes longer. */
async function within<T>(seconds: number, promise: Promise<T>, message: () => string): Promise<T> {
  const over = new AbortController();
  const late = pause(seconds * 1000, undefined, { signal: over.signal }).then(() => {
    throw new Error(message());
  });
  late.catch(() => undefined);
  return Promise.race([promise, late]).finally(() => {
    over.abort();
  });
}

async function succeeded(what: string, running: Promise<Result>): Promise<Result> {
  const result = await running;
  if (result.code === 0) return result;
  throw new Error(`${what} ended with ${result.code ?? 'a signal'}:\n${result.stdout}${result.stderr}`);
}
