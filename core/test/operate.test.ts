import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { failure, isMlnError } from '../src/errors.js';
import { operate, type OperateOptions } from '../src/operate.js';
import type { Failure, OperationName, Outcome, Part } from '../src/operation.js';
import type { Project } from '../src/project.js';
import { kernel, plugin } from './bare-kernel.js';
import { fakeHost, fakeInterface, fakeProject, fakeSwitch } from './fake-project.js';

const directory = mkdtempSync(join(tmpdir(), 'mln-operate-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const lan = fakeSwitch('lan', {
  ports: [
    ['gw', 'eth0'],
    ['www1', 'eth0'],
  ],
});
const kafe = fakeProject({
  name: 'kafe',
  home: null,
  directory,
  switches: [lan],
  hosts: [
    fakeHost('gw', { interfaces: [fakeInterface('eth0')] }),
    fakeHost('www1', { serviceHost: 'backend3', interfaces: [fakeInterface('eth0')] }),
    fakeHost('www2', { serviceHost: 'backend4' }),
  ],
});
/** A project without a host at home. */
const away: Project = { ...kafe, switches: [], hosts: kafe.hosts.slice(1) };

type Answer = (part: Part) => Outcome | Error | undefined;

/** Carries an operation out over servers that note what they are asked; `answer` may let one fail. */
async function tried(
  name: OperationName,
  project: Project,
  { answer = () => undefined, ...options }: OperateOptions & { answer?: Answer } = {},
): Promise<{ said: readonly string[]; failures: readonly Failure[]; error: unknown }> {
  const said: string[] = [];
  const servers = plugin('servers', '/servers.js', ({ hooks }) => {
    hooks.execute.tapPromise('servers', (operation, part) => {
      const units = part.units.map((unit) => unit.name).join(',');
      said.push(`${operation.name} ${part.phase} ${part.server ?? 'home'}${units && ` ${units}`}`);
      const found = answer(part);
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found ?? { failures: [] });
    });
  });
  const mln = await kernel([servers]);
  try {
    const { failures } = await operate(mln, name, project, options, () => undefined);
    return { said, failures, error: null };
  } catch (error) {
    return { said, failures: [], error };
  }
}

const lost =
  (server: string | null, phase: string): Answer =>
  (part) =>
    part.server === server && part.phase === phase
      ? failure('MLN_NO_SERVER', `${server ?? 'home'} does not answer`)
      : undefined;
const failing =
  (unit: string, phase: string): Answer =>
  (part) =>
    part.phase === phase && part.units.some(({ name }) => name === unit)
      ? { failures: [{ unit, problem: { severity: 'error', code: 'MLN_SCRIPT_FAILED', message: `${unit} fails` } }] }
      : undefined;
const exitOf = (error: unknown): unknown => (isMlnError(error) ? error.exit : error);

test('a start has switches before hosts on all servers, and joins switches that are on several', async () => {
  const { said } = await tried('start', { ...kafe, hookBlocks: { afterHostsStart: 'true' } });
  expect(said).toEqual([
    'start prepare home lan,gw',
    'start prepare backend3 lan,www1',
    'start prepare backend4 www2',
    'start switches home lan',
    'start switches backend3 lan',
    'start join home lan',
    'start join backend3 lan',
    'start hosts home gw',
    'start hosts backend3 www1',
    'start hosts backend4 www2',
    'start afterHostsStart home lan,gw',
    'start afterHostsStart backend3 lan,www1',
    'start afterHostsStart backend4 www2',
    'start release home lan,gw',
    'start release backend3 lan,www1',
    'start release backend4 www2',
  ]);
});

test('a stop goes in reverse', async () => {
  const { said } = await tried('stop', kafe);
  expect(said.filter((each) => !/prepare|release/.test(each))).toEqual([
    'stop hosts home gw',
    'stop hosts backend3 www1',
    'stop hosts backend4 www2',
    'stop leave home lan',
    'stop leave backend3 lan',
    'stop switches home lan',
    'stop switches backend3 lan',
  ]);
});

test('a build is made everywhere before it takes its place, at home first, though no host is there', async () => {
  const { said } = await tried('build', away);
  expect(said.filter((each) => !/prepare|release/.test(each))).toEqual([
    'build build home',
    'build build backend3 www1',
    'build build backend4 www2',
    'build commit home',
    'build commit backend3 www1',
    'build commit backend4 www2',
  ]);
});

test('a removal is done at home last, and not at all where another server still has its part', async () => {
  const whole = await tried('remove', away);
  expect(whole.said.filter((each) => each.includes(' remove '))).toEqual([
    'remove remove backend3 www1',
    'remove remove backend4 www2',
    'remove remove home',
  ]);
  const part = await tried('remove', away, { answer: lost('backend3', 'remove') });
  expect(part.said).not.toContain('remove remove home');
  expect(part.said).toContain('remove remove backend4 www2');
  expect(part.failures).toMatchObject([{ unit: null, server: 'backend3', problem: { code: 'MLN_NO_SERVER' } }]);
});

test.each(['prepare', 'switches', 'join', 'hosts'])(
  'a server that is lost in %s is left out, and the others go on',
  async (phase) => {
    const { said, failures } = await tried('start', kafe, { answer: lost('backend3', phase) });
    expect(failures).toMatchObject([{ unit: null, server: 'backend3' }]);
    const after = said.slice(said.findLastIndex((each) => each.startsWith(`start ${phase} `)) + 1);
    expect(after.filter((each) => each.includes('backend3'))).toEqual(['start release backend3 lan,www1']);
    expect(said).toContain('start hosts backend4 www2');
    expect(said).toContain('start hosts home gw');
  },
);

test('where all servers are lost it is an error that names all, and ends as the first', async () => {
  const { error } = await tried('start', away, {
    answer: (part) => (part.server === null ? undefined : lost(part.server, 'prepare')(part)),
  });
  expect(error).toMatchObject({
    problems: ['backend3', 'backend4'].map((server) => ({ message: `${server} does not answer` })),
  });
  expect(exitOf(error)).toBe(69);
});

test('a switch that does not start keeps its server’s hosts from being started, and no other’s', async () => {
  const answer: Answer = (part) => (part.server === 'backend3' ? failing('lan', 'switches')(part) : undefined);
  const { said, failures } = await tried('start', kafe, { answer });
  expect(failures).toMatchObject([{ unit: 'lan', server: 'backend3' }]);
  expect(said).not.toContain('start hosts backend3 www1');
  expect(said).toContain('start hosts home gw');
});

test('a server on which a host still runs keeps its switches', async () => {
  const { said } = await tried('stop', kafe, { answer: failing('www1', 'hosts') });
  expect(said).toContain('stop switches home lan');
  expect(said).not.toContain('stop switches backend3 lan');
  expect(said).not.toContain('stop leave backend3 lan');
});

test('a build that fails on one server is built on the others', async () => {
  const { said, failures } = await tried('build', kafe, { answer: lost('backend3', 'build') });
  expect(failures).toMatchObject([{ server: 'backend3' }]);
  expect(said).toContain('build commit home lan,gw');
  expect(said).toContain('build commit backend4 www2');
  expect(said.filter((each) => each.includes('undo') || each.includes('commit backend3'))).toEqual([]);
});

test.each(['build', 'commit'])('a build whose home fails in %s is taken back everywhere', async (phase) => {
  const { said, error } = await tried('build', kafe, { answer: lost(null, phase) });
  expect(exitOf(error)).toBe(69);
  expect(said).toContain('build undo backend3 lan,www1');
  expect(said).toContain('build undo backend4 www2');
  expect(said.filter((each) => each.includes('commit backend'))).toEqual([]);
});

test('all or nothing: a build is placed nowhere where it fails on one server', async () => {
  const { said, error } = await tried('build', kafe, { allOrNothing: true, answer: lost('backend3', 'build') });
  expect(error).toMatchObject({ problems: [{ code: 'MLN_NO_SERVER' }] });
  expect(said.filter((each) => / (undo|commit) /.test(each))).toEqual([
    'build undo home lan,gw',
    'build undo backend4 www2',
  ]);
});

test('all or nothing: a start is taken back where one host fails', async () => {
  const { said, error } = await tried('start', kafe, { allOrNothing: true, answer: failing('www2', 'hosts') });
  expect(error).toMatchObject({ problems: [{ message: 'www2 fails' }] });
  expect(said.filter((each) => each.includes('undo'))).toHaveLength(3);
});

test('what was built on a server before, and is no longer on it, is removed there', async () => {
  const { said } = await tried('build', { ...kafe, hosts: kafe.hosts.slice(0, 2) }, { previous: kafe });
  expect(said.slice(said.indexOf('build commit backend3 lan,www1') + 1)).toEqual([
    'remove prepare backend4 www2',
    'remove remove backend4 www2',
    'remove release backend4 www2',
    'build release home lan,gw',
    'build release backend3 lan,www1',
  ]);
});

test('only what is here', async () => {
  const { said } = await tried('stop', kafe, { here: true });
  expect(said).toEqual([
    'stop prepare home lan,gw',
    'stop hosts home gw',
    'stop leave home lan',
    'stop switches home lan',
    'stop release home lan,gw',
  ]);
});

test('hosts that are named bring the switches that they need, on their servers alone', async () => {
  const { said } = await tried('start', kafe, { hosts: ['www1'] });
  expect(said).toContain('start switches backend3 lan');
  expect(said.filter((each) => each.includes('backend4'))).toEqual([]);
});
