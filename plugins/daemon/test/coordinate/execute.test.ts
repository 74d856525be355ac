import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Mln, Operation, Outcome, Part, Progress, Project } from '@mln/core';
import { fleetClient } from '../../src/client/shared.js';
import { executeThere } from '../../src/coordinate/execute.js';
import { errorOf } from '../client/error-of.js';
import { fakeFleet, json, type FakeFleet } from '../client/fake-fleet.js';
import { fakeDaemon, spread, succeed, type FakeDaemon } from './fake-daemon.js';

let fleet: FakeFleet;
beforeAll(async () => {
  fleet = await fakeFleet();
});

interface Bed {
  readonly daemon: FakeDaemon;
  readonly mln: Mln;
  readonly progress: Progress[];
  readonly operation: Operation;
  /** Has backend3 do a phase with all its units. */
  readonly run: (phase: string, project?: Project) => Promise<Outcome | undefined>;
}

const kafe = spread(['backend3']);

async function bed(act: FakeDaemon['act'] = succeed, { name = 'start', timeout = 10 } = {}): Promise<Bed> {
  const daemon = await fakeDaemon(fleet, 'backend3', act);
  const mln = await fleet.mln('gateway1');
  const options = fleet.options({ backend3: daemon.server.address }, { timeout });
  const progress: Progress[] = [];
  const operation: Operation = { id: 'op', name, user: 'u', at: '', options: { wait: 5 } };
  return {
    daemon,
    mln,
    progress,
    operation,
    run: (phase, project = kafe) => {
      const part: Part = { server: 'backend3', phase, units: project.hosts, project, source: '' };
      return executeThere(mln, options, operation, part, (each) => progress.push(each));
    },
  };
}

const done = { failures: [] };
const problem = (message: string): { severity: 'error'; code: string; message: string } => ({
  severity: 'error',
  code: 'MLN_SCRIPT_FAILED',
  message,
});

describe('a part on another server', () => {
  test('this machine’s own part is none of its', async () => {
    const { mln, operation } = await bed();
    const part: Part = { server: null, phase: 'hosts', units: [], project: kafe, source: '' };
    expect(await executeThere(mln, {}, operation, part, () => undefined)).toBeUndefined();
  });

  test('is taken there once, and asked for phase by phase over one stream', async () => {
    const { daemon, run, progress } = await bed((request, its) => {
      its.say({
        kind: 'progress',
        progress: { server: null, unit: 'a', state: 'done', text: `${request.phase}\u001b[2J` },
      });
      succeed(request, its);
    });
    for (const phase of ['prepare', 'hosts', 'release']) expect(await run(phase)).toEqual(done);
    expect(daemon.requests).toEqual([
      { scope: 'part', operation: 'start', options: { wait: 5 }, project: 'kafe', parent: 'op', home: 'gateway1' },
    ]);
    const units = ['backend3-1', 'backend3-2'];
    expect(daemon.phases).toEqual([
      { number: 0, phase: 'prepare', units },
      { number: 1, phase: 'hosts', units },
      { number: 2, phase: 'release', units: [] },
    ]);
    expect(progress).toEqual(
      ['prepare', 'hosts', 'release'].map((text) => ({ server: 'backend3', unit: 'a', state: 'done', text })),
    );
    expect(daemon.server.asked.filter((each) => each.includes('/log'))).toHaveLength(1);
  });

  test('what nobody has to do is not asked for', async () => {
    const { daemon, run, mln, operation } = await bed();
    await run('prepare');
    expect(await run('beforeHostsStart')).toEqual(done);
    await run('afterHostsStart', { ...kafe, hookBlocks: { afterHostsStart: 'true' } });
    const empty: Part = { server: 'backend3', phase: 'switches', units: [], project: kafe, source: '' };
    expect(await executeThere(mln, {}, operation, empty, () => undefined)).toEqual(done);
    await run('release');
    expect(daemon.phases.map(({ phase }) => phase)).toEqual(['prepare', 'afterHostsStart', 'release']);
  });

  test('failures of its units bear its name, and the last lines that were said', async () => {
    const { run } = await bed(({ number }, its) => {
      if (number === 0) its.say({ kind: 'note', text: 'a line of before' });
      else its.say({ kind: 'note', text: 'no such device\nstart failed' });
      const failures = number === 0 ? [] : [{ unit: 'a', problem: problem('a: start failed') }];
      its.say({ kind: 'phase', phase: number, failures });
    });
    await run('prepare');
    expect(await run('hosts')).toEqual({
      failures: [{ unit: 'a', server: 'backend3', problem: problem('backend3: a: start failed\n  | no such device') }],
    });
    await run('release');
  });

  test('what fails as a whole is thrown, with its exit code', async () => {
    const { run } = await bed((request, its) => {
      if (request.phase !== 'hosts') succeed(request, its);
      else
        its.say({
          kind: 'error',
          phase: request.number,
          problems: [problem('afterHostsStart ended with 1')],
          exit: 75,
        });
    });
    await run('prepare');
    expect(await errorOf(run('hosts'))).toMatchObject({
      code: 'MLN_SCRIPT_FAILED',
      exit: 75,
      message: 'backend3: afterHostsStart ended with 1',
    });
    expect(await run('release')).toEqual(done);
  });

  test('a refused request is thrown, and there is nothing to release', async () => {
    const { daemon, run } = await bed();
    daemon.first = (_path, response) => {
      const refused = { severity: 'error', code: 'MLN_LOCKED', message: 'op-1 of user:bob is at work' };
      json(response, { problems: [refused], exit: 75 }, 409);
      return true;
    };
    expect(await errorOf(run('prepare'))).toMatchObject({ code: 'MLN_LOCKED', exit: 75 });
    expect(await run('release')).toEqual(done);
    expect(daemon.server.asked).toEqual(['POST /v1/operations']);
  });

  test('a removal of what is not there is done', async () => {
    const { daemon, run } = await bed(succeed, { name: 'remove' });
    daemon.first = (_path, response) => {
      json(response, { problems: [{ severity: 'error', code: 'MLN_NO_PROJECT', message: 'none' }], exit: 1 }, 404);
      return true;
    };
    for (const phase of ['prepare', 'remove', 'release']) expect(await run(phase)).toEqual(done);
    expect(daemon.server.asked).toEqual(['POST /v1/operations']);
  });
});

describe('a server that goes away', () => {
  test('and comes again goes on where it was: nothing is done twice', async () => {
    const { daemon, run } = await bed();
    await run('prepare');
    daemon.act = (request, its) => {
      void its.server.cut().then(async () => {
        its.act = succeed;
        await its.server.listen();
        succeed(request, its);
      });
    };
    expect(await run('hosts')).toEqual(done);
    await run('release');
    expect(daemon.phases.map(({ number }) => number)).toEqual([0, 1, 2]);
  });

  test('while it is asked is asked again', async () => {
    const { daemon, run } = await bed();
    await run('prepare');
    let cuts = 0;
    daemon.first = (path, response) => {
      if (!path.endsWith('/phases') || (cuts += 1) > 2) return false;
      response.socket?.destroy();
      return true;
    };
    expect(await run('hosts')).toEqual(done);
    expect(cuts).toBe(3);
    await run('release');
  });

  test('and whose part has ended in the meantime says what it came to', async () => {
    const { daemon, run } = await bed();
    await run('prepare');
    daemon.act = (_request, its) => {
      its.say({ kind: 'error', phase: null, problems: [problem('the worker was killed')], exit: 1 });
      its.end('failed', 1);
    };
    expect(await errorOf(run('hosts'))).toMatchObject({ message: 'backend3: the worker was killed' });
    expect(await errorOf(run('afterwards'))).toMatchObject({ message: 'backend3: the worker was killed' });
    expect(await run('release')).toEqual(done);
    expect(daemon.phases.map(({ phase }) => phase)).toEqual(['prepare', 'hosts']);
  });

  test('and whose part has ended without a word is told of in words', async () => {
    const { daemon, run } = await bed();
    await run('prepare');
    daemon.act = async (_request, its) => {
      await its.server.cut();
      its.state = 'failed';
      await its.server.listen();
    };
    expect(await errorOf(run('hosts'))).toMatchObject({
      code: 'MLN_PARTLY',
      message: 'backend3: its part has failed before all of it was asked for',
      problems: [{ hint: expect.stringContaining('mln log op-backend300000000 --on backend3') }],
    });
    await run('release');
  });

  test('and has done what it had taken down has done it', async () => {
    const { daemon, run } = await bed(succeed, { name: 'build' });
    daemon.first = (path, response) => {
      if (!path.startsWith('/v1/blobs')) return false;
      json(response, { missing: [] });
      return true;
    };
    await run('prepare');
    daemon.act = async (_request, its) => {
      await its.server.cut();
      its.state = 'done';
      await its.server.listen();
    };
    expect(await run('commit')).toEqual(done);
    expect(await run('release')).toEqual(done);
  });

  test('for good is given up, and the others go on', async () => {
    const { daemon, run, progress } = await bed(succeed, { timeout: 0.3 });
    await run('prepare');
    daemon.act = (_request, its) => its.server.cut();
    const error = await errorOf(run('hosts'));
    expect(error).toMatchObject({ code: 'MLN_NO_SERVER', exit: 69 });
    expect(error.message).toMatch(`backend3 (${daemon.server.address}) `);
    expect(await run('release')).toEqual(done);
    expect(progress).toEqual([]);
  });

  test('before it could be told that it is over is a note', async () => {
    const { daemon, run, progress } = await bed(succeed, { timeout: 0.3 });
    await run('prepare');
    daemon.act = () => undefined;
    expect(await run('release')).toEqual(done);
    expect(progress).toEqual([
      {
        server: 'backend3',
        unit: null,
        state: 'note',
        text: expect.stringMatching(/^could not be told that it is over/),
      },
    ]);
  });

  test.each([
    ['an operation', (path: string) => path === '/v1/operations'],
    ['a log', (path: string) => path.endsWith('/log')],
  ])('and another answers in its place: rubbish in the stead of %s', async (_what, isIt) => {
    const { daemon, run, mln } = await bed(succeed, { timeout: 5 });
    daemon.first = (path, response) => {
      if (!isIt(path)) return false;
      response.writeHead(200).end('id: 0\ndata: {"kind":"progress","progress":7}\n\n');
      return true;
    };
    expect(await errorOf(run('prepare'))).toMatchObject({ code: 'MLN_NO_SERVER' });
    expect(await run('release')).toEqual(done);
    fleetClient(mln, {}).close();
  });
});
