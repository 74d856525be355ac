import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ask, follow } from '../server/ask.js';
import { mlnProcess, type DaemonProcess } from '../server/mln-process.js';
import { packageOf } from '../operations/project-package.js';

const mln = mlnProcess();

async function whole(operation: string, more: object = {}): Promise<void> {
  const body = { scope: 'whole', operation, project: 'ring', options: {}, ...more };
  const { json, text } = await ask(mln.socket, 'POST', '/v1/operations', { body });
  if (typeof json?.['id'] !== 'string') throw new Error(text);
  const log = await follow(mln.socket, json['id']);
  expect(log.at(-1)).toMatchObject({ kind: 'end', state: 'done' });
}

const up = (host: string): string => join(mln.projects, 'ring', host, 'up');

/** Waits until the daemon has started a host by itself. */
async function startedBy(daemon: DaemonProcess): Promise<void> {
  const { operation } = await daemon.said('guest is started again');
  await follow(mln.socket, String(operation));
}

test('guests that should run, run: also behind a kill of their daemon; one that was stopped on purpose does not', async () => {
  const first = await mln.daemon();
  const sent = packageOf('ring', ['a', 'b']);
  const hosts = sent.project.hosts.map((host) => ({ ...host, keywords: { persistent: true } }));
  await whole('build', { package: { ...sent, project: { ...sent.project, hosts } } });
  await whole('start');
  rmSync(up('a'));
  await startedBy(first);
  expect(existsSync(up('a'))).toBe(true);
  await whole('stop', { hosts: ['b'] });

  // The server goes down, and comes up again.
  first.child.kill('SIGKILL');
  await first.ended;
  rmSync(up('a'));
  const second = await mln.daemon();
  await startedBy(second);
  expect([existsSync(up('a')), existsSync(up('b'))]).toEqual([true, false]);
  const { text } = await ask(mln.socket, 'GET', '/metrics', { headers: {} });
  expect(text).toContain('mln_guest_up{project="ring",host="b"} 0');
  second.child.kill('SIGTERM');
  expect(await second.ended).toBe(0);
  expect(existsSync(up('b'))).toBe(false);
});
