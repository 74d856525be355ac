import { Exit, table, type CommandContext, type CommandOptions, type ExitCode } from '@mln/core';
import { LOCAL } from '../client/client.js';
import { fleetClient } from '../client/shared.js';
import { operationPath, readOperation, recordIn } from '../coordinate/operation-log.js';
import type { Options } from '../options.js';
import type { OperationRecord } from '../protocol.js';
import { isEnded } from './held.js';

/** `mln operations list`. */
export async function list(
  { mln, terminal }: CommandContext,
  options: Options,
  given: CommandOptions,
): Promise<ExitCode> {
  const server = serverOf(given);
  const answer = (await fleetClient(mln, options).request(server, 'GET', '/v1/operations')) as { operations?: unknown };
  const all = Array.isArray(answer.operations) ? answer.operations.map((each) => recordIn(each, server)) : [];
  const shown = given['running'] === true ? all.filter((each) => !isEnded(each)) : all;
  if (given['json'] === true) terminal.json({ apiVersion: 'mln/v1', kind: 'Operations', items: shown });
  else if (shown.length > 0) terminal.print(table(shown.map(row)));
  return Exit.done;
}

/** `mln operations show ID`. */
export async function show(
  { mln, terminal }: CommandContext,
  options: Options,
  [id = '']: readonly string[],
  given: CommandOptions,
): Promise<ExitCode> {
  const record = await readOperation(fleetClient(mln, options), serverOf(given), id);
  if (given['json'] === true) terminal.json({ apiVersion: 'mln/v1', kind: 'Operation', ...record });
  else terminal.print(table(Object.entries(record).map(([key, value]) => [key, String(value ?? '-')])));
  return Exit.done;
}

/** `mln operations cancel ID`. */
export async function cancel(
  { mln, terminal }: CommandContext,
  options: Options,
  [id = '']: readonly string[],
  given: CommandOptions,
): Promise<ExitCode> {
  const server = serverOf(given);
  const record = recordIn(await fleetClient(mln, options).request(server, 'DELETE', operationPath(id)), server);
  terminal.note(
    isEnded(record)
      ? `${id} had ended already: ${record.state}`
      : `${id} ends at the next safe point; mln log ${id} -f shows how`,
  );
  return Exit.done;
}

function serverOf({ server }: CommandOptions): string {
  return typeof server === 'string' ? server : LOCAL;
}

function row({ id, operation, project, state, exit, principal, onBehalfOf, at }: OperationRecord): string[] {
  const ended = exit === null || exit === 0 ? state : `${state} (${exit})`;
  return [id, operation, project, ended, onBehalfOf ?? principal, at];
}
