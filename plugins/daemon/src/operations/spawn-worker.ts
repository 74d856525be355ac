import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { failure, startTime, type Mln } from '@mln/core';
import { RELAY_VARIABLE } from '../client/relay.js';
import type { OperationFolder, Run, WorkerMark } from './folder.js';

/** What a worker does: carries an operation out, or puts right what a dead one left. */
export type Task = 'work' | 'recover';

/** Begins the worker of an operation: a process of its own, which goes on when the daemon ends. */
export type SpawnWorker = (folder: OperationFolder, run: Run, task: Task) => ChildProcess;

/** What begins the mln that runs. */
const ownCommand = (): readonly string[] => [process.execPath, ...process.execArgv, process.argv[1] ?? ''];

/** A process of mln's own that works for a user: what begins it, and how. */
export function processOf(
  { configuration: { serviceHost }, folders }: Pick<Mln, 'configuration' | 'folders'>,
  { user, projects, templates }: Run,
  command: readonly string[] = ownCommand(),
  more: NodeJS.ProcessEnv = {},
): { readonly program: string; readonly args: readonly string[]; readonly options: SpawnOptions } {
  const [program = '', ...args] = command;
  const config = configFlag(process.argv);
  return {
    program,
    args,
    options: {
      env: {
        ...(user ? environmentOf(user.name, projects) : own()),
        MLN_PROJECTS: projects,
        MLN_TEMPLATES: templates,
        MLN_FILES: folders.files,
        ...(serviceHost === null ? {} : { MLN_SERVICE_HOST: serviceHost }),
        ...(config === undefined ? {} : { MLN_CONFIG: config }),
        ...more,
        NO_COLOR: '1',
      },
      ...(user ? { uid: user.uid, gid: user.gid } : {}),
    },
  };
}

/** How workers are begun: by the mln that runs, with its configuration. */
export function workerSpawner(
  mln: Pick<Mln, 'configuration' | 'folders'>,
  command: readonly string[] = ownCommand(),
): SpawnWorker {
  return (folder, run, task) => {
    // The worker's user may have put anything there.
    const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;
    const output = openSync(folder.output, O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_WRONLY, 0o600);
    if (!fstatSync(output).isFile()) {
      closeSync(output);
      throw failure('MLN_DAEMON', `${folder.output} is no file: no worker is begun`);
    }
    const relay = run.user ? { [RELAY_VARIABLE]: folder.relay } : {};
    const { program, args, options } = processOf(mln, run, command, relay);
    try {
      const child = spawn(program, [...args, 'daemon-worker', folder.path, task], {
        ...options,
        detached: true,
        stdio: ['ignore', output, output],
      });
      child.unref();
      return child;
    } finally {
      closeSync(output);
    }
  };
}

/** What the daemon was told by `--config`. */
function configFlag(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((word) => word === '--config' || word.startsWith('--config='));
  if (at < 0) return undefined;
  return argv[at] === '--config' ? argv[at + 1] : argv[at]?.slice('--config='.length);
}

function own(): NodeJS.ProcessEnv {
  const { NOTIFY_SOCKET: _socket, ...rest } = process.env;
  return rest;
}

/** Nothing of what root's own environment may hold. */
function environmentOf(user: string, projects: string): NodeJS.ProcessEnv {
  const names = ['PATH', 'LANG', 'TZ', 'TMPDIR', 'MLN_CONFIG'];
  const kept = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  return { ...kept, HOME: projects, USER: user, LOGNAME: user };
}

/** Tells whether the process that says it works on an operation still does: nobody else's process is taken for it. */
export function worksOn(folder: OperationFolder, mark: WorkerMark): boolean {
  if (!Number.isInteger(mark.pid) || mark.pid <= 1 || startTime(mark.pid) !== mark.started) return false;
  try {
    const words = readFileSync(`/proc/${mark.pid}/cmdline`, 'utf8').split('\0');
    return words.includes('daemon-worker') && words.some((word) => basename(word) === basename(folder.path));
  } catch {
    return false;
  }
}
