import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { failure, isMlnError, makeFolder, readIfThere, writeAtomically } from '@mln/core';
import { addressText, readAddress, type Address } from '../client/address.js';
import { readAnswer, rubbish, type Answer } from '../client/answer.js';
import { unreachable } from '../client/unreachable.js';
import type { Places } from '../options.js';
import { PROTOCOL, PROTOCOL_HEADER, type Principal } from '../protocol.js';
import { fingerprintOf, makeKey, makeRequest } from './certificates.js';
import { otherThan } from './identity.js';
import { principalIn } from './names.js';
import type { JoinRequest } from './routes.js';
import { readToken, signRequest, type Token } from './tokens.js';

/** Bytes of an answer: two certificates, and a list of those that are revoked. */
const MOST_ANSWER = 32 * 1024 * 1024;

/** The server that is asked. */
interface Asked {
  readonly address: Address;
  /** As it was typed. */
  readonly where: string;
  /** Milliseconds that it may take to answer. */
  readonly limit: number;
}

/** What is written into the fleet folder; PEM. */
interface Joined {
  readonly certificate: string;
  readonly authority: string;
  readonly revoked: string | null;
}

/**
 * Joins a fleet with a token: makes a key, which never leaves this machine, has it certified by the daemon at an address,
 * and writes it into the fleet folder. Whether that daemon is of the token's fleet is known before anything is sent. Gives
 * who this machine or user is from now on.
 */
export async function joinFleet(places: Places, where: string, text: string, limit: number): Promise<Principal> {
  const token = readToken(text);
  const address = readAddress(where);
  if (!address)
    throw failure('MLN_USAGE', `${where} is no address`, { hint: 'write HOST, HOST:PORT or [ADDRESS]:PORT' });
  await refuseOtherFleet(places, token);
  const asked = { address, where: addressText(address), limit };
  const authority = await findAuthority(asked, token);
  const key = makeKey();
  const request = await makeRequest(key);
  const body: JoinRequest = { token: token.id, request, signature: signRequest(token, request) };
  const joined = readJoined(await post(asked, authority, JSON.stringify(body)), asked);
  const principal = checkJoined(joined, token, key, asked);
  await writeIdentity(places.fleet, { ...joined, key });
  return principal;
}

/** Writes who this machine or user is. Only a key that is there has a certificate. */
export async function writeIdentity(
  folder: string,
  { key, certificate, authority, revoked }: Joined & { readonly key: string },
): Promise<void> {
  await makeFolder(folder);
  await writeAtomically(join(folder, 'ca.pem'), authority, 0o644);
  if (revoked !== null) await writeAtomically(join(folder, 'crl.pem'), revoked, 0o644);
  await writeAtomically(join(folder, 'self.key'), key);
  await writeAtomically(join(folder, 'self.pem'), certificate, 0o644);
}

/** A machine is of one fleet. */
async function refuseOtherFleet({ fleet }: Places, { authority }: Token): Promise<void> {
  const there = await readIfThere(join(fleet, 'ca.pem'));
  if (there === null || fingerprintOf(there) === authority) return;
  throw failure('MLN_USAGE', `this machine belongs to another fleet than that of the token: ${join(fleet, 'ca.pem')}`, {
    hint: 'move that folder away to leave it, or name another with the option fleet of @mln/plugin-daemon',
  });
}

/** Looks which authority the server shows, and gives it (PEM) where it is the token's. */
function findAuthority({ address, where, limit }: Asked, token: Token): Promise<string> {
  return new Promise((resolve, reject) => {
    const { host, port } = address;
    const socket = connect({ host, port, minVersion: 'TLSv1.3', rejectUnauthorized: false, timeout: limit }, () => {
      const found = chainOf(socket.getPeerCertificate(true)).find((raw) => sha256(raw) === token.authority);
      socket.destroy();
      if (found) resolve(new X509Certificate(found).toString());
      else
        reject(
          failure('MLN_BAD_CERTIFICATE', `what answers at ${where} is not of the fleet that the token was given for`, {
            hint: 'nothing was sent to it; is the address that of the machine where mln ca issue printed the token?',
          }),
        );
    });
    socket.on('error', (error) => {
      reject(unreachableAt(where, error));
    });
    socket.on('timeout', () => {
      socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }));
    });
  });
}

/** The certificates that a server shows; the last names itself as its issuer. */
function chainOf(first: DetailedPeerCertificate): readonly Buffer[] {
  const chain: Buffer[] = [];
  for (let each: Partial<DetailedPeerCertificate> | undefined = first; each?.raw; each = each.issuerCertificate) {
    const { raw } = each;
    if (chain.length > 8 || chain.some((known) => known.equals(raw))) break;
    chain.push(raw);
  }
  return chain;
}

function post({ address, where, limit }: Asked, authority: string, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpsRequest({
      ...address,
      method: 'POST',
      path: '/v1/join',
      ca: authority,
      minVersion: 'TLSv1.3',
      agent: false,
      checkServerIdentity: (_host, peer) => otherThan(null, peer),
      headers: {
        [PROTOCOL_HEADER]: PROTOCOL,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    });
    const late = setTimeout(() => {
      sent.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }));
    }, limit);
    const end = (error: unknown): void => {
      clearTimeout(late);
      reject(isMlnError(error) ? error : unreachableAt(where, error));
    };
    sent.on('error', end);
    sent.on('response', (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('error', end);
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size > MOST_ANSWER) sent.destroy(rubbish(where, where, 'its answer does not end'));
        else parts.push(part);
      });
      response.on('end', () => {
        clearTimeout(late);
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) });
      });
    });
    sent.end(body);
  });
}

function readJoined(answer: Answer, { where }: Asked): Joined {
  const found = readAnswer(answer, where, where) as Partial<Record<keyof Joined, unknown>> | null;
  const { certificate, authority, revoked = null } = found ?? {};
  if (
    typeof certificate === 'string' &&
    typeof authority === 'string' &&
    (revoked === null || typeof revoked === 'string')
  )
    return { certificate, authority, revoked };
  throw rubbish(where, where, 'it has sent no certificate');
}

/** What came is what was asked for: of this key, this name, and by the authority of the token. */
function checkJoined(
  { certificate, authority }: Joined,
  { kind, name, authority: digest }: Token,
  key: string,
  { where }: Asked,
): Principal {
  try {
    const own = new X509Certificate(certificate);
    const principal = principalIn(own.toLegacyObject().subject);
    const issuer = new X509Certificate(authority);
    const ours = own.publicKey.equals(createPublicKey(key));
    if (
      fingerprintOf(authority) === digest &&
      own.checkIssued(issuer) &&
      own.verify(issuer.publicKey) &&
      ours &&
      principal?.kind === kind &&
      principal.name === name
    )
      return principal;
  } catch {
    // Told below: it is no certificate.
  }
  throw rubbish(where, where, 'the certificate that it has sent is not the one that was asked for');
}

function unreachableAt(where: string, error: unknown): Error {
  return unreachable({ server: where, where, local: false }, error);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
