import { chmod, chown, mkdir, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { failure, systemFailure, type Shell } from '@mln/core';
import { listenOn } from './listen.js';

/**
 * Has a server listen on a unix socket that its user alone may open, and the members of a group where one is named. A socket
 * that a dead daemon left is replaced. Throws MLN_DAEMON where somebody listens there.
 */
export async function listenLocally(
  server: Server,
  path: string,
  group: string | undefined,
  shell: Shell,
): Promise<void> {
  const gid = group === undefined ? null : await groupId(shell, group);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    if (await answers(path))
      throw failure('MLN_DAEMON', `something else listens on ${path}`, {
        hint: 'a daemon of another state folder? the option socket names another socket',
      });
    await rm(path, { force: true });
  } catch (error) {
    throw systemFailure(error, `the socket ${path} cannot be made`);
  }
  // It is bound within the call: nobody gets in before its mode is what it is to be.
  const mask = process.umask(0o177);
  const listening = listenOn(server, path);
  process.umask(mask);
  await listening;
  if (gid === null) return;
  await chown(path, process.getuid?.() ?? 0, gid);
  await chmod(path, 0o660);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'].includes(error.code ?? '')) resolve(false);
      else reject(error);
    });
  });
}

/** Looks a group of the system up: getent(1). */
async function groupId(shell: Shell, name: string): Promise<number> {
  const { stdout } = await shell('getent', ['group', name], { accept: [0, 2] });
  const gid = stdout.split(':')[2] ?? '';
  if (/^\d+$/.test(gid)) return Number(gid);
  throw failure('MLN_BAD_CONFIGURATION', `the option socketGroup names no group of this machine: ${name}`, {
    hint: `groupadd --system ${name} (as root) makes it`,
  });
}
