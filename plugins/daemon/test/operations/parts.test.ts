import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import type { LogEntry, OperationRecord } from '../../src/protocol.js';
import { ask, follow } from '../server/ask.js';
import { mlnProcess, type DaemonProcess } from '../server/mln-process.js';
import { packageOf } from './project-package.js';

/*
 * What a coordinator on another machine does: this server's part of an operation, phase by phase.
 */

const mln = mlnProcess();
let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await mln.daemon({ MLN_SERVICE_HOST: 'here' });
});

/** A project of the server `home`, of whose hosts some are here. */
function spread(name: string, hosts: readonly string[], home = 'home') {
  const sent = packageOf(name, [...hosts, 'elsewhere'], home);
  const placed = sent.project.hosts.map((host) => ({
    ...host,
    serviceHost: hosts.includes(host.name) ? 'here' : null,
  }));
  return { ...sent, project: { ...sent.project, hosts: placed } };
}

interface Part {
  readonly id: string;
  /** Has it do a phase; gives the entry that tells how that ended. */
  phase(phase: string, units?: readonly string[]): Promise<LogEntry | undefined>;
  log(): Promise<readonly LogEntry[]>;
}

async function open(operation: string, project: string, more: object = {}): Promise<Part> {
  const body = { scope: 'part', operation, project, options: {}, parent: 'op-parent', ...more };
  const { status, json, text } = await ask(mln.socket, 'POST', '/v1/operations', { body });
  if (status !== 202) throw new Error(text);
  const id = String(json?.['id']);
  let next = 0;
  return {
    id,
    async phase(phase, units = []) {
      const number = next++;
      const answer = await ask(mln.socket, 'POST', `/v1/operations/${id}/phases`, { body: { number, phase, units } });
      if (answer.status !== 202) throw new Error(answer.text);
      const log = await follow(mln.socket, id, {
        enough: (entry) => (entry.kind === 'phase' || entry.kind === 'error') && entry.phase === number,
      });
      return log.at(-1);
    },
    log: () => follow(mln.socket, id),
  };
}

async function record(id: string): Promise<OperationRecord> {
  return (await ask(mln.socket, 'GET', `/v1/operations/${id}`)).json as unknown as OperationRecord;
}

const isThere = (...path: readonly string[]): boolean => existsSync(join(mln.projects, ...path));
const fine = (phase: number) => ({ kind: 'phase', phase, failures: [] });

test('a build is staged, and takes its place when it is told to', async () => {
  const part = await open('build', 'kafe', { package: spread('kafe', ['web']) });
  expect(await part.phase('prepare', ['web'])).toMatchObject(fine(0));
  expect(await part.phase('build', ['web'])).toMatchObject(fine(1));
  expect([isThere('kafe'), isThere('.kafe.new/web/start')]).toEqual([false, true]);
  expect(await part.phase('commit', ['web'])).toMatchObject(fine(2));
  expect([isThere('kafe/web/start'), isThere('kafe/elsewhere'), isThere('.kafe.new')]).toEqual([true, false, false]);
  expect(await part.phase('release')).toMatchObject(fine(3));
  expect((await part.log()).at(-1)).toMatchObject({ kind: 'end', state: 'done', exit: 0 });
  expect(await record(part.id)).toMatchObject({ scope: 'part', parent: 'op-parent', state: 'done' });
});

test('a build that is undone leaves what was there', async () => {
  const part = await open('build', 'kafe', { package: spread('kafe', ['web', 'more']) });
  await part.phase('prepare', ['web', 'more']);
  await part.phase('build', ['web', 'more']);
  expect(isThere('.kafe.new/more')).toBe(true);
  await part.phase('undo', ['web', 'more']);
  await part.phase('release');
  await part.log();
  expect([isThere('kafe/web'), isThere('kafe/more'), isThere('.kafe.new')]).toEqual([true, false, false]);
});

test('so does one that is released, or cancelled, before it is in place', async () => {
  const part = await open('build', 'kafe', { package: spread('kafe', ['web', 'more']) });
  await part.phase('prepare', ['web', 'more']);
  await part.phase('build', ['web', 'more']);
  await part.phase('release');
  await part.log();
  expect([isThere('kafe/more'), isThere('.kafe.new')]).toEqual([false, false]);
  const other = await open('build', 'kafe', { package: spread('kafe', ['web', 'more']) });
  await other.phase('prepare', ['web', 'more']);
  await other.phase('build', ['web', 'more']);
  await ask(mln.socket, 'DELETE', `/v1/operations/${other.id}`);
  expect((await other.log()).at(-1)).toMatchObject({ kind: 'end', state: 'cancelled' });
  expect([isThere('kafe/more'), isThere('.kafe.new')]).toEqual([false, false]);
});

test('the project is held from prepare to release; the next operation waits for the end of that', async () => {
  const part = await open('start', 'kafe');
  await part.phase('prepare', ['web']);
  const { exit, stderr } = await mln.run(['stop', '-p', 'kafe', '--here'], { MLN_SERVICE_HOST: 'here' });
  expect([exit, stderr]).toEqual([75, expect.stringContaining(`start for local (${part.id})`)]);
  expect(await part.phase('hosts', ['web'])).toMatchObject(fine(1));
  expect(isThere('kafe/web/up')).toBe(true);
  await part.phase('release');
  const stop = await open('stop', 'kafe');
  await stop.phase('prepare', ['web']);
  await stop.phase('hosts', ['web']);
  await stop.phase('release');
  expect(isThere('kafe/web/up')).toBe(false);
});

test('a phase that is asked for twice is done once, and one that skips others is refused', async () => {
  const part = await open('start', 'kafe');
  const phases = `/v1/operations/${part.id}/phases`;
  await part.phase('prepare', ['web']);
  const again = { number: 0, phase: 'prepare', units: ['web'] };
  expect((await ask(mln.socket, 'POST', phases, { body: again })).status).toBe(202);
  for (const body of [
    { ...again, phase: 'hosts' },
    { ...again, number: 2 },
  ]) {
    const refused = await ask(mln.socket, 'POST', phases, { body });
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('MLN_BAD_REQUEST')]);
  }
  await part.phase('release');
  expect((await part.log()).filter(({ kind }) => kind === 'phase')).toHaveLength(2);
});

test('nobody reaches hosts of other servers, nor a project of another home', async () => {
  const part = await open('start', 'kafe');
  await part.phase('prepare', ['web']);
  expect(await part.phase('hosts', ['elsewhere'])).toMatchObject({
    kind: 'error',
    problems: [{ code: 'MLN_NO_UNIT', message: expect.stringContaining('on this server') }],
  });
  await part.phase('release');
  expect((await part.log()).at(-1)).toMatchObject({ state: 'failed' });
  const body = {
    scope: 'part',
    operation: 'build',
    project: 'kafe',
    options: {},
    package: spread('kafe', ['web'], 'other'),
  };
  const refused = await ask(mln.socket, 'POST', '/v1/operations', { body });
  expect(refused.status).toBe(409);
  expect(refused.json).toMatchObject({
    problems: [{ code: 'MLN_PROJECT_EXISTS', message: expect.stringContaining('its home is home, not other') }],
  });
});

test('a project that runs is neither replaced nor removed', async () => {
  const start = await open('start', 'kafe');
  await start.phase('prepare', ['web']);
  await start.phase('hosts', ['web']);
  await start.phase('release');
  for (const [operation, more] of [
    ['build', { package: spread('kafe', ['web']) }],
    ['remove', {}],
  ] as const) {
    const part = await open(operation, 'kafe', more);
    expect(await part.phase('prepare', ['web'])).toMatchObject({
      kind: 'error',
      problems: [{ code: 'MLN_PROJECT_RUNS' }],
    });
    await part.phase('release');
  }
});

test('a worker that is killed in a part ends it, and what it had reached is told', async () => {
  const stop = await open('stop', 'kafe');
  await stop.phase('prepare', ['web']);
  await stop.phase('hosts', ['web']);
  await stop.phase('release');
  const part = await open('build', 'kafe', { package: spread('kafe', ['web', 'new']) });
  await part.phase('prepare', ['web', 'new']);
  await part.phase('build', ['web', 'new']);
  const begun = daemon.lines.findLast(({ msg, operation }) => msg === 'operation begun' && operation === part.id);
  process.kill(Number(begun?.['pid']), 'SIGKILL');
  const log = await part.log();
  expect(log.map((entry) => ('text' in entry ? entry.text : '')).join('\n')).toContain('is taken back');
  expect(log.at(-1)).toMatchObject({ kind: 'end', state: 'failed' });
  expect([isThere('kafe/web'), isThere('kafe/new'), isThere('.kafe.new')]).toEqual([true, false, false]);
});

test('what was accepted and not begun when the daemon was killed is begun by the next', async () => {
  const part = await open('remove', 'kafe');
  daemon.child.kill('SIGKILL');
  await daemon.ended;
  daemon = await mln.daemon({ MLN_SERVICE_HOST: 'here' });
  await part.phase('prepare', ['web']);
  await part.phase('remove', ['web']);
  await part.phase('release');
  expect((await part.log()).at(-1)).toMatchObject({ kind: 'end', state: 'done' });
  expect(readdirSync(mln.projects).filter((name) => name.includes('kafe'))).toEqual([]);
  const gone = await ask(mln.socket, 'POST', '/v1/operations', {
    body: { scope: 'part', operation: 'remove', project: 'kafe', options: {} },
  });
  expect([gone.status, gone.text]).toEqual([404, expect.stringContaining('MLN_NO_PROJECT')]);
});
