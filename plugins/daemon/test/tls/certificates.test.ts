import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, type Server } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import type { Places } from '../../src/options.js';
import { certificateFindings } from '../../src/tls/checks.js';
import { plainSerial } from '../../src/tls/certificates.js';
import { clientOptions, readIdentity, revokedOf, type Identity } from '../../src/tls/identity.js';
import { writeIdentity } from '../../src/tls/join.js';
import { principalIn } from '../../src/tls/names.js';
import { revoke } from '../../src/tls/revocations.js';
import { ask, identityOf, makeFleet, serve } from './fleet.js';

/* Which certificates count, over real TLS. */

let ours: Places;
let theirs: Places;
const servers: Server[] = [];
const ports = new Map<string, number>();
const users = new Map<string, Identity>();
const serials = new Map<string, string>();

beforeAll(async () => {
  [ours, theirs] = [await makeFleet('ours'), await makeFleet('theirs')];
  const made: readonly (readonly [who: string, identity: Identity])[] = [
    ['alice', await identityOf(ours, 'user', 'alice')],
    ['gateway1', await identityOf(ours, 'server', 'gateway1')],
    ['expired', await identityOf(ours, 'user', 'expired', 0)],
    ['revoked', await identityOf(ours, 'user', 'revoked')],
    ['both', await identityOf(ours, 'user', 'both', 0)],
    ['stranger', await identityOf(theirs, 'user', 'alice')],
    ['backend3', await identityOf(ours, 'server', 'backend3')],
    ['gone', await identityOf(ours, 'server', 'gone')],
    ['old', await identityOf(ours, 'server', 'old', 0)],
    ['foreign', await identityOf(theirs, 'server', 'backend3')],
  ];
  for (const [who, identity] of made)
    serials.set(who, plainSerial(new X509Certificate(identity.certificate).serialNumber));
  const revoked = await revoke(
    ours,
    ['revoked', 'both', 'gone'].map((who) => serials.get(who) ?? ''),
  );
  for (const [who, identity] of made)
    users.set(who, identity.authority === made[0]?.[1].authority ? { ...identity, revoked } : identity);
  for (const who of ['backend3', 'gone', 'old', 'foreign', 'alice']) {
    const { server, port } = await serve(identityIn(who));
    servers.push(server);
    ports.set(who, port);
  }
});
afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  for (const { fleet } of [ours, theirs]) rmSync(fleet, { recursive: true });
});

function identityIn(who: string): Identity {
  const found = users.get(who);
  if (!found) throw new Error(`nobody is called ${who}`);
  return found;
}

function portOf(who: string): number {
  return ports.get(who) ?? 0;
}

/** What a client shows to the server backend3, which it believes by our authority. */
const shown: readonly (readonly [who: string, answer: string])[] = [
  ['alice', '200 user:alice'],
  ['gateway1', '200 server:gateway1'],
  ['expired', '401 MLN_BAD_CERTIFICATE the certificate that was shown has expired'],
  ['revoked', '401 MLN_BAD_CERTIFICATE the certificate that was shown is revoked'],
  ['both', '401 MLN_BAD_CERTIFICATE the certificate that was shown'],
  [
    'stranger',
    '401 MLN_BAD_CERTIFICATE the certificate that was shown is none that the authority of this fleet has given',
  ],
];

test.each(shown)('a server answers %s: %s', async (who, answer) => {
  const { authority, revoked } = identityIn('alice');
  const options = clientOptions({ ...identityIn(who), authority, revoked }, 'backend3');
  expect(await ask(portOf('backend3'), options)).toContain(answer);
});

test('a server answers who shows no certificate: none was shown', async () => {
  const { cert: _cert, key: _key, ...options } = clientOptions(identityIn('alice'), 'backend3');
  expect(await ask(portOf('backend3'), options)).toContain('401 MLN_NO_CERTIFICATE no certificate was shown');
});

/** What a server that is asked as backend3 shows to alice. */
const answering: readonly (readonly [server: string, answer: string])[] = [
  ['backend3', '200 user:alice'],
  ['old', 'CERT_HAS_EXPIRED'],
  ['gone', 'CERT_REVOKED'],
  ['foreign', 'UNABLE_TO_'],
  ['alice', 'INVALID_PURPOSE'],
];

test.each(answering)('a client that asks %s as backend3 hears: %s', async (server, answer) => {
  expect(await ask(portOf(server), clientOptions(identityIn('alice'), 'backend3'))).toContain(answer);
});

test('a client talks with a server of the name that it asks for, and with no other', async () => {
  const said = await ask(portOf('backend3'), clientOptions(identityIn('alice'), 'backend4'));
  expect(said).toBe('ERR_TLS_CERT_ALTNAME_INVALID it is server:backend3, not server:backend4');
});

test('TLS 1.2 is not spoken', async () => {
  const options = { ...clientOptions(identityIn('alice'), 'backend3'), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' };
  expect(await ask(portOf('backend3'), options)).toMatch(/^(ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION|EPROTO) /);
});

test('who is revoked while the connection is kept counts no more; sessions are not resumed', async () => {
  const revoked = new Set<string>();
  const { server, port } = await serve({ ...identityIn('backend3'), revoked: null }, revoked);
  servers.push(server);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const options = { ...clientOptions(identityIn('alice'), 'backend3'), agent };
  const connections = new Set<object>();
  let resumed = 0;
  server.on('secureConnection', (socket) => {
    connections.add(socket);
    if (socket.isSessionReused()) resumed += 1;
  });
  expect(await ask(port, options)).toBe('200 user:alice');
  revoked.add(serials.get('alice') ?? '');
  expect(await ask(port, options)).toContain('is revoked');
  expect(connections.size).toBe(1);
  agent.destroy();
  const again = new Agent({ keepAlive: false });
  for (let count = 0; count < 3; count += 1) await ask(port, { ...options, agent: again });
  expect([connections.size, resumed]).toEqual([4, 0]);
});

test('an identity is read from its folder, and nothing else is', async () => {
  const folder = join(ours.fleet, 'alice');
  await expect(readIdentity(folder)).rejects.toMatchObject({ code: 'MLN_NO_CERTIFICATE', exit: 77 });
  await writeIdentity(folder, identityIn('alice'));
  const identity = await readIdentity(folder);
  expect(identity).toEqual(identityIn('alice'));
  expect([...(await revokedOf(identity))].sort()).toEqual(
    ['revoked', 'both', 'gone'].map((who) => serials.get(who)).sort(),
  );
  expect(await certificateFindings(folder)).toEqual([
    {
      state: 'warning',
      detail: expect.stringMatching(/^the certificate of user:alice expires in [01] days/),
      remedy: expect.any(String),
    },
  ]);
  expect((await certificateFindings(folder, new Date(Date.now() + 2 * 86_400_000)))[0]?.detail).toMatch(
    /has expired on/,
  );

  chmodSync(join(folder, 'self.key'), 0o640);
  await expect(readIdentity(folder)).rejects.toMatchObject({ code: 'MLN_NOT_ALLOWED' });
  expect((await certificateFindings(folder))[0]).toMatchObject({
    state: 'missing',
    detail: expect.stringContaining('others may read'),
  });

  chmodSync(join(folder, 'self.key'), 0o600);
  writeFileSync(join(folder, 'self.pem'), identityIn('gateway1').certificate);
  await expect(readIdentity(folder)).rejects.toMatchObject({ code: 'MLN_BAD_CERTIFICATE' });
  await expect(revokedOf({ ...identity, revoked: 'rubbish' })).rejects.toMatchObject({ code: 'MLN_BAD_CERTIFICATE' });
  writeFileSync(join(folder, 'self.pem'), 'rubbish');
  await expect(readIdentity(folder)).rejects.toMatchObject({ code: 'MLN_BAD_CERTIFICATE' });
});

test('a revoked certificate, and one of another authority, are found', async () => {
  const folder = join(ours.fleet, 'found');
  await writeIdentity(folder, identityIn('revoked'));
  expect((await certificateFindings(folder))[0]).toMatchObject({
    state: 'missing',
    detail: 'the certificate of user:revoked is revoked',
  });
  await writeIdentity(folder, { ...identityIn('stranger'), authority: identityIn('alice').authority });
  expect((await certificateFindings(folder))[0]?.detail).toContain('is not of the authority');
  chmodSync(join(ours.fleet, 'authority/ca.key'), 0o644);
  expect((await certificateFindings(ours.fleet))[0]?.detail).toMatch(
    /there is no certificate|others may read the key of the fleet/,
  );
  chmodSync(join(ours.fleet, 'authority/ca.key'), 0o600);
});

test.each([
  [
    { OU: 'user', CN: 'alice' },
    { kind: 'user', name: 'alice' },
  ],
  [
    { CN: 'gateway1', OU: 'server' },
    { kind: 'server', name: 'gateway1' },
  ],
  [{ OU: 'local', CN: 'root' }, null],
  [{ OU: 'authority', CN: 'ours', O: 'ours' }, null],
  [{ OU: ['user', 'server'], CN: 'alice' }, null],
  [{ OU: 'user', CN: ['alice', 'bob'] }, null],
  [{ OU: 'user', CN: 'alice', O: 'x' }, null],
  [{ OU: 'user', CN: 'alice', emailAddress: 'a@b' }, null],
  [{ OU: 'user' }, null],
  [{ CN: 'alice' }, null],
  [{ OU: 'user', CN: '' }, null],
  [{ OU: 'user', CN: '*' }, null],
  [{ OU: 'user', CN: 'alice\0.evil' }, null],
  [{ OU: 'user', CN: 'alice\nOU=server' }, null],
  [{ OU: 'user', CN: 'a/b' }, null],
  [{ OU: 'user', CN: '..' }, null],
  [{ OU: 'user', CN: 'аlice' }, null],
  [{ OU: 'User', CN: 'alice' }, null],
  [{}, null],
  [null, null],
  [undefined, null],
  ['OU=user', null],
])('the subject %j names %j', (subject, principal) => {
  expect(principalIn(subject)).toEqual(principal);
});
