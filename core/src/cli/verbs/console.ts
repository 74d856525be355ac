import { constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure } from '../../errors.js';
import { requireHost } from '../../operate.js';
import { statusesOf } from '../../monitor.js';
import { chosenHostHere } from '../choose.js';
import { followLog } from '../follow.js';

/** Ctrl-], as telnet has it. */
const LEAVE = 0x1d;
/** Bytes of what the console showed last. */
const LAST = 2048;

/** Milliseconds in which a console must be silent before piped input counts as answered. */
const QUIET = 1000;
/** Milliseconds between two looks at whether the host still runs. */
const LOOK = 1000;

/**
 * Joins this terminal with a host's console: what is typed goes into console.in, what the console shows is read from
 * its log. Any number of terminals may do so. It ends with Ctrl-], with the host, or with the answer to piped input.
 */
export async function console(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  const { project, host } = await chosenHostHere(context, args[0] ?? '', options);
  const isUp = async (): Promise<boolean> =>
    (await statusesOf(mln, project, [requireHost(project, host)])).get(host)?.state === 'up';
  if (!(await isUp()))
    throw failure('MLN_NO_UNIT', `${host}.${project.name} does not run`, {
      hint: `mln start -p ${project.name} -h ${host}`,
    });
  const folder = join(project.directory, host);
  const input = openInput(join(folder, 'console.in'), `${host}.${project.name}`);
  terminal.note(`console of ${host}.${project.name}; Ctrl-] leaves it`);
  const left = new AbortController();
  const watch = setInterval(() => {
    void isUp().then((up) => {
      if (!up) left.abort();
    });
  }, LOOK);
  let heard = performance.now();
  const show = (bytes: Buffer): void => {
    heard = performance.now();
    process.stdout.write(bytes);
  };
  void sendKeys(input, left.signal)
    .then(async () => {
      while (!process.stdin.isTTY && performance.now() - heard < QUIET) await pause(LOOK / 10);
    })
    .catch((error: unknown) => {
      // The input is closed when the host has gone.
      if (!left.signal.aborted) throw error;
    })
    .finally(() => {
      left.abort();
    });
  await followLog(join(folder, 'console.log'), show, { follow: true, signal: left.signal, tail: LAST });
  clearInterval(watch);
  if (process.stdin.isTTY) process.stdin.setRawMode(false);
  process.stdin.destroy();
  terminal.note('');
  return Exit.done;
}

function openInput(path: string, name: string): number {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw failure('MLN_IO', `the console of ${name} takes no input here`, {
      cause: error,
      hint: `where it was started with term screen: screen -r ${name}`,
    });
  }
}

/** Sends what is typed, until Ctrl-] or the end of the input. */
async function sendKeys(input: number, signal: AbortSignal): Promise<void> {
  if (process.stdin.isTTY) process.stdin.setRawMode(true);
  const keys = process.stdin as AsyncIterable<Buffer>;
  for await (const bytes of keys) {
    const end = process.stdin.isTTY ? bytes.indexOf(LEAVE) : -1;
    await send(input, end < 0 ? bytes : bytes.subarray(0, end), signal);
    if (end >= 0 || signal.aborted) return;
  }
}

/** Writes into the fifo as fast as the guest takes it. */
async function send(input: number, bytes: Buffer, signal: AbortSignal): Promise<void> {
  for (let sent = 0; sent < bytes.length && !signal.aborted;)
    try {
      sent += writeSync(input, bytes, sent);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await pause(10);
    }
}
