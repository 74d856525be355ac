import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { watch, type FSWatcher } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Duplex, Readable, Writable } from 'node:stream';
import { failure, messageOf, systemFailure } from '@mln/core';
import type { Held } from './keeper.js';

/** After so many milliseconds of silence TCP looks whether the other end is there. */
const KEEP_ALIVE = 5000;
/** How long a plug may take until it is in, in milliseconds. */
const PATIENCE = 5000;

interface Started {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** When it and all that it has written are gone. */
  readonly closed: Promise<void>;
}

/** How it is found out that nobody is at the other end of a connection any more. */
export interface Watch {
  /** Asked in a silence: throws where nobody is there any more. */
  readonly probe: () => Promise<void>;
  /** How long a silence is, in milliseconds. */
  readonly silence: number;
}

/** A vde_plug(1) that is in its switch. */
export interface Plug extends Held {
  /** Has frames come and go over a connection: each with its length in front, as vde_plug writes and reads them. */
  connect(stream: Duplex, watch?: Watch): void;
}

/**
 * Puts a plug into a vde_switch(1), by the folder of its unit, as the user whose switch it is. A plug and its connection
 * end together, so half a frame is never followed by another: what joins them again has a plug of its own.
 */
export async function plugIn(folder: string): Promise<Plug> {
  const { child, closed } = await start(folder);
  const closing = new AbortController();
  let stream: Duplex | null = null;
  let why = '';
  let words = '';
  const end = (reason: string): void => {
    why ||= reason;
    closing.abort();
    stream?.destroy();
    child.kill();
  };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = `${words}${text}`.slice(-500);
  });
  for (const each of [child.stdin, child.stdout, child.stderr]) each.on('error', () => undefined);
  const ended = closed.then(() => {
    end(words.trim() || 'the switch has ended');
    return why;
  });
  return {
    ended,
    end: () => {
      end('it was left');
    },
    connect(connection, watching) {
      stream = connection
        .on('error', (error) => {
          end(error.message);
        })
        .on('end', () => {
          end('the other end has closed the connection');
        })
        .on('close', () => {
          end('the connection was closed');
        });
      prepare(stream);
      if (closing.signal.aborted || stream.destroyed) end('the connection was closed');
      stream.pipe(child.stdin);
      child.stdout.pipe(stream);
      if (watching)
        lookAfter(stream, watching, closing.signal).catch((error: unknown) => {
          end(messageOf(error));
        });
    },
  };
}

/** What was cut off does not always say so: while nothing comes over a connection, it is asked whether anybody is there. */
async function lookAfter(stream: Duplex, { probe, silence }: Watch, signal: AbortSignal): Promise<void> {
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  for (let seen = 0; ; seen = bytes) {
    await delay(silence, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    if (bytes === seen) await probe();
  }
}

/** Frames are small, and go at once. */
function prepare(stream: Duplex): void {
  const socket = stream as Duplex & {
    setNoDelay?: (on: boolean) => void;
    setKeepAlive?: (on: boolean, delay: number) => void;
    setTimeout?: (time: number) => void;
  };
  socket.setNoDelay?.(true);
  socket.setKeepAlive?.(true, KEEP_ALIVE);
  socket.setTimeout?.(0);
}

/** By switch, what is done with it last: plugs come one after the other, so that each knows which socket is its own. */
const starting = new Map<string, Promise<unknown>>();

/** Returns once the plug is in. Where the switch's folder is too deep for sockets, `ctl` leads elsewhere. */
async function start(folder: string): Promise<Started> {
  const [path, user] = await Promise.all([realpath(join(folder, 'ctl')), stat(folder)]).catch((error: unknown) => {
    throw systemFailure(error, `the switch in ${folder} cannot be joined`);
  });
  const before = starting.get(path) ?? Promise.resolve();
  const started = before.then(() => startIn(path, user));
  const done = started
    .catch(() => undefined)
    .then(() => {
      if (starting.get(path) === done) starting.delete(path);
    });
  starting.set(path, done);
  return started;
}

async function startIn(path: string, { uid, gid }: { readonly uid: number; readonly gid: number }): Promise<Started> {
  const ports = await portsIn(path);
  const other = process.getuid?.() === 0 && uid !== 0;
  const ready = new AbortController();
  let watcher: FSWatcher | null = null;
  try {
    watcher = watch(path, { persistent: false }, () => {
      void portsIn(path).then((now) => {
        if (now.some((each) => !ports.includes(each))) ready.abort();
      });
    });
    // Where it cannot be watched any more, its plug ends, too.
    watcher.on('error', () => undefined);
    const child = spawn('vde_plug', [path], {
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: `${process.env['PATH'] ?? ''}:/usr/local/bin:/usr/bin:/bin` },
      ...(other && { uid, gid }),
    });
    const closed = new Promise<void>((resolve) => {
      child.once('close', () => {
        ready.abort();
        resolve();
      });
    });
    await once(child, 'spawn');
    await delay(PATIENCE, undefined, { signal: ready.signal, ref: false }).catch(() => undefined);
    return { child, closed };
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).syscall?.startsWith('spawn') === true;
    throw isMissing && (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? noPlug()
      : systemFailure(error, `the switch that listens in ${path} cannot be joined`);
  } finally {
    watcher?.close();
  }
}

/** The sockets of a vde_switch that are for its ports: it makes one for each plug that comes, and names are given again. */
async function portsIn(path: string): Promise<readonly string[]> {
  const names = (await readdir(path).catch(() => [])).filter((name) => name !== 'ctl');
  return Promise.all(
    names.map((name) =>
      lstat(join(path, name), { bigint: true }).then(
        ({ ino, ctimeNs }) => `${name} ${ino} ${ctimeNs}`,
        () => '',
      ),
    ),
  ).then((ports) => ports.filter((port) => port !== ''));
}

function noPlug(): Error {
  return failure('MLN_NO_PROGRAM', 'the program vde_plug is not installed', {
    hint: 'apt-get install vdeplug, on every server that has a part of the switch',
  });
}
