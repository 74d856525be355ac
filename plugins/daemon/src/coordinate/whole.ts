import { Exit, type CommandContext, type ExitCode, type Problem } from '@mln/core';
import { exitIn } from '../client/answer.js';
import { LOCAL, type FleetClient } from '../client/client.js';
import { fleetClient } from '../client/shared.js';
import type { OperationRecord, OperationRequest } from '../protocol.js';
import type { Packed } from '../transfer/pack.js';
import { sendPackage } from './execute.js';
import { errorOf, operationLog, readOperation, recordIn } from './operation-log.js';
import type { Called } from './verbs.js';

/**
 * Has a server carry out an operation as the project's home, and shows its log until it has ended, or (`--background`)
 * gives its id. Whoever goes away in between leaves it running.
 */
export async function carryOut(
  { mln, options, context, given }: Called,
  server: string,
  request: OperationRequest,
  packed: Packed | null = null,
): Promise<ExitCode> {
  const client = fleetClient(mln, options);
  const accepted = packed
    ? await sendPackage(client, server, request, packed)
    : await client.request(server, 'POST', '/v1/operations', { body: request });
  const record = recordIn(accepted, server);
  const json = given['json'] === true;
  if (given['background'] === true) {
    if (json) context.terminal.json(documentOf(record, server));
    else context.terminal.print(record.id);
    return Exit.done;
  }
  const where = server === LOCAL ? '' : ` --on ${server}`;
  const release = onInterrupt(() => {
    context.terminal.note(`${record.id} goes on without you: mln log ${record.id} -f${where} follows it`);
  });
  try {
    const exit = await follow(context, client, server, record.id, { json });
    if (json) context.terminal.json(documentOf(await readOperation(client, server, record.id), server));
    return exit;
  } finally {
    release();
  }
}

interface FollowOptions {
  /** Nothing is printed but one document, by whoever calls. */
  readonly json?: boolean;
  /** Else ends behind what is there. */
  readonly follow?: boolean;
}

/** Shows the log of an operation; gives its exit code where it has ended, and throws what went wrong in it. */
export async function follow(
  { terminal }: Pick<CommandContext, 'terminal'>,
  client: FleetClient,
  server: string,
  id: string,
  { json = false, follow: on = true }: FollowOptions = {},
): Promise<ExitCode> {
  const problems: Problem[] = [];
  let exit: ExitCode = Exit.done;
  for await (const entry of operationLog(client, server, id, { follow: on }))
    switch (entry.kind) {
      case 'progress':
        terminal.report({ ...entry.progress, server: entry.progress.server ?? (server === LOCAL ? null : server) });
        break;
      case 'note':
        terminal.note(entry.text);
        break;
      case 'print':
        if (!json) terminal.print(entry.text);
        break;
      case 'error':
        problems.push(...entry.problems);
        break;
      case 'end':
        exit = exitIn(entry.exit) ?? Exit.failed;
        if (entry.state === 'cancelled') terminal.note(`${id} was cancelled`);
    }
  if (problems.length > 0) throw errorOf(problems, exit === Exit.done ? Exit.failed : exit);
  return exit;
}

function documentOf(record: OperationRecord, server: string): object {
  return { apiVersion: 'mln/v1', kind: 'Operation', items: [{ server, ...record }] };
}

/** Says something before Ctrl-C ends this process as it always does. */
function onInterrupt(tell: () => void): () => void {
  const stop = (): void => {
    tell();
    process.kill(process.pid, 'SIGINT');
  };
  process.once('SIGINT', stop);
  return () => process.off('SIGINT', stop);
}
