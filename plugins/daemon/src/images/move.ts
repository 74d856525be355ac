import { setTimeout as pause } from 'node:timers/promises';
import type { Duplex } from 'node:stream';
import {
  earlierNames,
  failure,
  formatSize,
  isMlnError,
  isThisServer,
  serverOf,
  type Host,
  type Mln,
  type Outcome,
  type Part,
  type Project,
  type Report,
  type Server,
} from '@mln/core';
import type { FleetClient } from '../client/client.js';
import { fleetClient } from '../client/shared.js';
import { isUnreachable } from '../client/unreachable.js';
import { patienceOf } from '../coordinate/insist.js';
import { operationPath } from '../coordinate/operation-log.js';
import type { Options } from '../options.js';
import { placeImage } from './arrived.js';
import { ownIncomingFolder } from './folders.js';
import { likelyBases } from './likely.js';
import { receiveImage } from './receive-image.js';
import { relayImage } from './relay-image.js';
import { sendImage, type Transferred } from './send-image.js';
import { openSource, rootDisk } from './source.js';
import { IMAGES, isCut } from './wire.js';

/** Milliseconds until a transfer that was cut is gone on with, and the most that are waited; each time is twice the last. */
const FIRST = 100;
const LONGEST = 5000;
/** How often a disk is gone on with, however long each time took: the next command goes on as well. */
const MOST_CUTS = 50;

const done: Outcome = { failures: [] };

/** Brings the disks of hosts that move to this machine, in its part of the phases `receive` and `preCopy`. */
export async function moveHere(mln: Mln, options: Options, part: Part, report: Report): Promise<Outcome> {
  const { directory } = part.project;
  for (const move of movesOf(mln, part, null)) {
    await transfer({ ...move, mln, options, report, preCopy: part.phase === 'preCopy', to: null });
    if (part.phase === 'receive')
      await placeImage(mln.shell, ownIncomingFolder(directory, move.host.name), directory, move.host.name);
  }
  return done;
}

/** Brings them to the daemon of another server, for the operation there that is its part. */
export async function moveThere(
  mln: Mln,
  options: Options,
  part: Part & { readonly server: string },
  operation: string,
  report: Report,
): Promise<void> {
  const { server, phase } = part;
  for (const move of movesOf(mln, part, server))
    await transfer({ ...move, mln, options, report, preCopy: phase === 'preCopy', to: { server, operation } });
}

/** A host that moves: as it will be, and as it was, on which server. */
interface Move {
  readonly project: Project;
  readonly previous: Project;
  readonly host: Host;
  readonly old: Host;
  /** Null: this machine. */
  readonly from: Server;
}

/** Hosts without a disk that mln has made have nothing to bring. */
function movesOf(mln: Mln, { units, project, previous }: Part, to: Server): readonly Move[] {
  if (!previous) throw failure('MLN_BAD_STATE', `it is not known where the disks of ${project.name} are`);
  const nameBefore = earlierNames(previous.hosts, project.hosts);
  return units.flatMap((host): Move[] => {
    if (host.kind !== 'host') return [];
    const old = previous.hosts.find(({ name }) => name === (nameBefore(host) ?? host.name));
    if (!old) throw failure('MLN_BAD_STATE', `it is not known where the disk of ${host.name} is`);
    const server = serverOf(old, previous);
    const from = isThisServer(mln, server) ? null : server;
    return rootDisk(old) && from !== to ? [{ project, previous, host, old, from }] : [];
  });
}

interface Transfer extends Move {
  readonly mln: Mln;
  readonly options: Options;
  readonly report: Report;
  /** The guest runs. */
  readonly preCopy: boolean;
  /** The part of the operation on another server; null: this machine. */
  readonly to: { readonly server: string; readonly operation: string } | null;
}

/** Brings one disk over; where the connection is cut, or a server gone for a moment, it goes on where it was. */
async function transfer(given: Transfer): Promise<void> {
  const { mln, options, report, host, from, to, preCopy } = given;
  const client = fleetClient(mln, options);
  const patience = patienceOf(options);
  const tell = (text: string): void => {
    report({ server: to?.server ?? null, unit: host.name, state: 'note', text });
  };
  const where = from ?? mln.configuration.serviceHost ?? 'here';
  tell(preCopy ? `its disk is sent ahead from ${where}, while it runs` : `its disk is sent from ${where}`);
  let deadline = performance.now() + patience;
  for (let [wait, cuts] = [FIRST, 1]; ; [wait, cuts] = [Math.min(2 * wait, LONGEST), cuts + 1]) {
    const begun = performance.now();
    try {
      const { sent, reused } = await transferOnce(given, client);
      const rest = reused > 0 ? `; ${formatSize(reused)} was there already` : '';
      tell(`its disk has come: ${formatSize(sent)} travelled${rest}`);
      return;
    } catch (error) {
      const passes = isCut(error) || isUnreachable(error) || (isMlnError(error) && error.code === 'MLN_DAEMON');
      // What has gone on for a while has brought something.
      if (isCut(error) && performance.now() - begun > LONGEST) [deadline, wait] = [performance.now() + patience, FIRST];
      if (!passes || cuts > MOST_CUTS || performance.now() + wait > deadline) throw error;
      tell('the transfer of its disk was cut off, and is gone on with');
      await pause(wait);
    }
  }
}

async function transferOnce(given: Transfer, client: FleetClient): Promise<Transferred> {
  const { mln, project, previous, host, old, from, to, preCopy } = given;
  const query = preCopy ? '?ahead=1' : '';
  const source = (server: string): Promise<Duplex> =>
    client.upgrade(server, `/v1/projects/${previous.name}/images/${old.name}${query}`, IMAGES);
  const target = ({ server, operation }: NonNullable<Transfer['to']>): Promise<Duplex> =>
    client.upgrade(server, operationPath(operation, `/images/${host.name}${query}`), IMAGES);
  const { shell } = mln;
  const name = mln.configuration.serviceHost;
  if (from === null && to !== null) {
    const image = await openSource(mln, previous, old.name, { preCopy });
    try {
      return await sendImage(await target(to), image, { shell, name });
    } finally {
      await image.close();
    }
  }
  if (from !== null && to === null) {
    const folder = ownIncomingFolder(project.directory, host.name);
    const bases = await likelyBases(mln, mln.folders.templates, project, host.name === old.name ? [host] : [host, old]);
    return receiveImage(await source(from), { folder, bases, shell, name });
  }
  if (from === null || to === null) throw failure('MLN_BAD_STATE', `${host.name} is where it is to be`);
  const stream = await source(from);
  try {
    return await relayImage(stream, await target(to));
  } finally {
    stream.destroy();
  }
}
