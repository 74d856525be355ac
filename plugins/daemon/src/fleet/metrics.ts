import type { Status } from '@mln/core';
import type { OperationRecord, OperationState } from '../protocol.js';
import type { Daemon, Route } from '../server/route.js';
import { EXPOSITION, expose, type Metric, type Sample } from './exposition.js';
import { requestCounts } from './request-counts.js';
import { guestsHere, maximumOf, type Guest } from './server-status.js';

/** Guests that have samples of their own: each is a time series for whoever collects them. */
const MOST = 1000;

/** `GET /metrics`: what Prometheus collects. */
export function metricsRoute(daemon: Daemon): Route {
  return {
    method: 'GET',
    path: '/metrics',
    async handle(call) {
      call.require('read');
      const [guests, operations] = await Promise.all([guestsHere(daemon, false), daemon.operations.list()]);
      const metrics = [...ofServer(daemon, guests, operations), ...ofGuests(guests.slice(0, MOST)), ...ofProcess()];
      return { status: 200, text: expose(metrics), type: EXPOSITION };
    },
  };
}

function ofServer(daemon: Daemon, guests: readonly Guest[], operations: readonly OperationRecord[]): readonly Metric[] {
  const given = (those: readonly Guest[]): number => those.reduce((sum, { host }) => sum + host.memory, 0);
  const states = ['up', 'down', 'unknown'] as const;
  const stateOf = ({ status }: Guest): Status['state'] => status?.state ?? 'unknown';
  return [
    gauge('mln_guests', 'Guests that are built on this server, by what is known of them.', [
      ...states.map((state) => ({ labels: { state }, value: count(guests, (each) => stateOf(each) === state) })),
    ]),
    gauge('mln_guests_omitted', 'Guests that have no samples of their own, as there are too many.', [
      { value: Math.max(0, guests.length - MOST) },
    ]),
    gauge('mln_projects', 'Projects that have guests on this server.', [
      { value: new Set(guests.map(({ project }) => project.directory)).size },
    ]),
    gauge('mln_memory_maximum_bytes', 'Memory that guests may have in all.', [{ value: maximumOf(daemon.options) }]),
    gauge('mln_memory_granted_bytes', 'Memory of all guests that are built.', [{ value: given(guests) }]),
    gauge('mln_memory_used_bytes', 'Memory of the guests that run, as it was given to them.', [
      { value: given(guests.filter((each) => stateOf(each) === 'up')) },
    ]),
    gauge(
      'mln_operations',
      'Operations that are kept, by their states.',
      operationStates.map((state) => ({ labels: { state }, value: count(operations, (each) => each.state === state) })),
    ),
    {
      name: 'mln_requests_total',
      type: 'counter',
      help: 'Requests that were answered, by their status.',
      samples: requestCounts(daemon)
        .all()
        .map(({ method, status, count: value }) => ({ labels: { method, status: String(status) }, value })),
    },
  ];
}

const operationStates: readonly OperationState[] = ['waiting', 'running', 'done', 'failed', 'cancelled'];

function ofGuests(guests: readonly Guest[]): readonly Metric[] {
  const each = (of: (status: Status) => number | null | undefined): readonly Sample[] =>
    guests.flatMap(({ project, host, status }) => {
      const value = status === undefined ? null : of(status);
      return value == null ? [] : [{ labels: { project: project.name, host: host.name }, value }];
    });
  return [
    gauge(
      'mln_guest_up',
      'Whether a guest runs; nothing where that is not known.',
      each(({ state }) => (state === 'unknown' ? null : Number(state === 'up'))),
    ),
    gauge(
      'mln_guest_ready',
      'Whether the boot of a guest that runs is over.',
      each(({ state, ready }) => (state !== 'up' || ready === null ? null : Number(ready))),
    ),
    gauge(
      'mln_guest_memory_bytes',
      'Memory of this server that a guest uses.',
      each(({ memory }) => memory),
    ),
    counter(
      'mln_guest_cpu_seconds_total',
      'Processor time of a guest since it started.',
      each(({ cpu }) => cpu),
    ),
    counter(
      'mln_guest_network_receive_bytes_total',
      'Bytes that a guest has received since it started.',
      each(({ network }) => network?.received),
    ),
    counter(
      'mln_guest_network_transmit_bytes_total',
      'Bytes that a guest has sent since it started.',
      each(({ network }) => network?.sent),
    ),
  ];
}

/** Named as all programs name them that are collected from. */
function ofProcess(): readonly Metric[] {
  const { user, system } = process.cpuUsage();
  return [
    gauge('process_resident_memory_bytes', 'Resident memory of the daemon.', [{ value: process.memoryUsage.rss() }]),
    counter('process_cpu_seconds_total', 'Processor time of the daemon.', [{ value: (user + system) / 1e6 }]),
    gauge('process_start_time_seconds', 'When the daemon was begun, in seconds since 1970.', [
      { value: Math.round(performance.timeOrigin / 1000) },
    ]),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'counter', help, samples };
}

function count<T>(all: readonly T[], is: (each: T) => boolean): number {
  return all.filter(is).length;
}
