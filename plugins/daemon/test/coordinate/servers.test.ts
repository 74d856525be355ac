import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Failure, Mln, Outcome, Part, Project, Progress } from '@mln/core';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { operate, type OperateOptions } from '../../../../core/src/operate.js';
import { executeThere } from '../../src/coordinate/execute.js';
import { errorOf } from '../client/error-of.js';
import { fakeFleet, type FakeFleet } from '../client/fake-fleet.js';
import { fakeDaemon, spread, succeed, type FakeDaemon } from './fake-daemon.js';

const names = ['backend3', 'backend4', 'backend5'];

let fleet: FakeFleet;
beforeAll(async () => {
  fleet = await fakeFleet();
});

interface Bed {
  readonly daemons: readonly FakeDaemon[];
  readonly mln: Mln;
  readonly project: Project;
  /** What was begun and ended, in its order: SERVER phase. */
  readonly order: string[];
  readonly progress: Progress[];
  readonly carryOut: (name: string, options?: OperateOptions) => Promise<readonly Failure[]>;
}

async function bed(timeout = 10): Promise<Bed> {
  const order: string[] = [];
  const daemons = await Promise.all(names.map((name) => fakeDaemon(fleet, name)));
  const addresses = Object.fromEntries(daemons.map(({ server }, index) => [names[index] ?? '', server.address]));
  const options = fleet.options(addresses, { timeout });
  const mln = await fleet.mln('gateway1');
  const directory = join(fleet.folder, 'projects', 'kafe');
  mkdirSync(directory, { recursive: true });
  const project = spread(names, { directory });
  const progress: Progress[] = [];
  const done: Outcome = { failures: [] };
  mln.hooks.execute.tapPromise('daemon', async (operation, part: Part, report) => {
    const where = `${part.server ?? 'here'} ${part.phase}`;
    order.push(`begins: ${where}`);
    const outcome = part.server === null ? done : await executeThere(mln, options, operation, part, report);
    order.push(`ends: ${where}`);
    return outcome;
  });
  return {
    daemons,
    mln,
    project,
    order,
    progress,
    carryOut: async (name, more = {}) =>
      (await operate(mln, name, project, more, (each) => progress.push(each))).failures,
  };
}

describe('a project over three servers', () => {
  test('a start goes phase by phase, and all servers are at work in each of them', async () => {
    const { daemons, carryOut, order } = await bed();
    // A server ends a phase when all others have begun it.
    const begun = new Map<string, (() => void)[]>();
    for (const daemon of daemons)
      daemon.act = (request, its) => {
        const all = [
          ...(begun.get(request.phase) ?? []),
          () => {
            succeed(request, its);
          },
        ];
        begun.set(request.phase, all);
        if (all.length === names.length) for (const end of all) end();
      };
    expect(await carryOut('start')).toEqual([]);
    const phases = ['prepare', 'switches', 'join', 'hosts', 'release'];
    for (const { phases: asked } of daemons) expect(asked.map(({ phase }) => phase)).toEqual(phases);
    const of = (what: string, phase: string): number[] =>
      names.map((name) => order.indexOf(`${what}: ${name} ${phase}`));
    for (const [index, phase] of phases.entries()) {
      expect(Math.min(...of('begins', phase))).toBeGreaterThanOrEqual(0);
      if (index > 0)
        expect(Math.min(...of('begins', phase))).toBeGreaterThan(Math.max(...of('ends', phases[index - 1] ?? '')));
    }
    expect(daemons.map(({ phases: asked }) => asked[3]?.units)).toEqual(
      names.map((name) => [`${name}-1`, `${name}-2`]),
    );
  });

  test.each(['prepare', 'switches', 'join', 'hosts'])(
    'one fails in %s: the others finish, and it is named',
    async (phase) => {
      const { daemons, carryOut } = await bed();
      const [, second] = daemons;
      if (second)
        second.act = (request, its) => {
          if (request.phase !== phase) succeed(request, its);
          else
            its.say({
              kind: 'error',
              phase: request.number,
              problems: [{ severity: 'error', code: 'MLN_COMMAND_FAILED', message: 'vde_switch ended with 1' }],
              exit: 1,
            });
        };
      expect(await carryOut('start')).toEqual([
        {
          unit: null,
          server: 'backend4',
          problem: expect.objectContaining({
            message: 'backend4: vde_switch ended with 1',
            code: 'MLN_COMMAND_FAILED',
          }),
        },
      ]);
      for (const daemon of daemons.filter((each) => each !== second)) {
        expect(daemon.phases.map((each) => each.phase)).toEqual(['prepare', 'switches', 'join', 'hosts', 'release']);
        expect(daemon.state).toBe('done');
      }
      expect(second?.phases.at(-1)?.phase).toBe('release');
    },
  );

  test('one hangs from the first: it is given up, and the others finish', async () => {
    const { daemons, carryOut } = await bed(0.5);
    const [, second] = daemons;
    if (second) second.first = () => true;
    expect(await carryOut('start')).toEqual([
      {
        unit: null,
        server: 'backend4',
        problem: expect.objectContaining({
          code: 'MLN_NO_SERVER',
          message: `backend4 (${second?.server.address ?? ''}) does not answer within 0.5 s`,
        }),
      },
    ]);
    expect(daemons.map(({ state }) => state)).toEqual(['done', 'running', 'done']);
  });

  test('one falls silent in the middle of a phase, as where a link is down: it is given up', async () => {
    const { daemons, carryOut } = await bed(0.5);
    const [, second] = daemons;
    if (second)
      second.act = (request, its) => {
        if (request.phase === 'hosts') its.first = () => true;
        else succeed(request, its);
      };
    const failures = await carryOut('start');
    expect(failures).toMatchObject([{ unit: null, server: 'backend4', problem: { code: 'MLN_NO_SERVER' } }]);
    expect(daemons.map(({ state }) => state)).toEqual(['done', 'running', 'done']);
  });

  test('one talks rubbish: it is given up, and the others finish', async () => {
    const { daemons, carryOut } = await bed();
    const [, second] = daemons;
    if (second)
      second.first = (_path, response) => {
        response.end('<html>');
        return true;
      };
    expect(await carryOut('stop')).toMatchObject([{ server: 'backend4', problem: { code: 'MLN_NO_SERVER' } }]);
    expect(daemons.map(({ state }) => state)).toEqual(['done', 'running', 'done']);
  });

  test('none answers: there is one error, with all of them', async () => {
    const { daemons, carryOut } = await bed(0.3);
    for (const { server } of daemons) await server.cut();
    const error = await errorOf(carryOut('start'));
    expect(error).toMatchObject({ code: 'MLN_NO_SERVER', exit: 69 });
    expect(error.problems.map(({ message }) => message)).toEqual(
      daemons.map(({ server }, index) => `${names[index] ?? ''} (${server.address}) refuses connections`),
    );
  });
});
