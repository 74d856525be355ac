import { failure, messageOf, type MlnError } from '@mln/core';
import { rubbish } from './answer.js';
import type { Way } from './way.js';

/** What is thrown where a server does not answer within a time limit, in milliseconds. */
export function silence(limit: number): Error {
  return Object.assign(new Error(`does not answer within ${limit / 1000} s`), { code: 'ETIMEDOUT', limit });
}

const running = 'does mln daemon run there? mln daemon-status shows which servers answer';

/** Errors of connections: what may be better in a moment. */
const passing = new WeakSet<object>();

/** Whether an error says that a server was not reached, and not that what answered is none, or that it refuses. */
export function isUnreachable(error: unknown): boolean {
  return typeof error === 'object' && error !== null && passing.has(error);
}

/** Says in plain words why a server was not reached: what went wrong with the connection, and what may be done. */
export function unreachable(way: Omit<Way, 'begin'>, error: unknown): MlnError {
  const { server, where, local } = way;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (local && code === 'EACCES')
    return failure(
      'MLN_NOT_ALLOWED',
      `you may not talk with the daemon of this machine: ${where} is not yours to open`,
      {
        cause: error,
        hint: 'become a member of the group that the option socketGroup of @mln/plugin-daemon names, or use sudo',
      },
    );
  if (local && ['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(code))
    return passes(
      failure('MLN_NO_SERVER', `no daemon runs on this machine: nothing listens on ${where}`, {
        cause: error,
        hint: 'mln daemon starts it; mln setup --service-host installs it for good',
      }),
    );
  const theirs = certificateOf(code, error);
  if (theirs !== null)
    return failure('MLN_BAD_CERTIFICATE', `${server} (${where}) shows a certificate that ${theirs}`, {
      cause: error,
      hint: `it gets a new one there by: mln ca join; the address of ${server} may be wrong, too`,
    });
  const ours = alertOf(code);
  if (ours !== null)
    return failure('MLN_BAD_CERTIFICATE', `${server} (${where}) takes no certificate of ours: ${ours}`, {
      cause: error,
      hint: 'mln ca join gets a new one',
    });
  if (code.startsWith('HPE_') || code === 'EPROTO' || code.startsWith('ERR_SSL'))
    return rubbish(server, where, messageOf(error), error);
  const unknown = ['ENOTFOUND', 'EAI_AGAIN'].includes(code);
  return passes(
    failure('MLN_NO_SERVER', `${server === where ? server : `${server} (${where})`} ${happened(code, error)}`, {
      cause: error,
      hint: unknown ? 'the option servers of @mln/plugin-daemon says where servers are' : running,
    }),
  );
}

function passes(error: MlnError): MlnError {
  passing.add(error);
  return error;
}

function happened(code: string, error: unknown): string {
  switch (code) {
    case 'ETIMEDOUT':
      return 'limit' in (error as object) ? messageOf(error) : 'does not answer';
    case 'ECONNREFUSED':
      return 'refuses connections';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'cannot be reached: there is no route to it';
    case 'EHOSTDOWN':
      return 'is down';
    case 'ENOTFOUND':
      return 'cannot be reached: nobody knows an address of that name';
    case 'EAI_AGAIN':
      return 'cannot be reached: its name cannot be looked up just now';
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ECONNABORTED':
      return 'broke the connection off';
    default:
      return `cannot be reached: ${messageOf(error)}`;
  }
}

/** What is wrong with a server's certificate (verify(1ssl), node:tls); null where that is not what went wrong. */
function certificateOf(code: string, error: unknown): string | null {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return 'has expired';
    case 'CERT_NOT_YET_VALID':
      return 'is not valid yet: is the clock right, here and there?';
    case 'CERT_REVOKED':
      return 'is revoked';
    case 'CRL_HAS_EXPIRED':
      return 'cannot be checked: the list of revoked certificates here is out of date';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `is that of another: ${messageOf(error)}`;
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'CERT_SIGNATURE_FAILURE':
    case 'CERT_UNTRUSTED':
    case 'CERT_REJECTED':
    case 'INVALID_PURPOSE':
      return `the authority of this fleet has not given to it (${messageOf(error)})`;
    default:
      return null;
  }
}

/** What a server says of our certificate (the alerts of RFC 8446, section 6); null where it says nothing of it. */
function alertOf(code: string): string | null {
  const alert = /^ERR_SSL_\w*?_ALERT_(\w+)$/.exec(code)?.[1] ?? '';
  switch (alert) {
    case 'CERTIFICATE_EXPIRED':
      return 'it has expired';
    case 'CERTIFICATE_REVOKED':
      return 'it is revoked';
    case 'UNKNOWN_CA':
    case 'BAD_CERTIFICATE':
    case 'CERTIFICATE_UNKNOWN':
    case 'UNSUPPORTED_CERTIFICATE':
    case 'DECRYPT_ERROR':
      return 'it is none of its fleet';
    case 'CERTIFICATE_REQUIRED':
      return 'it wants one, and was shown none';
    default:
      return null;
  }
}
