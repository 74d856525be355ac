import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Mln, Project } from '@mln/core';
import { fakeHost, fakeProject } from '../../../../core/test/fake-project.js';
import { writeState } from '../../../../core/src/state.js';
import type { Options } from '../../src/options.js';
import { fakeFleet, json, localServer, type FakeFleet } from '../client/fake-fleet.js';
import { call } from './called.js';
import { fakeDaemon, type FakeDaemon } from './fake-daemon.js';

let fleet: FakeFleet;
beforeAll(async () => {
  fleet = await fakeFleet();
});

interface Bed {
  readonly gateway1: FakeDaemon;
  readonly mln: Mln;
  readonly options: Options;
}

/** A machine called backend3, and the server gateway1, whose operations end well. */
async function bed(projects: readonly Partial<Project>[] = []): Promise<Bed> {
  const gateway1 = await fakeDaemon(fleet, 'gateway1');
  gateway1.begin = ({ operation }, its) => {
    its.say({ kind: 'progress', progress: { server: null, unit: 'a', state: 'done', text: `${operation} done` } });
    its.say({ kind: 'progress', progress: { server: 'backend4', unit: 'b', state: 'done', text: 'done too' } });
    its.say({ kind: 'note', text: 'all is well' });
    its.say({ kind: 'print', text: 'a word' });
    its.end('done', 0);
  };
  const mln = await fleet.mln('backend3');
  for (const each of projects) {
    const directory = join(mln.folders.projects, each.name ?? '');
    mkdirSync(directory, { recursive: true });
    const project = fakeProject({ directory, hosts: [fakeHost('a')], ...each });
    await writeState(directory, { builtAt: '', plugins: {}, templates: {}, project });
  }
  return { gateway1, mln, options: fleet.options({ gateway1: gateway1.server.address }) };
}

const whole = { scope: 'whole', project: 'kafe', options: {} };

describe('a whole operation', () => {
  test('is carried out where --on says, and its log is shown', async () => {
    const { gateway1, mln, options } = await bed();
    const told = await call(mln, options, 'start', ['kafe'], {
      on: 'gateway1',
      host: 'a,b',
      wait: true,
      sleep: '2',
      term: 'none',
      allOrNothing: true,
    });
    expect(told).toEqual({
      exit: 0,
      error: null,
      stdout: 'a word\n',
      notes: ['all is well'],
      progress: ['gateway1 a start done', 'backend4 b done too'],
      asked: [],
    });
    expect(gateway1.requests).toEqual([
      {
        ...whole,
        operation: 'start',
        hosts: ['a', 'b'],
        options: { wait: 120, sleep: 2, term: 'none', allOrNothing: true },
      },
    ]);
  });

  test.each([
    ['stop', { wait: '5' }, { wait: 5 }],
    ['stop', { save: true }, { save: true }],
    ['restart', { wait: '30', destroy: '5' }, { wait: 30, patience: 5 }],
  ])('%s %j', async (verb, given, asked) => {
    const { gateway1, mln, options } = await bed();
    expect(await call(mln, options, verb, [], { project: 'kafe', on: 'gateway1', ...given })).toMatchObject({
      exit: 0,
    });
    expect(gateway1.requests).toEqual([{ ...whole, operation: verb, options: asked }]);
  });

  test('of a removal is asked about before', async () => {
    const { gateway1, mln, options } = await bed();
    const asked = await call(mln, options, 'remove', ['kafe'], { on: 'gateway1' });
    expect(asked.asked).toEqual(['Remove kafe from gateway1, and all that is on its disks?']);
    expect(await call(mln, options, 'remove', ['kafe'], { on: 'gateway1', yes: true })).toMatchObject({ asked: [] });
    expect(gateway1.requests).toEqual([1, 2].map(() => ({ ...whole, operation: 'remove' })));
  });

  test('in the background gives its id', async () => {
    const { gateway1, mln, options } = await bed();
    gateway1.begin = () => undefined;
    const told = await call(mln, options, 'stop', ['kafe'], { on: 'gateway1', background: true });
    expect(told).toMatchObject({ exit: 0, stdout: 'op-gateway100000000\n', notes: [] });
    expect(gateway1.server.asked).toEqual(['POST /v1/operations']);
  });

  test('in the background goes to the daemon of this machine where --on names none', async () => {
    const { mln, options } = await bed([{ name: 'ring' }]);
    const local = await localServer(options.socket ?? '', (_asked, response) => {
      json(response, { id: 'op-1234567890', state: 'waiting' }, 202);
    });
    const told = await call(mln, options, 'start', ['ring'], { background: true });
    expect(told).toMatchObject({ exit: 0, stdout: 'op-1234567890\n' });
    await local.cut();
  });

  test('that fails is the error that it was there, with its exit code', async () => {
    const { gateway1, mln, options } = await bed();
    gateway1.begin = (_request, its) => {
      const problems = [{ severity: 'error' as const, code: 'MLN_NO_PROJECT', message: 'there is no project kafe' }];
      its.say({ kind: 'error', phase: null, problems, exit: 1 });
      its.end('failed', 1);
    };
    const told = await call(mln, options, 'start', ['kafe'], { on: 'gateway1' });
    expect(told.error).toMatchObject({
      code: 'MLN_NO_PROJECT',
      exit: 1,
      message: 'gateway1: there is no project kafe',
    });
  });

  test('that is done in part, or cancelled, ends with its exit code', async () => {
    const { gateway1, mln, options } = await bed();
    gateway1.begin = (_request, its) => {
      its.end('cancelled', 3);
    };
    const told = await call(mln, options, 'start', ['kafe'], { on: 'gateway1' });
    expect(told).toMatchObject({ exit: 3, error: null, notes: ['op-gateway100000000 was cancelled'] });
  });

  test('a server that is not there is told of', async () => {
    const { mln, options } = await bed();
    expect(await call(mln, options, 'start', ['kafe'], { on: 'backend9' })).toMatchObject({ exit: 69 });
  });

  test('of all projects of a server', async () => {
    const { gateway1, mln, options } = await bed();
    gateway1.first = (path, response) => {
      if (path !== '/v1/projects') return false;
      json(response, { projects: [{ name: 'kafe' }, { name: 'ring' }] });
      return true;
    };
    expect(await call(mln, options, 'stop', [], { on: 'gateway1', all: true })).toMatchObject({ exit: 0 });
    expect(gateway1.requests.map(({ project }) => project)).toEqual(['kafe', 'ring']);
  });
});

describe('a project that is at home elsewhere', () => {
  const away = { name: 'kafe', home: 'gateway1' };

  test('is started there, which is said', async () => {
    const { gateway1, mln, options } = await bed([away]);
    const told = await call(mln, options, 'start', ['kafe']);
    expect(told).toMatchObject({
      exit: 0,
      notes: ['kafe is at home on gateway1: that server does it', 'all is well'],
    });
    expect(gateway1.requests).toEqual([{ ...whole, operation: 'start' }]);
  });

  test('is not with --here', async () => {
    const { gateway1, mln, options } = await bed([away]);
    const told = await call(mln, options, 'stop', ['kafe'], { here: true, wait: 'soon' });
    expect(told.error).toMatchObject({ code: 'MLN_USAGE', message: '-w takes a number of seconds, not soon' });
    expect(gateway1.server.asked).toEqual([]);
  });

  test('of somebody who is no server is an error that says what may be done', async () => {
    const { mln, options } = await bed([{ name: 'shop', home: '~alice' }]);
    const { error } = await call(mln, options, 'start', ['shop']);
    expect(error?.message).toBe('shop is at home with alice, on a machine that is no server and cannot be asked');
    expect(error?.problems[0]?.hint).toMatch('--here');
  });

  test('does not keep those that are here from it', async () => {
    const { gateway1, mln, options } = await bed([away, { name: 'local', home: 'backend3' }]);
    const done: string[] = [];
    mln.hooks.execute.tap('test', (operation, { phase, project }) => {
      done.push(`${operation.name} ${project.name} ${phase}`);
      return { failures: [] };
    });
    expect(await call(mln, options, 'start', ['local'])).toMatchObject({ exit: 0, notes: [] });
    expect(done).toContain('start local hosts');
    expect(gateway1.server.asked).toEqual([]);
  });

  test('--here goes with nothing that is elsewhere', async () => {
    const { mln, options } = await bed([away]);
    for (const given of [{ on: 'gateway1' }, { background: true }])
      expect((await call(mln, options, 'stop', ['kafe'], { here: true, ...given })).error?.code).toBe('MLN_USAGE');
  });
});
