import { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isMlnError, type Finding } from '@mln/core';
import { principalText } from '../protocol.js';
import { readIdentity, revokedOf } from './identity.js';
import { plainSerial } from './certificates.js';

/** Days before its end at which a certificate is warned of. */
const SOON = 30;
const DAY = 86_400_000;
const renew = 'mln ca issue, on the machine that has the authority, and mln ca join, here, renew it';

/**
 * Looks at the certificate in a fleet folder, and at what else lies there: whether it counts, for how long yet, and whether
 * others may read a key. The worst comes first; there is always one.
 */
export async function certificateFindings(fleet: string, now = new Date()): Promise<readonly Finding[]> {
  const findings = [...(await ownFindings(fleet, now)), ...(await authorityFindings(fleet))];
  const order = ['missing', 'warning', 'ok'];
  return findings.sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
}

async function ownFindings(fleet: string, now: Date): Promise<readonly Finding[]> {
  try {
    const identity = await readIdentity(fleet);
    const own = new X509Certificate(identity.certificate);
    const until = new Date(own.validTo);
    const left = (until.getTime() - now.getTime()) / DAY;
    const who = `the certificate of ${principalText(identity.principal)}`;
    const day = until.toISOString().slice(0, 10);
    const issuer = new X509Certificate(identity.authority);
    if (!own.checkIssued(issuer) || !own.verify(issuer.publicKey))
      return [
        { state: 'missing', detail: `${who} is not of the authority in ${join(fleet, 'ca.pem')}`, remedy: renew },
      ];
    if ((await revokedOf(identity)).has(plainSerial(own.serialNumber)))
      return [{ state: 'missing', detail: `${who} is revoked`, remedy: renew }];
    if (left <= 0) return [{ state: 'missing', detail: `${who} has expired on ${day}`, remedy: renew }];
    if (new Date(own.validFrom) > now)
      return [{ state: 'missing', detail: `${who} is not valid yet`, remedy: 'set the clock of this machine right' }];
    return left < SOON
      ? [{ state: 'warning', detail: `${who} expires in ${Math.floor(left)} days, on ${day}`, remedy: renew }]
      : [{ state: 'ok', detail: `${who}, good until ${day}` }];
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return [{ state: 'missing', detail: error.message, remedy: error.problems[0]?.hint }];
  }
}

/** The key of the authority, where it lies here. */
async function authorityFindings(fleet: string): Promise<readonly Finding[]> {
  const key = join(fleet, 'authority/ca.key');
  const found = await stat(key).catch(() => null);
  if (found === null || (found.mode & 0o077) === 0) return [];
  return [
    {
      state: 'missing',
      detail: `others may read the key of the fleet’s authority, ${key}`,
      remedy: `chmod 600 ${key}; if somebody may have read it, make a new fleet`,
    },
  ];
}
