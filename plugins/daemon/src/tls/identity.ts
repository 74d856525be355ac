import type { TLSSocket } from 'node:tls';
import type { Principal } from '../protocol.js';

/** What proves who this machine or user is, and whom it believes; PEM. */
export interface Identity {
  readonly principal: Principal;
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
  /** Certificates that are revoked; null where none ever was. */
  readonly revoked: string | null;
}

/** Reads the identity in a fleet folder. Throws MLN_NO_CERTIFICATE, which says how one is had; MLN_NOT_ALLOWED where others may read the key. */
export function readIdentity(_fleet: string): Promise<Identity> {
  throw new Error('not there yet');
}

/** Who is at the other end of a connection; null where no certificate was shown that counts. */
export function principalOf(_socket: TLSSocket): Principal | null {
  throw new Error('not there yet');
}
