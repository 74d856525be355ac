import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerOptions } from 'node:https';
import type { ConnectionOptions, PeerCertificate, TLSSocket } from 'node:tls';
import { failure, messageOf, readIfThere, systemFailure, type MlnError } from '@mln/core';
import { principalText, type Principal } from '../protocol.js';
import { plainSerial, readRevocations } from './certificates.js';
import { principalIn } from './names.js';

/** What proves who this machine or user is, and whom it believes; PEM. */
export interface Identity {
  readonly principal: Principal;
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
  /** Certificates that are revoked; null where none ever was. */
  readonly revoked: string | null;
}

const none: ReadonlySet<string> = new Set();
const renewal =
  'mln ca issue, on the machine that has the authority, prints a token; mln ca join ADDRESS TOKEN, here, gets a new one with it';

/** Reads the identity in a fleet folder. Throws MLN_NO_CERTIFICATE, which says how one is had; MLN_NOT_ALLOWED where others may read the key. */
export async function readIdentity(fleet: string): Promise<Identity> {
  const [certificate, authority, revoked] = await Promise.all(
    ['self.pem', 'ca.pem', 'crl.pem'].map((name) => readIfThere(join(fleet, name))),
  );
  const key = await readSecret(join(fleet, 'self.key'));
  if (certificate == null || authority == null || key === null)
    throw failure('MLN_NO_CERTIFICATE', `there is no certificate of a fleet in ${fleet}`, {
      hint: 'mln ca join ADDRESS TOKEN fetches one; mln ca issue, on the machine that has the authority, prints the token',
    });
  const principal = ownPrincipal(certificate, key, fleet);
  return { principal, certificate, key, authority, revoked: revoked ?? null };
}

/** Reads a private key; null where there is none. Throws MLN_NOT_ALLOWED where others may read it. */
export async function readSecret(path: string): Promise<string | null> {
  const text = await readIfThere(path);
  if (text === null) return null;
  const { mode } = await stat(path).catch((error: unknown) => {
    throw systemFailure(error, `${path} cannot be read`);
  });
  if ((mode & 0o077) !== 0)
    throw failure(
      'MLN_NOT_ALLOWED',
      `others may read the private key ${path} (its mode is ${(mode & 0o777).toString(8)})`,
      {
        hint: `chmod 600 ${path}; if somebody may have read it, revoke its certificate (mln ca revoke) and get another`,
      },
    );
  return text;
}

function ownPrincipal(certificate: string, key: string, fleet: string): Principal {
  let principal: Principal | null = null;
  let fits = false;
  try {
    const own = new X509Certificate(certificate);
    principal = principalIn(own.toLegacyObject().subject);
    fits = own.checkPrivateKey(createPrivateKey(key));
  } catch {
    // Told below: one of them is no such file.
  }
  if (principal !== null && fits) return principal;
  const why = fits ? 'self.pem names neither a user nor a server' : 'self.pem and self.key do not belong together';
  throw failure('MLN_BAD_CERTIFICATE', `the certificate in ${fleet} cannot be used: ${why}`, { hint: renewal });
}

/** Gives the serial numbers of the certificates that are revoked. Throws MLN_BAD_CERTIFICATE where the list cannot be used. */
export async function revokedOf({ revoked, authority }: Identity): Promise<ReadonlySet<string>> {
  if (revoked === null) return none;
  try {
    return (await readRevocations(revoked, authority)).serials;
  } catch (error) {
    throw failure('MLN_BAD_CERTIFICATE', `crl.pem in the fleet folder cannot be used: ${messageOf(error)}`, {
      cause: error,
      hint: 'copy it from another server of the fleet',
    });
  }
}

/**
 * What a server listens with. Whoever connects is let in, as some routes are open: {@link principalOf} tells who counts.
 * The authority's own certificate is sent along: who joins knows it by its digest. Sessions are not resumed, as what was
 * true of a certificate may have changed.
 */
export function serverOptions({ certificate, key, authority, revoked }: Identity): ServerOptions {
  return {
    cert: `${certificate.trimEnd()}\n${authority}`,
    key,
    ca: authority,
    ...(revoked === null ? {} : { crl: revoked }),
    minVersion: 'TLSv1.3',
    requestCert: true,
    rejectUnauthorized: false,
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/** What a client connects with; whoever answers has to be the server of this name. */
export function clientOptions(
  { certificate, key, authority, revoked }: Identity,
  serverName: string,
): ConnectionOptions {
  return {
    cert: certificate,
    key,
    ca: authority,
    ...(revoked === null ? {} : { crl: revoked }),
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
    servername: serverName,
    checkServerIdentity: (_host, peer) => otherThan(serverName, peer),
  };
}

/** An error like node's own of a wrong name, where a certificate is not that of the server; any server where null. */
export function otherThan(serverName: string | null, { subject }: Pick<PeerCertificate, 'subject'>): Error | undefined {
  const principal = principalIn(subject);
  if (principal?.kind === 'server' && (serverName === null || principal.name === serverName)) return undefined;
  const who = principal === null ? 'nobody of a fleet' : principalText(principal);
  return Object.assign(new Error(`it is ${who}, not ${serverName === null ? 'a server' : `server:${serverName}`}`), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
}

/** What does not change while a connection lasts. */
interface Shown {
  readonly principal: Principal | null;
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

const shown = new WeakMap<TLSSocket, Shown>();

function shownBy(socket: TLSSocket): Shown {
  let known = shown.get(socket);
  if (!known) {
    const peer = socket.getPeerCertificate() as Partial<PeerCertificate>;
    known = {
      principal: principalIn(peer.subject),
      serial: plainSerial(peer.serialNumber ?? ''),
      until: Date.parse(peer.valid_to ?? ''),
    };
    shown.set(socket, known);
  }
  return known;
}

/**
 * Who is at the other end of a connection; null where no certificate was shown that counts. Connections are kept long: that
 * it has not expired, and is none of the `revoked`, is looked at whenever it is asked.
 */
export function principalOf(socket: TLSSocket, revoked: ReadonlySet<string> = none): Principal | null {
  if (!socket.authorized) return null;
  const { principal, serial, until } = shownBy(socket);
  return Date.now() < until && !revoked.has(serial) ? principal : null;
}

/** Why {@link principalOf} gives nobody. */
export function certificateProblem(socket: TLSSocket, revoked: ReadonlySet<string> = none): MlnError {
  const { serial, until } = shownBy(socket);
  if (serial === '')
    return failure('MLN_NO_CERTIFICATE', 'no certificate was shown, and one of the fleet is needed', { hint: renewal });
  const reason = String(socket.authorizationError);
  const why =
    revoked.has(serial) || reason === 'CERT_REVOKED'
      ? 'is revoked'
      : Date.now() >= until
        ? `has expired (${new Date(until).toISOString()})`
        : reason === 'CERT_NOT_YET_VALID'
          ? 'is not valid yet: is the clock right, here and there?'
          : socket.authorized
            ? 'names neither a user nor a server'
            : `is none that the authority of this fleet has given (${reason})`;
  return failure('MLN_BAD_CERTIFICATE', `the certificate that was shown ${why}`, { hint: renewal });
}
