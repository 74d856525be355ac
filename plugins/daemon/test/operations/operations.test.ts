import { existsSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import type { LogEntry, OperationRecord, OperationRequest, Package } from '../../src/protocol.js';
import { ask, follow } from '../server/ask.js';
import { mlnProcess, type DaemonProcess } from '../server/mln-process.js';
import { packageOf } from './project-package.js';

const mln = mlnProcess();
let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await mln.daemon();
});

/** Asks for an operation; gives its id. */
async function begin(operation: string, project: string, more: Partial<OperationRequest> = {}): Promise<string> {
  const body = { scope: 'whole', operation, project, options: {}, ...more };
  const { status, json, text } = await ask(mln.socket, 'POST', '/v1/operations', { body });
  if (status !== 202) throw new Error(text);
  return String(json?.['id']);
}

async function record(id: string): Promise<OperationRecord> {
  return (await ask(mln.socket, 'GET', `/v1/operations/${id}`)).json as unknown as OperationRecord;
}

async function build(project: string, hosts: readonly string[]): Promise<void> {
  const id = await begin('build', project, { package: packageOf(project, hosts) });
  expect(last(await follow(mln.socket, id))).toMatchObject({ kind: 'end', state: 'done', exit: 0 });
}

function last(log: readonly LogEntry[]): LogEntry | undefined {
  return log.at(-1);
}

function texts(log: readonly LogEntry[]): string {
  return log.flatMap((entry) => ('text' in entry ? entry.text : [])).join('\n');
}

const isUp = (project: string, host: string): boolean => existsSync(join(mln.projects, project, host, 'up'));
const folderOf = (id: string): string => join(mln.folder, 'state/operations', id);
const workerOf = (id: string): number =>
  (JSON.parse(readFileSync(join(folderOf(id), 'worker/worker.json'), 'utf8')) as { pid: number }).pid;
/** Waits until a script of a slow host has begun. */
const begun = (id: string): Promise<readonly LogEntry[]> =>
  follow(mln.socket, id, { enough: (entry) => entry.kind === 'progress' && entry.progress.state === 'begun' });
const go = (): void => {
  writeFileSync(join(mln.projects, 'go'), '');
};

test('a project is built, started, stopped and removed as the server’s own', async () => {
  await build('ring', ['a', 'b']);
  for (const [operation, up] of [
    ['start', true],
    ['restart', true],
    ['stop', false],
  ] as const) {
    const log = await follow(mln.socket, await begin(operation, 'ring'));
    expect(last(log)).toMatchObject({ kind: 'end', state: 'done', exit: 0 });
    expect([isUp('ring', 'a'), isUp('ring', 'b')]).toEqual([up, up]);
  }
  await follow(mln.socket, await begin('remove', 'ring'));
  expect(readdirSync(mln.projects).filter((name) => name.includes('ring'))).toEqual([]);
});

test('what fails of one host is told, with the exit code of the command', async () => {
  await build('odd', ['good', 'bad']);
  const id = await begin('start', 'odd');
  const log = await follow(mln.socket, id);
  expect(texts(log)).toContain('it is bad');
  expect(last(log)).toMatchObject({ kind: 'end', state: 'failed', exit: 3 });
  expect(await record(id)).toMatchObject({ state: 'failed', exit: 3, principal: 'local', project: 'odd' });
});

test('a build is not replaced unasked', async () => {
  const id = await begin('build', 'odd', { package: packageOf('odd', ['good']) });
  const log = await follow(mln.socket, id);
  expect(last(log)).toMatchObject({ state: 'failed' });
  expect(log.find(({ kind }) => kind === 'error')).toMatchObject({ problems: [{ code: 'MLN_PROJECT_RUNS' }] });
});

test('a log is gone on with from any entry, by numbers that stay', async () => {
  const id = await begin('stop', 'odd');
  const all = await follow(mln.socket, id);
  expect(all.map(({ number }) => number)).toEqual(all.map((_entry, index) => index));
  expect(await follow(mln.socket, id, { after: 0 })).toEqual(all.slice(1));
  const { text } = await ask(mln.socket, 'GET', `/v1/operations/${id}/log?after=${all.length - 2}`);
  expect(text).toContain(`id: ${all.length - 1}\n`);
  expect(text).not.toContain(`id: ${all.length - 2}\n`);
});

test('while one works on a project another is told who does', async () => {
  await build('slow', ['slow1', 'slow2']);
  const id = await begin('start', 'slow');
  await begun(id);
  const refused = await ask(mln.socket, 'POST', '/v1/operations', {
    body: { scope: 'whole', operation: 'stop', project: 'slow', options: {} },
  });
  expect(refused.status).toBe(409);
  expect(refused.json).toMatchObject({
    exit: 75,
    problems: [{ code: 'MLN_LOCKED', message: expect.stringContaining(`start by local (${id})`) }],
  });
  // Whoever comes by the command line is told the same by the project's own lock.
  const { exit, stderr } = await mln.run(['stop', '-p', 'slow']);
  expect(exit).toBe(75);
  expect(stderr).toContain(`start for local (${id})`);
  go();
  expect(last(await follow(mln.socket, id))).toMatchObject({ state: 'done' });
});

test('an operation goes on while its daemon is killed, and its log is whole', async () => {
  await follow(mln.socket, await begin('stop', 'slow'));
  unlinkSync(join(mln.projects, 'go'));
  const id = await begin('start', 'slow');
  const before = await begun(id);
  daemon.child.kill('SIGKILL');
  await daemon.ended;
  daemon = await mln.daemon();
  expect(await daemon.said('found')).toMatchObject({ said: expect.stringContaining('goes on') });
  expect(await record(id)).toMatchObject({ state: 'running' });
  go();
  const rest = await follow(mln.socket, id, { after: before.at(-1)?.number ?? -1 });
  expect(last(rest)).toMatchObject({ kind: 'end', state: 'done', exit: 0 });
  expect([isUp('slow', 'slow1'), isUp('slow', 'slow2')]).toEqual([true, true]);
  expect(await record(id)).toMatchObject({ state: 'done', exit: 0 });
});

test('a worker that is killed is found at once, and the project is put right', async () => {
  await follow(mln.socket, await begin('stop', 'slow'));
  unlinkSync(join(mln.projects, 'go'));
  const id = await begin('start', 'slow');
  await begun(id);
  process.kill(workerOf(id), 'SIGKILL');
  // Its scripts go on by themselves, and are waited for.
  go();
  const log = await follow(mln.socket, id);
  expect(texts(log)).toContain('start of slow was cut off: its worker was killed');
  expect(texts(log)).toContain('an earlier start of slow was cut off');
  const ends = log.filter(({ kind }) => kind === 'end');
  expect(ends).toHaveLength(1);
  const up = [isUp('slow', 'slow1'), isUp('slow', 'slow2')];
  expect(last(log)).toMatchObject({ state: up.every(Boolean) ? 'done' : 'failed' });
  expect((await mln.run(['status', '-p', 'slow'])).exit).toBe(0);
});

test('daemon and worker killed: the next daemon puts it right, and says so', async () => {
  await follow(mln.socket, await begin('stop', 'slow'));
  unlinkSync(join(mln.projects, 'go'));
  const id = await begin('start', 'slow');
  await begun(id);
  daemon.child.kill('SIGKILL');
  process.kill(workerOf(id), 'SIGKILL');
  await daemon.ended;
  go();
  daemon = await mln.daemon();
  expect(await daemon.said('found')).toMatchObject({ said: expect.stringContaining('put right') });
  const log = await follow(mln.socket, id);
  expect(log.filter(({ kind }) => kind === 'end')).toHaveLength(1);
  expect(last(log)).toMatchObject({ state: isUp('slow', 'slow1') && isUp('slow', 'slow2') ? 'done' : 'failed' });
});

test('a cancelled start stays as far as it came', async () => {
  await follow(mln.socket, await begin('stop', 'slow'));
  unlinkSync(join(mln.projects, 'go'));
  await follow(mln.socket, await begin('build', 'order', { package: ordered() }));
  const id = await begin('start', 'order');
  await begun(id);
  const { status } = await ask(mln.socket, 'DELETE', `/v1/operations/${id}`);
  expect(status).toBe(202);
  go();
  const log = await follow(mln.socket, id);
  expect(last(log)).toMatchObject({ kind: 'end', state: 'cancelled' });
  expect([isUp('order', 'slow'), isUp('order', 'later')]).toEqual([true, false]);
  expect((await mln.run(['operations', 'show', id])).stdout).toMatch(/state +cancelled/);
});

/** One host after the other. */
function ordered(): Package {
  const sent = packageOf('order', ['slow', 'later']);
  const hosts = sent.project.hosts.map((host, index) => ({ ...host, bootOrder: index + 1 }));
  return { ...sent, project: { ...sent.project, hosts } };
}

test('operations are listed, the newest first', async () => {
  const { stdout } = await mln.run(['operations', 'list']);
  const lines = stdout.trim().split('\n');
  expect(lines[0]).toMatch(/^op-\w+ +start +order +cancelled \(1\) +local +\d{4}-/);
  expect(lines.at(-1)).toMatch(/ build +ring +done /);
  expect((await mln.run(['operations', 'list', '--running'])).stdout).toBe('');
  const unknown = await mln.run(['operations', 'show', 'op-00000000']);
  expect(unknown.exit).toBe(1);
  expect(unknown.stderr).toContain('error[MLN_NO_OPERATION]');
});

test('a daemon that is told to end takes nothing new, and leaves what runs alone', async () => {
  unlinkSync(join(mln.projects, 'go'));
  const id = await begin('start', 'slow');
  await begun(id);
  daemon.child.kill('SIGTERM');
  await daemon.said('ending');
  const refused = await ask(mln.socket, 'POST', '/v1/operations', {
    body: { scope: 'whole', operation: 'stop', project: 'order', options: {} },
  });
  expect(refused.status).toBe(503);
  go();
  expect(await daemon.ended).toBe(0);
  daemon = await mln.daemon();
  expect(last(await follow(mln.socket, id))).toMatchObject({ state: 'done' });
});
