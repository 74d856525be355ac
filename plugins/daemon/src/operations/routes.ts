import { failure } from '@mln/core';
import { principalText, type OperationRecord, type OperationRequest, type PhaseRequest } from '../protocol.js';
import { noCertificate } from '../server/requests.js';
import type { Call, Daemon, Route, ServerEvent } from '../server/route.js';

/** Bytes that a request may have: a package tells of each file in a line. */
const PACKAGE = 64 * 1024 * 1024;
const PHASE = 4 * 1024 * 1024;

/** Operations: asked for, looked at, followed and cancelled by whoever asked for them, and by those who may do all. */
export function operationRoutes({ operations }: Pick<Daemon, 'operations'>): readonly Route[] {
  const visible = async (call: Call): Promise<OperationRecord> => {
    const id = call.parameters['id'] ?? '';
    const record = await operations.find(id);
    if (!maySee(call, record))
      throw failure('MLN_NOT_ALLOWED', `the operation ${id} is another’s`, {
        hint: 'who asked for it may see it, and who has the right admin',
      });
    return record;
  };
  return [
    {
      method: 'POST',
      path: '/v1/operations',
      body: { kind: 'json', most: PACKAGE },
      async handle({ json, principal, onBehalfOf }) {
        if (principal === null) throw noCertificate();
        const record = await operations.accept(json as OperationRequest, principal, onBehalfOf);
        return { status: 202, json: record };
      },
    },
    {
      method: 'GET',
      path: '/v1/operations',
      async handle(call) {
        const records = await operations.list();
        return { status: 200, json: { operations: records.filter((record) => maySee(call, record)) } };
      },
    },
    {
      method: 'GET',
      path: '/v1/operations/:id',
      handle: async (call) => ({ status: 200, json: await visible(call) }),
    },
    {
      method: 'DELETE',
      path: '/v1/operations/:id',
      async handle(call) {
        const { id } = await visible(call);
        await operations.cancel(id);
        return { status: 202, json: await operations.find(id) };
      },
    },
    {
      method: 'POST',
      path: '/v1/operations/:id/phases',
      body: { kind: 'json', most: PHASE },
      async handle(call) {
        const { id } = await visible(call);
        await operations.phase(id, call.json as PhaseRequest);
        return { status: 202, json: null };
      },
    },
    {
      method: 'GET',
      path: '/v1/operations/:id/log',
      async handle(call) {
        const { id } = await visible(call);
        const follow = call.query.get('follow') !== '0';
        const entries = operations.log(id, lastSeen(call), call.signal, follow);
        return { events: asEvents(entries) };
      },
    },
  ];
}

/** Whether an operation is that of whoever asks, or may be seen by those who may do all. */
export function maySee(call: Call, { principal, onBehalfOf }: OperationRecord): boolean {
  const askers = [principal, onBehalfOf];
  const all = [call.principal, call.onBehalfOf].filter((each) => each !== null);
  if (all.length > 0 && all.every((each) => askers.includes(principalText(each)))) return true;
  try {
    call.require('admin');
    return true;
  } catch {
    return false;
  }
}

/** The number of the entry that the client has seen last; -1: none. */
function lastSeen(call: Call): number {
  const text = call.header('last-event-id') ?? call.query.get('after') ?? '-1';
  const number = Number(text);
  if (Number.isInteger(number) && number >= -1) return number;
  throw failure('MLN_BAD_REQUEST', `${JSON.stringify(text.slice(0, 40))} is not the number of an entry`);
}

async function* asEvents(entries: AsyncIterable<{ readonly number: number }>): AsyncGenerator<ServerEvent> {
  for await (const entry of entries) yield { id: entry.number, data: entry };
}
