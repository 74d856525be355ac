import type { ServerResponse } from 'node:http';
import type { LogContent, OperationRecord, OperationRequest, PhaseRequest } from '../../src/protocol.js';
import { fakeHost, fakeProject, fakeSwitch } from '../../../../core/test/fake-project.js';
import type { Host, Project } from '@mln/core';
import { json, type Answer, type FakeFleet, type FakeServer } from '../client/fake-fleet.js';

/** A daemon that keeps operations in memory and does nothing. */
export interface FakeDaemon {
  readonly server: FakeServer;
  readonly requests: OperationRequest[];
  /** Phases in their order; what was asked for again is not done again. */
  readonly phases: PhaseRequest[];
  /** Milliseconds of a clock at which each of them began. */
  readonly headers: Readonly<Record<string, unknown>>[];
  readonly log: LogContent[];
  state: OperationRecord['state'];
  /** Begins an operation that it has accepted. */
  begin: (request: OperationRequest, daemon: FakeDaemon) => void;
  /** Adds to the log what a phase comes to; nothing where it hangs. */
  act: (request: PhaseRequest, daemon: FakeDaemon) => void | Promise<void>;
  /** Answers before anything else does; true where it has. */
  first: (path: string, response: ServerResponse, method: string) => boolean;
  /** Adds to the log, and to the streams of those who follow it. */
  say(entry: LogContent): void;
  /** Ends the operation. */
  end(state: OperationRecord['state'], exit: number): void;
}

/** Ends each phase as done. */
export function succeed({ number, phase }: PhaseRequest, daemon: FakeDaemon): void {
  daemon.say({ kind: 'phase', phase: number, failures: [] });
  if (phase === 'release') daemon.end('done', 0);
}

export async function fakeDaemon(
  fleet: FakeFleet,
  name: string,
  act: FakeDaemon['act'] = succeed,
): Promise<FakeDaemon> {
  const followers = new Set<ServerResponse>();
  const recordOf = (): OperationRecord => ({
    id: `op-${name}00000000`,
    scope: daemon.requests[0]?.scope ?? 'part',
    operation: daemon.requests[0]?.operation ?? 'start',
    project: 'kafe',
    principal: 'user:alice',
    onBehalfOf: null,
    parent: null,
    at: '2026-01-01T00:00:00.000Z',
    endedAt: null,
    state: daemon.state,
    exit: daemon.state === 'done' ? 0 : daemon.state === 'failed' ? 1 : null,
  });
  const answer: Answer = ({ method, path, headers, body }, response) => {
    daemon.headers.push(headers);
    if (daemon.first(path, response, method)) return;
    if (path === '/v1/server') json(response, { name, protocols: [1] });
    else if (method === 'POST' && path === '/v1/operations') {
      const request = JSON.parse(body.toString()) as OperationRequest;
      daemon.requests.push(request);
      json(response, recordOf(), 202);
      daemon.begin(request, daemon);
    } else if (path.endsWith('/phases')) {
      const request = JSON.parse(body.toString()) as PhaseRequest;
      json(response, recordOf(), 202);
      if (daemon.phases.some(({ number }) => number === request.number)) return;
      daemon.phases.push(request);
      void daemon.act(request, daemon);
    } else if (path.includes('/log')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      const after = Number(headers['last-event-id'] ?? -1);
      for (const [number, entry] of daemon.log.entries()) if (number > after) write(response, number, entry);
      if (path.includes('follow=0') || !['waiting', 'running'].includes(daemon.state)) response.end();
      else {
        followers.add(response);
        response.on('close', () => followers.delete(response));
      }
    } else json(response, recordOf());
  };
  const daemon: FakeDaemon = {
    server: await fleet.server(name, answer),
    requests: [],
    phases: [],
    headers: [],
    log: [],
    state: 'running',
    begin: () => undefined,
    act,
    first: () => false,
    say(entry) {
      daemon.log.push(entry);
      for (const each of followers) write(each, daemon.log.length - 1, entry);
    },
    end(state, exit) {
      daemon.state = state;
      daemon.say({ kind: 'end', state, exit });
      for (const each of followers) each.end();
    },
  };
  return daemon;
}

function write(response: ServerResponse, number: number, entry: LogContent): void {
  response.write(`id: ${number}\ndata: ${JSON.stringify({ number, at: '2026-01-01T00:00:00.000Z', ...entry })}\n\n`);
}

/** Hosts named SERVER-N on each of these servers, all on one switch; `home` is where the others are. */
export function spread(servers: readonly string[], details: Partial<Project> = {}): Project {
  const hosts = servers.flatMap((server): Host[] =>
    [1, 2].map((number) => fakeHost(`${server}-${number}`, { serviceHost: server })),
  );
  const lan = fakeSwitch('lan', { ports: hosts.map(({ name }) => [name, 'eth0']) });
  return fakeProject({
    name: 'kafe',
    home: 'gateway1',
    directory: '/nonexistent/kafe',
    hosts,
    switches: [lan],
    ...details,
  });
}
