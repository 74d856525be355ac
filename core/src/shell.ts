import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { failure, systemFailure } from './errors.js';

export interface ShellOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Milliseconds after which the program is killed. */
  readonly timeout?: number;
  /** What it prints on stdout is of no interest: stdout comes back empty. */
  readonly ignoreStdout?: boolean;
  /** Exit codes that are not failures; 0 where left out. */
  readonly accept?: readonly number[];
  /** Is given each line of stderr as it is printed. */
  readonly heard?: (line: string) => void;
}

export interface ShellResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program, never through a shell. Throws an MlnError that names it when it is missing or fails. */
export type Shell = (program: string, args: readonly string[], options?: ShellOptions) => Promise<ShellResult>;

/** Which Debian package holds a program, for hints. */
const packages: Record<string, string> = {
  debugfs: 'e2fsprogs',
  e2fsck: 'e2fsprogs',
  resize2fs: 'e2fsprogs',
  mke2fs: 'e2fsprogs',
  e2image: 'e2fsprogs',
  e2undo: 'e2fsprogs',
  'linux.uml': 'user-mode-linux',
  uml_switch: 'uml-utilities',
  uml_mconsole: 'uml-utilities',
  vde_switch: 'vde2',
  'slirp-fullbolt': 'slirp',
  busybox: 'busybox-static',
  screen: 'screen',
  xterm: 'xterm',
  mkswap: 'util-linux',
  setarch: 'util-linux',
  fallocate: 'util-linux',
  zstd: 'zstd',
  xz: 'xz-utils',
  gzip: 'gzip',
  gpgv: 'gpgv',
  setsid: 'util-linux',
  flock: 'util-linux',
  unshare: 'util-linux',
  findmnt: 'util-linux',
  script: 'bsdutils',
  ip: 'iproute2',
  bridge: 'iproute2',
  mmdebstrap: 'mmdebstrap',
  fakeroot: 'fakeroot',
  fakechroot: 'fakechroot',
  setpriv: 'util-linux',
  newuidmap: 'uidmap',
  vgs: 'lvm2',
  lvs: 'lvm2',
  xl: 'xen-utils-common',
};

/** The library that runs programs, loaded when the first one is run. */
export async function loadExeca(): Promise<(typeof import('execa'))['execa']> {
  return (await import('execa')).execa;
}

/** The one place where programs are run. Administrators' folders are looked through too: e2fsprogs lives there. */
export const runShell: Shell = async (program, args, options = {}) => {
  const execa = await loadExeca();
  const result = await execa(program, args, {
    reject: false,
    stripFinalNewline: false,
    // Whoever ends mln may leave its children be: what they half made is told apart and taken away, see recover.ts.
    cleanup: false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...inherited(), ...options.env },
    extendEnv: false,
    ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
    ...(options.ignoreStdout === true ? { stdout: 'ignore' as const } : {}),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    ...(options.heard === undefined ? {} : { stderr: eachLine(options.heard) }),
  });
  if (result.timedOut)
    throw failure('MLN_COMMAND_FAILED', `${program} did not end within ${(options.timeout ?? 0) / 1000} s`);
  if (result.exitCode === undefined) throw cannotRun(program, result.cause ?? result.originalMessage);
  const { exitCode, stderr } = result;
  // What is ignored is not read.
  const stdout = result.stdout ?? '';
  if (!(options.accept ?? [0]).includes(exitCode)) throw commandFailed(program, args, { exitCode, stdout, stderr });
  return { exitCode, stdout, stderr };
};

/** Passes lines on as they are, and lets them be heard. */
function eachLine(heard: (line: string) => void) {
  return function* (line: unknown): Generator {
    heard(String(line));
    yield line;
  };
}

/** What a program that failed is told as: its own last words. */
export function commandFailed(
  program: string,
  args: readonly string[],
  { exitCode, stdout, stderr }: ShellResult,
): Error {
  const words = (stderr.trim() || stdout.trim()).split('\n').slice(-5).join('\n');
  const full = /No space left on (?:device|the disk)|Disk quota exceeded/i.test(words);
  return failure(
    full ? 'MLN_NO_SPACE' : 'MLN_COMMAND_FAILED',
    `${program} ended with ${exitCode}: ${words || 'it said nothing'}`,
    {
      hint: full ? 'free some space and try again' : `the command was: ${[program, ...args].join(' ')}`,
    },
  );
}

export function searchPath(): string {
  return `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin:/sbin`;
}

let environment: NodeJS.ProcessEnv | undefined;

/** What programs inherit; made once, as a build runs hundreds. */
function inherited(): NodeJS.ProcessEnv {
  environment ??= { ...process.env, LC_ALL: 'C', PATH: searchPath() };
  return environment;
}

/** An error for a program that is not installed, with the Debian package that holds it. */
export function noProgram(program: string): Error {
  return failure('MLN_NO_PROGRAM', `the program ${program} is not installed`, { hint: packageHint(program) });
}

/** Tells how to install a program, where its package is known. */
export function packageHint(program: string): string | undefined {
  const holding = packageOf(program);
  return holding === undefined ? undefined : `on Debian: apt-get install ${holding}`;
}

/** The Debian package that holds a program, where it is known. */
export function packageOf(program: string): string | undefined {
  return Object.hasOwn(packages, program) ? packages[program] : undefined;
}

function isNowhere(program: string): boolean {
  return (
    !program.includes('/') &&
    !searchPath()
      .split(':')
      .some((folder) => existsSync(join(folder, program)))
  );
}

/** What to do where a program cannot be begun for want of processes. */
export const noProcesses = 'end some of yours, or raise their limit: ulimit -u';

function cannotRun(program: string, cause: unknown): Error {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  // With a folder in PATH that may not be searched, what is nowhere is said to be forbidden.
  if (code === 'ENOENT' || (code === 'EACCES' && isNowhere(program))) return noProgram(program);
  if (code === 'EAGAIN')
    return failure('MLN_IO', `${program} cannot be run: no more processes may be begun`, { cause, hint: noProcesses });
  return systemFailure(cause, `${program} cannot be run`);
}
