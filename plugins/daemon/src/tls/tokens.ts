import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, isName, readIfThere, systemFailure, writeAtomically, type MlnError } from '@mln/core';
import type { Places } from '../options.js';
import { authorityFolder, namesIn } from './authority.js';
import { fingerprintOf, type Wanted } from './certificates.js';
import type { Kind } from './names.js';

/*
 * A token is `KIND:NAME:FINGERPRINT:SECRET`: the digest of the authority's certificate lets the new machine know it, and
 * the secret, which never travels, lets the authority know the new machine: that one signs its request with it. What is
 * kept here are two digests of the token: tokens/ID.json holds the key of that signature, ID is the other.
 */

/** A token as it was read. */
export interface Token {
  readonly kind: Kind;
  readonly name: string;
  /** SHA-256 of the authority's certificate, hexadecimal. */
  readonly authority: string;
  /** By which the authority finds it. */
  readonly id: string;
  /** What requests are signed with. */
  readonly key: Buffer;
}

/** What is kept of a token. */
interface Kept extends Wanted {
  /** Hexadecimal. */
  readonly key: string;
  /** ISO 8601. */
  readonly ends: string;
}

const MINUTE = 60_000;

/** Makes a token that is good once, for so many minutes: what it gives is written down and on the disk. */
export async function makeToken(places: Places, certificate: string, wanted: Wanted, minutes: number): Promise<string> {
  await forgetOld(places);
  const text = [wanted.kind, wanted.name, fingerprintOf(certificate), randomBytes(24).toString('base64url')].join(':');
  const { id, key } = readToken(text);
  const kept: Kept = {
    ...wanted,
    key: key.toString('hex'),
    ends: new Date(Date.now() + minutes * MINUTE).toISOString(),
  };
  await writeAtomically(fileOf(places, id), JSON.stringify(kept));
  return text;
}

/** Reads a token. Throws MLN_USAGE where it is none. */
export function readToken(text: string): Token {
  const [kind, name = '', authority = '', secret = '', ...more] = text.trim().split(':');
  const whole = /^[0-9a-f]{64}$/.test(authority) && /^[\w-]{32}$/.test(secret) && more.length === 0;
  if ((kind !== 'user' && kind !== 'server') || !isName(name) || !whole)
    throw failure('MLN_USAGE', 'this is not a whole token', {
      hint: 'copy all that mln ca issue has printed; it begins with server: or user:',
    });
  const digest = (what: string): Buffer => createHash('sha256').update(`mln join ${what}\0${text.trim()}`).digest();
  return { kind, name, authority, id: digest('id').toString('hex').slice(0, 32), key: digest('key') };
}

/** Signs a request with a token. */
export function signRequest({ key }: Pick<Token, 'key'>, request: string): string {
  return createHmac('sha256', key).update(request).digest('hex');
}

/**
 * Uses a token up: gives what it is good for. Throws MLN_NOT_ALLOWED where it was used, is too old, was never given, or has
 * not signed the request.
 */
export async function useToken(places: Places, id: string, request: string, signature: string): Promise<Wanted> {
  if (!/^[0-9a-f]{32}$/.test(id)) throw refusal('it was never given here');
  const file = fileOf(places, id);
  const text = await readIfThere(file);
  if (text === null) {
    const used = await readIfThere(`${file}.used`);
    throw refusal(used === null ? 'it was never given here, or is long over' : 'it was used, and is good once');
  }
  const { key, ends, ...wanted } = JSON.parse(text) as Kept;
  const right = Buffer.from(signRequest({ key: Buffer.from(key, 'hex') }, request));
  const given = Buffer.from(signature);
  if (given.length !== right.length || !timingSafeEqual(given, right)) throw refusal('it has not signed this request');
  if (Date.now() >= Date.parse(ends)) throw refusal(`it was good until ${ends}`);
  try {
    // Of two who use it at the same time one finds it gone.
    await rename(file, `${file}.used`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw refusal('it was used, and is good once');
    throw systemFailure(error, `the token ${file} cannot be used up`);
  }
  return wanted;
}

/** Takes away the tokens of a name that were not used yet; gives how many. */
export async function forgetTokens(places: Places, name: string, kind: Kind | null): Promise<number> {
  return forget(places, (kept) => kept.name === name && (kind === null || kept.kind === kind));
}

async function forgetOld(places: Places): Promise<void> {
  await forget(places, ({ ends }) => Date.parse(ends) < Date.now());
}

async function forget(places: Places, isOver: (kept: Kept) => boolean): Promise<number> {
  const folder = join(authorityFolder(places), 'tokens');
  let gone = 0;
  for (const name of await namesIn(folder)) {
    if (!/\.json(\.used)?$/.test(name)) continue;
    const text = await readIfThere(join(folder, name));
    if (text === null || !isOver(JSON.parse(text) as Kept)) continue;
    await rm(join(folder, name), { force: true });
    if (name.endsWith('.json')) gone += 1;
  }
  return gone;
}

function fileOf(places: Places, id: string): string {
  return join(authorityFolder(places), 'tokens', `${id}.json`);
}

function refusal(why: string): MlnError {
  return failure('MLN_NOT_ALLOWED', `this token lets nobody join: ${why}`, {
    hint: 'mln ca issue, on the machine that has the authority, prints another',
  });
}
