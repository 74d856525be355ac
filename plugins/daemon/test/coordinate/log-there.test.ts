import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Mln } from '@mln/core';
import { writeState } from '../../../../core/src/state.js';
import { fakeHost, fakeProject } from '../../../../core/test/fake-project.js';
import type { Options } from '../../src/options.js';
import { fakeFleet, json, type FakeFleet } from '../client/fake-fleet.js';
import { call } from './called.js';
import { fakeDaemon, type FakeDaemon } from './fake-daemon.js';

let fleet: FakeFleet;
beforeAll(async () => {
  fleet = await fakeFleet();
});

interface Bed {
  readonly daemons: readonly FakeDaemon[];
  readonly mln: Mln;
  readonly options: Options;
}

/** The servers backend3 and backend4; of the project kafe, a is on gateway1, which is here, and b on backend3. */
async function bed(timeout = 10): Promise<Bed> {
  const names = ['backend3', 'backend4'];
  const daemons = await Promise.all(names.map((name) => fakeDaemon(fleet, name)));
  const mln = await fleet.mln('gateway1');
  const directory = join(mln.folders.projects, 'kafe');
  mkdirSync(directory, { recursive: true });
  const hosts = [fakeHost('a'), fakeHost('b', { serviceHost: 'backend3' })];
  const project = fakeProject({ name: 'kafe', home: 'gateway1', directory, hosts });
  await writeState(directory, { builtAt: '', plugins: {}, templates: {}, project });
  const addresses = Object.fromEntries(daemons.map(({ server }, index) => [names[index] ?? '', server.address]));
  return { daemons, mln, options: fleet.options(addresses, { timeout }) };
}

/** Runs something, and gives what it writes to standard output itself. */
async function written(act: () => Promise<unknown>): Promise<string> {
  const pieces: Buffer[] = [];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((piece) => {
    pieces.push(Buffer.from(piece));
    return true;
  });
  try {
    await act();
  } finally {
    write.mockRestore();
  }
  return Buffer.concat(pieces).toString();
}

const id = 'op-1234567890';

/** The server has no operation of that name. */
function knowsNothing(daemon: FakeDaemon | undefined, code = 'MLN_NO_OPERATION'): void {
  if (daemon)
    daemon.first = (_path, response) => {
      json(response, { problems: [{ severity: 'error', code, message: 'no' }], exit: 1 }, 404);
      return true;
    };
}

describe('the log of an operation', () => {
  test('is shown as far as it goes, from whichever server has it', async () => {
    const { daemons, mln, options } = await bed();
    const [backend3, backend4] = daemons;
    knowsNothing(backend3);
    backend4?.say({ kind: 'note', text: 'begun' });
    backend4?.say({
      kind: 'error',
      phase: 1,
      problems: [{ severity: 'error', code: 'MLN_IO', message: 'x' }],
      exit: 1,
    });
    const told = await call(mln, options, 'log', [id]);
    expect(told).toMatchObject({ notes: ['begun'], error: { message: 'backend4: x' } });
    expect(backend4?.server.asked).toEqual([`GET /v1/operations/${id}`, `GET /v1/operations/${id}/log?follow=0`]);
  });

  test('is followed to its end, whose exit code it has', async () => {
    const { daemons, mln, options } = await bed();
    const [backend3] = daemons;
    backend3?.say({ kind: 'print', text: 'hello' });
    const following = call(mln, options, 'log', [id], { on: 'backend3', follow: true });
    setImmediate(() => backend3?.end('failed', 75));
    expect(await following).toMatchObject({ stdout: 'hello\n', exit: 75, error: null });
    expect(daemons[1]?.server.asked).toEqual([]);
  });

  test('that nobody knows: who was not asked is named', async () => {
    const { daemons, mln, options } = await bed(0.3);
    knowsNothing(daemons[0]);
    if (daemons[1]) daemons[1].first = () => true;
    const { error } = await call(mln, options, 'log', [id]);
    expect(error).toMatchObject({ code: 'MLN_NO_OPERATION' });
    expect(error?.problems[0]?.hint).toBe('not asked: the daemon of this machine, backend4');
  });

  test('that one may not see is refused', async () => {
    const { daemons, mln, options } = await bed();
    knowsNothing(daemons[0]);
    knowsNothing(daemons[1], 'MLN_NOT_ALLOWED');
    expect((await call(mln, options, 'log', [id])).error).toMatchObject({ code: 'MLN_NOT_ALLOWED' });
  });
});

describe('the console of a host', () => {
  test('is read where the host is', async () => {
    const { daemons, mln, options } = await bed();
    const [backend3] = daemons;
    if (backend3)
      backend3.first = (_path, response) => {
        response.writeHead(200);
        for (const [number, text] of ['Linux ', 'v6\u001b[1m\n'].entries())
          response.write(`id: ${number}\ndata: ${JSON.stringify({ bytes: Buffer.from(text).toString('base64') })}\n\n`);
        response.end();
        return true;
      };
    for (const [args, given] of [
      [['b'], {}],
      [['b.kafe'], { follow: true }],
      [['a.ring'], { on: 'backend3' }],
      [['a'], { on: 'backend3', project: 'ring' }],
    ] as const)
      expect(await written(() => call(mln, options, 'log', args, given))).toBe('Linux v6\u001b[1m\n');
    const paths = ['kafe/log?host=b&follow=0', 'kafe/log?host=b&follow=1', 'ring/log?host=a&follow=0'];
    expect(backend3?.server.asked).toEqual(
      [...paths, 'ring/log?host=a&follow=0'].map((path) => `GET /v1/projects/${path}`),
    );
  });

  test('of one that is here is the core’s to show', async () => {
    const { daemons, mln, options } = await bed();
    const { error } = await call(mln, options, 'log', ['a']);
    expect(error).toMatchObject({ code: 'MLN_NO_FILE', message: 'a.kafe has no console log yet' });
    expect(daemons.map(({ server }) => server.asked)).toEqual([[], []]);
  });

  test('with --on and no project is a question', async () => {
    const { mln, options } = await bed();
    expect((await call(mln, options, 'log', ['a'], { on: 'backend3' })).error).toMatchObject({ code: 'MLN_USAGE' });
  });

  test('is opened where the host is, by a command that is told', async () => {
    const { mln, options } = await bed();
    const { error } = await call(mln, options, 'console', ['b']);
    expect(error).toMatchObject({ message: 'b.kafe is on backend3, and its console is opened there' });
    expect(error?.problems[0]?.hint).toBe('ssh -t 127.0.0.1 mln console b.kafe');
  });
});

describe('what a server shows', () => {
  const projects = [
    {
      name: 'kafe',
      home: 'backend4',
      hosts: [
        { name: 'a', serviceHost: 'backend4' },
        { name: 'b', serviceHost: 'backend3' },
      ],
      switches: [{ name: 'lan', servers: ['backend3', 'backend4'] }],
    },
    { name: 'ring', home: null, hosts: [{ name: 'c', serviceHost: null }], switches: [] },
  ];
  const status = (state: string): object => ({ state, ready: null });
  const statuses: Readonly<Record<string, object>> = {
    'backend3 kafe': { b: status('up'), lan: status('up') },
    'backend4 kafe': { a: status('up'), lan: status('down') },
    'backend3 ring': { c: status('up') },
  };

  async function showing(): Promise<Bed> {
    const made = await bed();
    for (const [index, server] of ['backend3', 'backend4'].entries()) {
      const daemon = made.daemons[index];
      if (!daemon) continue;
      daemon.first = (path, response) => {
        const name = /^\/v1\/projects\/(\w+)(?:\/(status))?/.exec(path);
        if (path === '/v1/projects') json(response, { projects });
        else if (name?.[2] === undefined)
          json(
            response,
            projects.find((each) => each.name === name?.[1]),
          );
        else json(response, { statuses: statuses[`${server} ${name[1] ?? ''}`] });
        return true;
      };
    }
    return made;
  }

  test('its projects', async () => {
    const { mln, options } = await showing();
    expect((await call(mln, options, 'list', [], { on: 'backend3' })).stdout).toBe('kafe  at home on backend4\nring\n');
    const { stdout } = await call(mln, options, 'list', [], { on: 'backend3', json: true });
    expect(JSON.parse(stdout)).toEqual({
      apiVersion: 'mln/v1',
      kind: 'ProjectList',
      items: [
        { name: 'kafe', home: 'backend4', server: 'backend3' },
        { name: 'ring', home: null, server: 'backend3' },
      ],
    });
  });

  test('what runs of its projects, on whichever servers they are', async () => {
    const { mln, options } = await showing();
    const all = await call(mln, options, 'status', [], { on: 'backend3', check: true });
    expect(all).toMatchObject({
      exit: 2,
      stdout: [
        'kafe  switch  lan  down  on backend3 and backend4, down on backend4',
        'kafe  host    a    up    on backend4',
        'kafe  host    b    up    on backend3',
        'ring  host    c    up    on backend3\n',
      ].join('\n'),
    });
    const one = await call(mln, options, 'status', ['kafe'], { on: 'backend3', host: 'a' });
    expect(one.stdout).toBe('kafe  host  a  up  on backend4\n');
  });

  test('a part whose server the client does not know is told of as such', async () => {
    const { mln, options } = await showing();
    const { backend3 = '' } = options.servers ?? {};
    const told = await call(mln, { ...options, servers: { backend3 } }, 'status', ['kafe'], {
      on: 'backend3',
      host: 'a',
    });
    expect(told.stdout).toBe(
      'kafe  host  a  unknown  on backend4, backend4 is not among the servers of the configuration\n',
    );
  });
});
