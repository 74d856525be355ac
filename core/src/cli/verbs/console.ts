import { constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure } from '../../errors.js';
import { requireHost } from '../../operate.js';
import { statusesOf } from '../../monitor.js';
import { chosenHost } from '../choose.js';
import { followLog } from '../follow.js';

/** Ctrl-], as telnet has it. */
const LEAVE = 0x1d;
/** Bytes of what the console showed last. */
const LAST = 2048;

/**
 * Joins this terminal with a host's console: what is typed goes into console.in, what the console shows is read from
 * its log. Any number of terminals may do so.
 */
export async function console(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  const { project, host } = await chosenHost(context, args[0] ?? '', options);
  const status = (await statusesOf(mln, project, [requireHost(project, host)])).get(host);
  if (status?.state !== 'up')
    throw failure('MLN_NO_UNIT', `${host}.${project.name} does not run`, {
      hint: `mln start -p ${project.name} -h ${host}`,
    });
  const folder = join(project.directory, host);
  const input = openInput(join(folder, 'console.in'), `${host}.${project.name}`);
  terminal.note(`console of ${host}.${project.name}; Ctrl-] leaves it`);
  const left = new AbortController();
  takeKeys(
    (bytes) => writeSync(input, bytes),
    () => {
      left.abort();
    },
  );
  await followLog(join(folder, 'console.log'), (bytes) => process.stdout.write(bytes), {
    follow: true,
    signal: left.signal,
    tail: LAST,
  });
  if (process.stdin.isTTY) process.stdin.setRawMode(false);
  process.stdin.pause();
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

function takeKeys(send: (bytes: Buffer) => void, leave: () => void): void {
  if (process.stdin.isTTY) process.stdin.setRawMode(true);
  process.stdin.on('data', (bytes: Buffer) => {
    const end = process.stdin.isTTY ? bytes.indexOf(LEAVE) : -1;
    if (end !== 0) send(end < 0 ? bytes : bytes.subarray(0, end));
    if (end >= 0) leave();
  });
  process.stdin.on('end', leave);
}
