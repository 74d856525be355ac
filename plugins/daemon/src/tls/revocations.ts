import { join } from 'node:path';
import { failure, isMlnError, readIfThere, SyncHook, writeAtomically, type Mln } from '@mln/core';
import type { Places } from '../options.js';
import type { Daemon } from '../server/route.js';
import { authorityFolder, namesIn, readAuthority } from './authority.js';
import { readRevocations, signRevocations, type Revoked } from './certificates.js';

/** Bytes of a list of some hundred thousand certificates. */
export const MOST_REVOKED = 16 * 1024 * 1024;

type RevokedHook = SyncHook<[text: string]>;

/** The named hook that is called whenever a newer list of revoked certificates has come (PEM), and is on the disk. */
export function revokedHook(mln: Mln): RevokedHook {
  return mln.hook('daemon.revoked', (): RevokedHook => new SyncHook(['text']));
}

/** Revokes certificates by their serial numbers: signs the new list, and puts it in place. Gives it. */
export async function revoke(places: Places, serials: readonly string[]): Promise<string> {
  const authority = await readAuthority(places);
  const folder = join(authorityFolder(places), 'revoked');
  for (const serial of serials)
    if ((await readIfThere(join(folder, serial))) === null)
      await writeAtomically(join(folder, serial), new Date().toISOString());
  for (;;) {
    const revoked = await readRevoked(folder);
    const before = await readList(places);
    if (before !== null && (await currentNumber(places, authority.certificate)) === BigInt(revoked.length))
      return before;
    const text = await signRevocations(authority, BigInt(revoked.length), revoked);
    await writeAtomically(listOf(places), text, 0o644);
    // Whoever revoked something meanwhile may have been overtaken: the longest list stays, its length is its number.
    if ((await readRevoked(folder)).length === revoked.length) return text;
  }
}

async function readRevoked(folder: string): Promise<readonly Revoked[]> {
  const names = (await namesIn(folder)).filter((name) => /^[0-9A-F]+$/.test(name));
  return Promise.all(
    names.map(async (serial) => ({ serial, at: new Date((await readIfThere(join(folder, serial))) ?? Date.now()) })),
  );
}

/**
 * Takes a list that somebody has sent, where it is newer than the one that is here. The very same one was put there by
 * somebody else: it is only told of. Throws MLN_BAD_REQUEST where it is older, or is not signed by the authority.
 */
export async function takeRevoked({ mln, places }: Pick<Daemon, 'mln' | 'places'>, text: string): Promise<void> {
  const authority = await readIfThere(join(places.fleet, 'ca.pem'));
  if (authority === null) throw failure('MLN_NO_CERTIFICATE', `there is no ca.pem in ${places.fleet}`);
  const { number } = await readRevocations(text, authority);
  const before = await currentNumber(places, authority);
  const known = text === (await readList(places));
  if (number <= before && !known)
    throw failure(
      'MLN_BAD_REQUEST',
      `the list of revoked certificates is not newer than the one that is here: ${number} is not above ${before}`,
    );
  if (!known) await writeAtomically(listOf(places), text, 0o644);
  revokedHook(mln).call(text);
}

/** The number of the list that is here; what is no list of this authority's counts as none. */
async function currentNumber(places: Places, authority: string): Promise<bigint> {
  const text = await readList(places);
  if (text === null) return -1n;
  try {
    return (await readRevocations(text, authority)).number;
  } catch {
    return -1n;
  }
}

/** The list that is here; null where nothing was ever revoked. */
export function readList(places: Places): Promise<string | null> {
  return readIfThere(listOf(places));
}

/**
 * Asks all servers that are configured which certificates are revoked, side by side, and takes what is newer. Gives whether
 * there was something. Servers that do not answer, or talk rubbish, are passed over.
 */
export async function fetchRevoked(daemon: Pick<Daemon, 'mln' | 'places' | 'client' | 'logger'>): Promise<boolean> {
  const { client, logger } = daemon;
  const answers = await Promise.all(
    client.servers.map(async (server) => {
      try {
        const answer = (await client.request(server, 'GET', '/v1/crl')) as { readonly crl?: unknown } | null;
        return typeof answer?.crl === 'string' && answer.crl.length <= MOST_REVOKED
          ? { server, text: answer.crl }
          : null;
      } catch (error) {
        logger.debug({ server, err: error }, 'revoked certificates could not be asked for');
        return null;
      }
    }),
  );
  let newer = false;
  for (const answer of answers) {
    if (answer === null || answer.text === (await readList(daemon.places))) continue;
    try {
      await takeRevoked(daemon, answer.text);
      newer = true;
      logger.info({ server: answer.server }, 'certificates were revoked');
    } catch (error) {
      if (!isMlnError(error)) throw error;
      logger.debug({ server: answer.server, err: error }, 'a list of revoked certificates is passed over');
    }
  }
  return newer;
}

function listOf(places: Places): string {
  return join(places.fleet, 'crl.pem');
}
