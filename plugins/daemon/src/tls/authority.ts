import { createPublicKey, randomBytes, X509Certificate } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, makeFolder, readIfThere, systemFailure, writeAtomically } from '@mln/core';
import type { Places } from '../options.js';
import type { Principal } from '../protocol.js';
import { certify, makeAuthority, makeKey, plainSerial, type Pair, type Wanted } from './certificates.js';
import { readSecret } from './identity.js';
import { principalIn } from './names.js';

/*
 * The folder `authority` of a fleet folder, on the one machine that issues certificates:
 *
 *   ca.key, ca.pem     the authority
 *   issued/SERIAL.pem  every certificate that was ever given
 *   revoked/SERIAL     those that count no more; the date
 *   tokens/ID.json     who may join, see tokens.ts
 *
 * One file for each: what two do at the same time is never lost.
 */

/** A certificate that was given. */
export interface Issued {
  readonly principal: Principal;
  readonly serial: string;
  readonly from: Date;
  readonly until: Date;
  readonly revoked: boolean;
}

export function authorityFolder({ fleet }: Places): string {
  return join(fleet, 'authority');
}

/** Reads the authority. Throws MLN_NO_CERTIFICATE where this machine has none. */
export async function readAuthority(places: Places): Promise<Pair> {
  const folder = authorityFolder(places);
  const certificate = await readIfThere(join(folder, 'ca.pem'));
  const key = await readSecret(join(folder, 'ca.key'));
  if (certificate === null || key === null)
    throw failure(
      'MLN_NO_CERTIFICATE',
      `this machine does not issue certificates: there is no authority in ${folder}`,
      {
        hint: 'give the command on the machine that has it; mln ca init makes a new one',
      },
    );
  return { certificate, key };
}

/**
 * Makes the authority where there is none, whole or not at all, and gives it. Throws MLN_USAGE where the machine belongs to
 * another fleet.
 */
export async function ensureAuthority(places: Places, name: string): Promise<Pair & { readonly made: boolean }> {
  const folder = authorityFolder(places);
  const there = await readIfThere(join(folder, 'ca.pem'));
  if (there !== null) return { ...(await readAuthority(places)), made: false };
  if ((await readIfThere(join(places.fleet, 'ca.pem'))) !== null)
    throw failure('MLN_USAGE', `this machine belongs to another fleet, whose authority is elsewhere: ${places.fleet}`, {
      hint: 'name another folder with the option fleet of @mln/plugin-daemon, or move that one away',
    });
  const pair = await makeAuthority(name);
  const unfinished = `${folder}.${randomBytes(4).toString('hex')}.new`;
  await makeFolder(join(unfinished, 'issued'));
  await makeFolder(join(unfinished, 'revoked'));
  await makeFolder(join(unfinished, 'tokens'));
  await writeAtomically(join(unfinished, 'ca.key'), pair.key);
  await writeAtomically(join(unfinished, 'ca.pem'), pair.certificate, 0o644);
  try {
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw systemFailure(error, `the authority cannot be put in place: ${folder}`);
  }
  return { ...pair, made: true };
}

/** Signs a certificate for a public key (SubjectPublicKeyInfo), and keeps it among those that were given. */
export async function issue(places: Places, publicKey: Buffer, wanted: Wanted): Promise<string> {
  const certificate = await certify(await readAuthority(places), publicKey, wanted);
  const { serialNumber } = new X509Certificate(certificate);
  await writeAtomically(
    join(authorityFolder(places), 'issued', `${plainSerial(serialNumber)}.pem`),
    certificate,
    0o644,
  );
  return certificate;
}

/** Makes a key here, and a certificate for it. */
export async function issuePair(places: Places, wanted: Wanted): Promise<Pair> {
  const key = makeKey();
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return { certificate: await issue(places, spki, wanted), key };
}

/** All certificates that were given, by name and then by age. */
export async function listIssued(places: Places): Promise<readonly Issued[]> {
  await readAuthority(places);
  const folder = authorityFolder(places);
  const revoked = new Set(await namesIn(join(folder, 'revoked')));
  const names = (await namesIn(join(folder, 'issued'))).filter((name) => name.endsWith('.pem'));
  const all = await Promise.all(names.map((name) => readIfThere(join(folder, 'issued', name))));
  return all
    .flatMap((text) => (text === null ? [] : issuedIn(text, revoked)))
    .sort(
      (one, other) =>
        one.principal.name.localeCompare(other.principal.name) ||
        one.principal.kind.localeCompare(other.principal.kind) ||
        one.from.getTime() - other.from.getTime(),
    );
}

function issuedIn(text: string, revoked: ReadonlySet<string>): readonly Issued[] {
  const certificate = new X509Certificate(text);
  const principal = principalIn(certificate.toLegacyObject().subject);
  const serial = plainSerial(certificate.serialNumber);
  if (principal === null) return [];
  const [from, until] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  return [{ principal, serial, from, until, revoked: revoked.has(serial) }];
}

/** The names in a folder; none where there is no such folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw systemFailure(error, `${folder} cannot be read`);
  }
}
