import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openFleet, type Fleet } from './fleet.js';
import type { Node, Server } from './node.js';

/* Who is let in, and what they may do, by the command line of a machine that is no server. */

const project = (name: string): string => `global { project ${name} }\nhost a { toy }\n`;

let fleet: Fleet;
let gateway1 = undefined as unknown as Server;
let desk = undefined as unknown as Node;

beforeAll(async () => {
  fleet = await openFleet({ servers: ['gateway1'], toys: true });
  gateway1 = fleet.server('gateway1');
  desk = fleet.client('desk');
  await gateway1.ok('build', '-f', gateway1.write('abc.mln', project('abc')));
}, 120_000);
afterAll(async () => {
  await fleet.close();
});

/** Gives the desk the certificate of somebody, as it was carried there. */
async function beWhom(name: string, ...options: readonly string[]): Promise<void> {
  const folder = join(fleet.folder, `carried-${name}`);
  rmSync(folder, { recursive: true, force: true });
  await gateway1.ok('ca', 'issue', name, '--user', '--out', folder, ...options);
  rmSync(desk.fleet, { recursive: true, force: true });
  cpSync(folder, desk.fleet, { recursive: true });
  execFileSync('chmod', ['700', desk.fleet]);
}

const ask = ['list', '--on', 'gateway1'];

test('without a certificate nobody is let in, and it is told how one is had', async () => {
  expect(await desk.mln(...ask)).toMatchObject({
    code: 77,
    stdout: '',
    stderr: expect.stringMatching(/MLN_NO_CERTIFICATE[^]*mln ca join/),
  });
});

test('with the right certificate it is answered', async () => {
  await beWhom('alice');
  expect(await desk.mln(...ask)).toMatchObject({ code: 0, stderr: '' });
});

test('a certificate of another authority does not count, whichever authority the machine believes', async () => {
  const other = fleet.client('other');
  await other.ok('ca', 'init');
  const folder = join(fleet.folder, 'of-another');
  await other.ok('ca', 'issue', 'alice', '--user', '--out', folder);
  rmSync(desk.fleet, { recursive: true, force: true });
  cpSync(folder, desk.fleet, { recursive: true });
  // The server is not believed.
  expect(await desk.mln(...ask)).toMatchObject({ code: 77, stderr: expect.stringContaining('MLN_BAD_CERTIFICATE') });
  // The server does not believe.
  cpSync(join(gateway1.fleet, 'ca.pem'), join(desk.fleet, 'ca.pem'));
  expect(await desk.mln(...ask)).toMatchObject({ code: 77, stderr: expect.stringContaining('MLN_BAD_CERTIFICATE') });
});

test('an expired certificate does not count', async () => {
  await beWhom('late', '--days', '0');
  expect(await desk.mln(...ask)).toMatchObject({
    code: 77,
    stderr: expect.stringMatching(/MLN_BAD_CERTIFICATE[^]*expired/),
  });
});

test('a revoked certificate does not count from then on', async () => {
  await beWhom('bob');
  expect((await desk.mln(...ask)).code).toBe(0);
  await gateway1.ok('ca', 'revoke', 'bob', '-y');
  expect(await desk.mln(...ask)).toMatchObject({
    code: 77,
    stderr: expect.stringMatching(/MLN_BAD_CERTIFICATE[^]*revoked/),
  });
});

test('a token is good once', async () => {
  const token = (await gateway1.ok('ca', 'issue', 'carol', '--user')).trim().split('\n').at(-1) ?? '';
  rmSync(desk.fleet, { recursive: true, force: true });
  mkdirSync(desk.fleet, { mode: 0o700 });
  await desk.ok('ca', 'join', gateway1.address, token);
  const third = fleet.client('third');
  const { code, stderr } = await third.mln('ca', 'join', gateway1.address, token);
  expect([code, stderr]).toEqual([77, expect.stringMatching(/MLN_/)]);
});

test.each([
  ['carol', ['status', '-p', 'abc', '--on', 'gateway1'], 'read'],
  ['watch', ['start', '-p', 'abc', '--on', 'gateway1'], 'start'],
  ['alice', ['stop', '-p', 'abc', '--on', 'gateway1'], 'stop'],
  ['alice', ['remove', '-y', '-p', 'abc', '--on', 'gateway1'], 'remove'],
  ['watch', ['build', '-y', '-f', 'abc.mln', '--on', 'gateway1'], 'build'],
] as const)('%s is refused %j, and told that the right %s is missing', async (name, args, right) => {
  desk.write('abc.mln', project('abc'));
  await beWhom(name);
  const { code, stderr } = await desk.mln(...args);
  expect([code, stderr]).toEqual([77, expect.stringMatching(new RegExp(`MLN_NOT_ALLOWED[^]*\\b${right}\\b`))]);
  expect(gateway1.project('abc')).not.toBeNull();
});

test('a project whose commands the server is to run wants the right host', async () => {
  await beWhom('alice');
  const file = desk.write('kafe.mln', 'global { project kafe\n beforeProjectStart { : } }\nhost a { toy }\n');
  const { code, stderr } = await desk.mln('build', '-f', file, '--on', 'gateway1');
  expect([code, stderr]).toEqual([77, expect.stringMatching(/MLN_NOT_ALLOWED[^]*\bhost\b/)]);
  expect(gateway1.project('kafe')).toBeNull();
});

test('what is allowed is done, and the server knows for whom', async () => {
  await beWhom('alice');
  const file = desk.write('kafe.mln', project('kafe'));
  await desk.ok('build', '-f', file, '--on', 'gateway1');
  await desk.ok('start', '-p', 'kafe', '--on', 'gateway1');
  expect(await desk.ok('status', '-p', 'kafe', '--on', 'gateway1')).toMatch(/host +a +up/);
  expect(await gateway1.ok('operations', 'list')).toContain('user:alice');
  await desk.ok('stop', '-p', 'kafe', '--on', 'gateway1');
  await desk.ok('remove', '-y', '-p', 'kafe', '--on', 'gateway1');
  expect(gateway1.project('kafe')).toBeNull();
}, 120_000);
