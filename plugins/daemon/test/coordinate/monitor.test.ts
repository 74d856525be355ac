import { beforeAll, describe, expect, test } from '@jest/globals';
import { unitsOf, unknownStatus, type Look, type Project, type Status } from '@mln/core';
import { lookHere, monitorThere } from '../../src/coordinate/monitor.js';
import { fakeHost } from '../../../../core/test/fake-project.js';
import { fakeFleet, json, type Answer, type FakeFleet } from '../client/fake-fleet.js';
import { spread } from './fake-daemon.js';

let fleet: FakeFleet;
beforeAll(async () => {
  fleet = await fakeFleet();
});

const up: Status = { ...unknownStatus, state: 'up', ready: true, memory: 1024, network: { received: 1, sent: 2 } };
const down: Status = { ...unknownStatus, state: 'down' };

interface Looked {
  readonly statuses: Readonly<Record<string, Status>>;
  readonly asked: readonly (readonly string[])[];
}

/** What is known of a project on gateway1, where each of the servers answers in its own way. */
async function look(
  project: Project,
  answers: Readonly<Record<string, Answer>>,
  {
    here = {},
    looking = { usage: false },
    timeout = 10,
  }: { here?: Record<string, Status>; looking?: Look; timeout?: number } = {},
): Promise<Looked> {
  const servers = await Promise.all(Object.entries(answers).map(([name, answer]) => fleet.server(name, answer)));
  const addresses = Object.fromEntries(
    Object.keys(answers).map((name, index) => [name, servers[index]?.address ?? '']),
  );
  const units = unitsOf(project);
  const known = new Map(units.map(({ name }) => [name, here[name] ?? unknownStatus]));
  const found = await monitorThere(
    await fleet.mln('gateway1'),
    fleet.options(addresses, { timeout }),
    known,
    units,
    project,
    looking,
  );
  return { statuses: Object.fromEntries(found), asked: servers.map(({ asked }) => asked) };
}

const everything = ['a', 'lan', 'backend3-1', 'backend3-2'];

/** A server that tells of all that it is asked for. */
function telling(status: unknown): Answer {
  return ({ path }, response) => {
    const names = new URL(path, 'http://x').searchParams.get('units')?.split(',') ?? everything;
    json(response, { statuses: Object.fromEntries(names.map((name) => [name, status])) });
  };
}

function refusing(code: string): Answer {
  return (_asked, response) => {
    json(response, { problems: [{ severity: 'error', code, message: 'no' }], exit: 77 }, 403);
  };
}

describe('what runs on other servers', () => {
  test('is asked of each of them, with one request', async () => {
    const project = spread(['backend3', 'backend4', 'gateway1']);
    const { statuses, asked } = await look(
      project,
      { backend3: telling(up), backend4: telling(down) },
      { here: { 'gateway1-1': up, lan: up }, looking: { usage: true } },
    );
    expect(statuses).toEqual({
      lan: { ...unknownStatus, state: 'down', detail: 'down on backend4' },
      'backend3-1': up,
      'backend3-2': up,
      'backend4-1': down,
      'backend4-2': down,
      'gateway1-1': up,
      'gateway1-2': unknownStatus,
    });
    expect(asked).toEqual(
      ['backend3', 'backend4'].map((name) => [`GET /v1/projects/kafe/status?units=lan,${name}-1,${name}-2&usage=1`]),
    );
  });

  test('nobody is asked where all is here, and no certificate read', async () => {
    const project = spread(['gateway1']);
    const options = { fleet: '/nonexistent' };
    const statuses = new Map([['lan', up]]);
    expect(
      await monitorThere(await fleet.mln('gateway1'), options, statuses, unitsOf(project), project, { usage: true }),
    ).toBe(statuses);
  });

  test('nobody is asked by who is asked', async () => {
    const project = spread(['backend3']);
    const { asked } = await look(project, { backend3: telling(up) }, { looking: lookHere(false) });
    expect(asked).toEqual([[]]);
  });

  test('a server that hangs is not waited for longer than the limit, and its units are unknown', async () => {
    const project = spread(['backend3', 'backend4']);
    const { statuses } = await look(project, { backend3: telling(up), backend4: () => undefined }, { timeout: 0.5 });
    const unknown = { ...unknownStatus, detail: 'backend4 does not answer' };
    expect(statuses).toMatchObject({ 'backend3-1': up, 'backend4-1': unknown, 'backend4-2': unknown, lan: unknown });
  });

  test.each<[string, Answer, Status]>([
    ['refuses', refusing('MLN_NOT_ALLOWED'), { ...unknownStatus, detail: 'backend3: no' }],
    ['does not have the project', refusing('MLN_NO_PROJECT'), { ...down, detail: 'not built on backend3' }],
    [
      'talks rubbish',
      (_asked, response) => response.end('<html>'),
      { ...unknownStatus, detail: 'backend3 does not answer' },
    ],
    ['tells nothing', telling(undefined), { ...unknownStatus, detail: 'backend3 does not know it' }],
    [
      'tells odd things',
      telling({ state: 'up', ready: 'yes', memory: '1G', network: 7, detail: 7, saved: 1 }),
      { ...unknownStatus, state: 'up' },
    ],
  ])('a server that %s', async (_what, answer, status) => {
    const { statuses } = await look(spread(['backend3']), { backend3: answer });
    expect(statuses['backend3-1']).toEqual(status);
  });

  test('a switch on several servers is up where all of it is', async () => {
    const project = spread(['backend3', 'backend4']);
    const all = await look(project, { backend3: telling(up), backend4: telling(up) });
    expect(all.statuses['lan']).toEqual(up);
    const none = await look(project, { backend3: telling(down), backend4: telling(down) });
    expect(none.statuses['lan']).toEqual(down);
  });

  test('units at the home of a project are asked of it, of whom has none nobody can be', async () => {
    const hosts = [fakeHost('a')];
    const away = await look(spread([], { home: 'backend3', hosts }), { backend3: telling(up) });
    expect(away.statuses['a']).toEqual(up);
    const alice = await look(spread([], { home: '~alice', hosts }), {});
    expect(alice.statuses['a']).toEqual({
      ...unknownStatus,
      detail: 'is at home with alice, on a machine that is no server',
    });
  });

  test('a server with very many of them is asked for all that it has', async () => {
    const hosts = Array.from({ length: 500 }, (_, index) =>
      fakeHost(`a-host-with-a-long-name-${index}`, { serviceHost: 'backend3' }),
    );
    const tell: Answer = (_asked, response) => {
      json(response, { statuses: Object.fromEntries(hosts.map(({ name }) => [name, up])) });
    };
    const { statuses, asked } = await look(spread([], { hosts }), { backend3: tell });
    expect(statuses['a-host-with-a-long-name-499']).toEqual(up);
    expect(asked).toEqual([['GET /v1/projects/kafe/status?usage=0']]);
  });
});
