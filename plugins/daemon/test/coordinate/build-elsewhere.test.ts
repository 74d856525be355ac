import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { CommandOptions, Mln, Project } from '@mln/core';
import { writeState } from '../../../../core/src/state.js';
import { fakeMln } from '../../../../core/test/fake-hypervisor.js';
import { fakeProject } from '../../../../core/test/fake-project.js';
import { scratchFolder } from '../../../../core/test/scratch.js';
import { fakeFleet, json, type FakeFleet } from '../client/fake-fleet.js';
import { call, type Told } from './called.js';
import { fakeDaemon, type FakeDaemon } from './fake-daemon.js';

let fleet: FakeFleet;
beforeAll(async () => {
  fleet = await fakeFleet();
});

interface Bed {
  readonly gateway1: FakeDaemon;
  readonly mln: Mln;
  readonly build: (given?: CommandOptions) => Promise<Told>;
}

const text =
  'global { project kafe }\nhost a { template small; network eth0 { switch lan; address 10.0.0.1/24 } }\nswitch lan { }\n';

/** A machine without a name, and the server gateway1, where kafe is built (`there`) or not. */
async function bed({
  there = false,
  here = {},
  source = text,
}: { there?: boolean; here?: Partial<Project> | null; source?: string } = {}): Promise<Bed> {
  const gateway1 = await fakeDaemon(fleet, 'gateway1');
  gateway1.first = (path, response, method) => {
    if (path.startsWith('/v1/blobs/missing')) json(response, { missing: [] });
    else if (path.startsWith('/v1/blobs/')) json(response, null);
    else if (path === '/v1/projects/kafe' && method === 'GET')
      if (there) json(response, { name: 'kafe' });
      else json(response, { problems: [{ severity: 'error', code: 'MLN_NO_PROJECT', message: 'none' }], exit: 1 }, 404);
    else return false;
    return true;
  };
  gateway1.begin = (_request, its) => {
    its.say({ kind: 'note', text: 'kafe is built: 1 host, 1 switch' });
    its.end('done', 0);
  };
  const folder = scratchFolder();
  const mln = await fakeMln(folder);
  mkdirSync(mln.folders.templates, { recursive: true });
  writeFileSync(join(mln.folders.templates, 'small'), 'an image');
  const file = join(folder, 'kafe.mln');
  writeFileSync(file, source);
  if (here !== null && Object.keys(here).length > 0) {
    const directory = join(mln.folders.projects, 'kafe');
    mkdirSync(directory, { recursive: true });
    const project = fakeProject({ name: 'kafe', directory, ...here });
    await writeState(directory, { builtAt: '', plugins: {}, templates: {}, project });
  }
  const options = fleet.options({ gateway1: gateway1.server.address });
  return { gateway1, mln, build: (given = {}) => call(mln, options, 'build', [], { file, ...given }) };
}

describe('a build', () => {
  test('is sent where --on says, undecided, with what it needs', async () => {
    const { gateway1, build } = await bed();
    expect(await build({ on: 'gateway1', allOrNothing: true, overcommit: true })).toMatchObject({
      exit: 0,
      error: null,
      asked: [],
      notes: ['kafe is built: 1 host, 1 switch'],
    });
    const [request] = gateway1.requests;
    expect(request).toMatchObject({
      scope: 'whole',
      operation: 'build',
      project: 'kafe',
      options: { allOrNothing: true, overcommit: true },
      package: { source: text, project: { name: 'kafe', home: 'gateway1', secret: null } },
    });
    expect(request?.replace).toBeUndefined();
    expect(request?.package?.templates).toHaveLength(1);
  });

  test('of what is there already is asked about', async () => {
    const { gateway1, build } = await bed({ there: true });
    expect(await build({ on: 'gateway1' })).toMatchObject({
      exit: 0,
      asked: ['kafe is built already on gateway1. Replace it, and lose what is on its disks?'],
    });
    expect(gateway1.requests[0]?.replace).toBe(true);
    expect(await build({ on: 'gateway1', yes: true })).toMatchObject({ exit: 0, asked: [] });
  });

  test('prints one document, and asks nothing then', async () => {
    const { gateway1, build } = await bed({ there: true });
    expect((await build({ on: 'gateway1', json: true })).error?.code).toBe('MLN_NOT_CONFIRMED');
    expect(gateway1.requests).toEqual([]);
    const { stdout } = await build({ on: 'gateway1', json: true, replace: true });
    expect(JSON.parse(stdout)).toMatchObject({
      apiVersion: 'mln/v1',
      kind: 'Operation',
      items: [{ server: 'gateway1', id: 'op-gateway100000000', operation: 'build', state: 'done', exit: 0 }],
    });
  });

  test('with words that nobody knows is sent nowhere', async () => {
    const { gateway1, build } = await bed({ source: text.replace('template', 'memmory 1M; template') });
    expect((await build({ on: 'gateway1' })).error?.code).toBe('MLN_UNKNOWN_KEYWORD');
    expect(gateway1.server.asked).toEqual([]);
  });

  test('of a project that is here as a part of another home goes there', async () => {
    const { gateway1, build } = await bed({ here: { home: 'gateway1' } });
    const told = await build({ replace: true });
    expect(told).toMatchObject({ exit: 0 });
    expect(told.notes[0]).toBe('kafe is at home on gateway1: that server does it');
    expect(gateway1.requests[0]?.package?.project.home).toBe('gateway1');
  });

  test.each<[string, Partial<Project>]>([
    ['at home here', { home: null }],
    ['another that is at home elsewhere', { name: 'ring', home: 'gateway1' }],
  ])('is done here where what is built here is %s', async (_what, here) => {
    const { gateway1, mln, build } = await bed({ here });
    const phases: string[] = [];
    mln.hooks.execute.tap('test', (operation, { phase }) => {
      phases.push(`${operation.name} ${phase}`);
      return { failures: [] };
    });
    await build({ replace: true });
    expect(gateway1.server.asked).toEqual([]);
  });
});
