import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Exit, requireState, type CommandContext, type ExitCode, type Mln } from '@mln/core';
import type { Run } from '../operations/folder.js';
import { processOf } from '../operations/spawn-worker.js';
import { sendOn } from './send-image.js';
import { openSource } from './source.js';
import { wireOn } from './wire.js';

/** The number of the file by which a process that sends an image is spoken with. */
const WIRE = 3;

/**
 * Has the disk of a host sent over a connection: by a process of its own, as the user whose project it is, so that what that
 * user has put in its folder leads to nothing else, and whoever else asks the daemon does not wait.
 */
export function serveImage(
  mln: Mln,
  run: Run,
  { project, host, preCopy }: { readonly project: string; readonly host: string; readonly preCopy: boolean },
  stream: Duplex,
): void {
  const { program, args, options } = processOf(mln, run);
  const child = spawn(program, [...args, 'daemon-image', project, host, ...(preCopy ? ['ahead'] : [])], {
    ...options,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const wire = child.stdio[WIRE] as unknown as Duplex;
  const over = (): void => {
    stream.destroy();
    wire.destroy();
    child.kill();
  };
  child.once('error', over);
  for (const each of [stream, wire]) each.on('error', over);
  stream.once('close', over);
  wire.once('close', () => {
    stream.end();
  });
  wire.pipe(stream);
  stream.pipe(wire);
}

/** `mln daemon-image PROJECT HOST [ahead]`: sends the disk of a host over the open file 3. */
export async function runImage(
  { mln }: CommandContext,
  [project = '', host = '', ahead]: readonly string[],
): Promise<ExitCode> {
  const stream = new Socket({ fd: WIRE });
  stream.on('error', () => undefined);
  // What stands on another image is made whole first, which takes a while.
  const wire = wireOn(stream, mln.configuration.serviceHost);
  try {
    const source = await openSource(mln, (await requireState(mln.folders.projects, project)).project, host, {
      preCopy: ahead === 'ahead',
    });
    try {
      await sendOn(wire, source, mln.shell);
    } finally {
      await source.close();
    }
    return Exit.done;
  } catch (error) {
    // Whoever asked is told by the connection; what came before it was used is told here.
    if (!stream.destroyed) await wire.fail(error);
    return Exit.failed;
  }
}
