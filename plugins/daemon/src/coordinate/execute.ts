import { isMlnError, serverOf, type Mln, type Operation, type Outcome, type Part, type Report } from '@mln/core';
import type { FleetClient } from '../client/client.js';
import { fleetClient } from '../client/shared.js';
import type { Options } from '../options.js';
import type { OperationRequest } from '../protocol.js';
import type { Packed } from '../transfer/pack.js';
import { patienceOf } from './insist.js';
import { recordIn } from './operation-log.js';
import { followPart, type RemotePart } from './remote-part.js';

/** The parts of operations that other servers carry out. Null: there is nothing of the project on that server. */
const parts = new WeakMap<Operation, Map<string, RemotePart | null>>();

const done: Outcome = { failures: [] };

/**
 * Has another server carry out its part. The first phase takes the operation there (for a build with all that it needs of
 * this machine), `release` ends it; what this process leaves undone the server gives up by itself, after a minute.
 */
export async function executeThere(
  mln: Mln,
  options: Options,
  operation: Operation,
  part: Part,
  report: Report,
): Promise<Outcome | undefined> {
  const { server, phase, units } = part;
  if (server === null) return undefined;
  const known = partsOf(operation);
  if (phase === 'release') {
    const ours = known.get(server);
    known.delete(server);
    await ours?.release(report);
    return done;
  }
  if (isNothing(part)) return done;
  // Whoever puts an upgrade right asks that, too; it is a question, and no part of anything.
  if (phase === 'owns') return (await import('../images/owns.js')).ownsThere(mln, options, { ...part, server });
  let there = known.get(server);
  if (there === undefined) {
    there = await open(mln, options, operation, { ...part, server });
    known.set(server, there);
  }
  if (there === null) return done;
  if (phase === 'receive' || phase === 'preCopy')
    await (await import('../images/move.js')).moveThere(mln, options, { ...part, server }, there.id, report);
  if (phase === 'preCopy') return done;
  try {
    return await there.run(
      phase,
      units.map(({ name }) => name),
      report,
    );
  } catch (error) {
    if (operation.name === 'remove' && isGone(error)) return done;
    throw error;
  }
}

function partsOf(operation: Operation): Map<string, RemotePart | null> {
  const known = parts.get(operation) ?? new Map<string, RemotePart | null>();
  parts.set(operation, known);
  return known;
}

/** A hook block that the project does not have; switches or hosts of which there are none. */
function isNothing({ phase, units, project }: Part): boolean {
  if (/^(before|after)(Project|Hosts)(Start|Stop)$/.test(phase))
    return (project.hookBlocks as Readonly<Record<string, string | undefined>>)[phase] === undefined;
  return units.length === 0 && ofUnits.includes(phase);
}

/** Phases that are nothing where there are no units. */
const ofUnits: readonly string[] = [
  ...['switches', 'hosts', 'join', 'leave'],
  ...['preCopy', 'stop', 'stopSwitches', 'give', 'receive', 'giveUp', 'owns'],
];

/** A project that is to be removed, and of which nothing is there, is removed. */
function isGone(error: unknown): boolean {
  return isMlnError(error) && error.code === 'MLN_NO_PROJECT';
}

/** Has a server accept its part of an operation. */
async function open(
  mln: Mln,
  options: Options,
  operation: Operation,
  part: Part & { readonly server: string },
): Promise<RemotePart | null> {
  const { server, project } = part;
  const client = fleetClient(mln, options);
  const request: OperationRequest = {
    scope: 'part',
    operation: operation.name,
    options: operation.options,
    project: project.name,
    parent: operation.id,
    ...(project.home === null ? {} : { home: project.home }),
  };
  try {
    const accepted =
      operation.name === 'build' || operation.name === 'upgrade'
        ? await openMade(mln, client, request, part)
        : await client.request(server, 'POST', '/v1/operations', { body: request });
    const { id } = recordIn(accepted, server);
    return followPart({ client, server, id, patience: patienceOf(options) });
  } catch (error) {
    if (operation.name === 'remove' && isGone(error)) return null;
    throw error;
  }
}

/** Sends what the server does not have yet, then the project. What it has already of an upgrade it may need anew. */
async function openMade(
  mln: Mln,
  client: FleetClient,
  request: OperationRequest,
  { server, project, source }: Part & { readonly server: string },
): Promise<unknown> {
  // Before anything is gathered that takes long: whether it is there.
  await client.request(server, 'GET', '/v1/server');
  const { packProject } = await import('../transfer/pack.js');
  const hosts = project.hosts.filter((host) => serverOf(host, project) === server);
  const names = hosts.map(({ name }) => name);
  return sendPackage(client, server, request, await packProject(mln, project, names, source));
}

/** Sends the files of a package that a server does not have, then a request with the package. */
export async function sendPackage(
  client: FleetClient,
  server: string,
  request: OperationRequest,
  packed: Packed,
): Promise<unknown> {
  const { sendFiles } = await import('../transfer/pack.js');
  const body: OperationRequest = { ...request, package: packed.package };
  const send = async (): Promise<unknown> => {
    await sendFiles(client, server, packed);
    return client.request(server, 'POST', '/v1/operations', { body, patient: true });
  };
  try {
    return await send();
  } catch (error) {
    // What lay there unused may have been tidied away between the two.
    if (!isMlnError(error) || error.code !== 'MLN_NO_BLOB') throw error;
    return send();
  }
}
