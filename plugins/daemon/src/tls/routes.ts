import { failure } from '@mln/core';
import type { Call, Daemon, Route } from '../server/route.js';
import { issue, readAuthority } from './authority.js';
import { keyOfRequest } from './certificates.js';
import { MOST_REVOKED, readList, takeRevoked } from './revocations.js';
import { useToken } from './tokens.js';

/** Bytes of a request for a certificate, which is some hundred. */
const MOST_REQUEST = 16 * 1024;

/** What is sent to join: a request for a certificate (PEM), the token that signs it, and the signature. */
export interface JoinRequest {
  readonly token: string;
  readonly request: string;
  readonly signature: string;
}

/** Joining, and revocations. */
export function authorityRoutes(daemon: Daemon): readonly Route[] {
  const { places } = daemon;
  return [
    {
      method: 'POST',
      path: '/v1/join',
      open: true,
      body: { kind: 'json', most: MOST_REQUEST },
      async handle({ json }) {
        const { token, request, signature } = textsIn(json, ['token', 'request', 'signature']);
        const publicKey = await keyOfRequest(request);
        const { certificate: authority } = await readAuthority(places);
        const wanted = await useToken(places, token, request, signature);
        const certificate = await issue(places, publicKey, wanted);
        daemon.logger.info({ name: wanted.name, kind: wanted.kind }, 'has joined the fleet');
        return { status: 200, json: { certificate, authority, revoked: await readList(places) } };
      },
    },
    {
      method: 'GET',
      path: '/v1/crl',
      handle: async () => ({ status: 200, json: { crl: await readList(places) } }),
    },
    {
      // No right is wanted: the list is signed by the authority.
      method: 'PUT',
      path: '/v1/crl',
      body: { kind: 'json', most: MOST_REVOKED },
      async handle({ json }: Call) {
        await takeRevoked(daemon, textsIn(json, ['crl']).crl);
        return { status: 204 };
      },
    },
  ];
}

/** The texts that a body has to have, and nothing else. */
function textsIn<K extends string>(json: unknown, names: readonly K[]): Readonly<Record<K, string>> {
  const body = (typeof json === 'object' && json !== null ? json : {}) as Readonly<Record<string, unknown>>;
  const keys = Object.keys(body);
  if (
    keys.length !== names.length ||
    !names.every((name) => Object.hasOwn(body, name) && typeof body[name] === 'string')
  )
    throw failure('MLN_BAD_REQUEST', `an object with the texts ${names.join(', ')} is wanted, and nothing else`);
  return body as Readonly<Record<K, string>>;
}
