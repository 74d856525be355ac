import { createServer, type AddressInfo, type Socket } from 'node:net';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { isMlnError } from '@mln/core';
import type { Places } from '../../src/options.js';
import { listIssued, readAuthority } from '../../src/tls/authority.js';
import { keyOfRequest, makeKey, makeRequest, type Wanted } from '../../src/tls/certificates.js';
import { clientOptions, readIdentity } from '../../src/tls/identity.js';
import { joinFleet } from '../../src/tls/join.js';
import { makeToken, readToken, signRequest } from '../../src/tls/tokens.js';
import { ask, daemonOf, identityOf, makeFleet, placesIn, serve } from './fleet.js';

/* A new machine joins by a token, over real TLS. */

const LIMIT = 10_000;
const folders: string[] = [];
const servers: { close(): unknown }[] = [];
let ours: Places;
let theirs: Places;
let port = 0;
let theirPort = 0;

beforeAll(async () => {
  [ours, theirs] = [await makeFleet('ours'), await makeFleet('theirs')];
  folders.push(ours.fleet, theirs.fleet);
  const mine = await serve(await identityOf(ours, 'server', 'gateway1'), new Set(), await daemonOf(ours));
  const other = await serve(await identityOf(theirs, 'server', 'gateway1'), new Set(), await daemonOf(theirs));
  servers.push(mine.server, other.server);
  [port, theirPort] = [mine.port, other.port];
});
afterAll(() => {
  for (const server of servers) server.close();
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function newMachine(): Places {
  const folder = mkdtempSync(join(tmpdir(), 'mln-joining-'));
  folders.push(folder);
  return placesIn(join(folder, 'fleet'));
}

async function tokenFor(wanted: Partial<Wanted> = {}, minutes = 15): Promise<string> {
  const { certificate } = await readAuthority(ours);
  return makeToken(
    ours,
    certificate,
    { name: 'backend3', kind: 'server', days: 1, addresses: ['10.0.0.3'], ...wanted },
    minutes,
  );
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return `${error.code} ${error.message}`;
  }
}

test('a machine that has joined is let in, and its key has never left it', async () => {
  const places = newMachine();
  expect(await joinFleet(places, `127.0.0.1:${port}`, await tokenFor(), LIMIT)).toEqual({
    kind: 'server',
    name: 'backend3',
  });
  const identity = await readIdentity(places.fleet);
  expect(await ask(port, clientOptions(identity, 'gateway1'))).toBe('200 server:backend3');
  expect(readdirSync(places.fleet).sort()).toEqual(['ca.pem', 'self.key', 'self.pem']);
  expect(statSync(join(places.fleet, 'self.key')).mode & 0o777).toBe(0o600);
  expect(new X509Certificate(identity.certificate).subjectAltName).toBe('DNS:backend3, IP Address:10.0.0.3');
  const kept = readdirSync(ours.fleet, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  expect(kept.some((text) => text.includes(identity.key.split('\n')[1] ?? ''))).toBe(false);
});

test('what is kept of a token lets nobody join', async () => {
  const token = await tokenFor();
  const { id } = readToken(token);
  const kept = readFileSync(join(ours.fleet, 'authority/tokens', `${id}.json`), 'utf8');
  expect(kept).not.toContain(token.split(':')[3]);
  expect(statSync(join(ours.fleet, 'authority/tokens', `${id}.json`)).mode & 0o777).toBe(0o600);
});

test('a token is good once, also where two use it at the same time', async () => {
  const token = await tokenFor({ name: 'alice', kind: 'user' });
  const machines = [newMachine(), newMachine(), newMachine()];
  const said = await Promise.all(
    machines.map((places) => codeOf(joinFleet(places, `127.0.0.1:${port}`, token, LIMIT))),
  );
  expect(said.filter((each) => each === 'done')).toHaveLength(1);
  expect(
    said.filter((each) => each.includes('MLN_NOT_ALLOWED') && each.includes('it was used, and is good once')),
  ).toHaveLength(2);
  expect(machines.filter(({ fleet }) => existsSync(fleet))).toHaveLength(1);
  expect(await codeOf(joinFleet(newMachine(), `127.0.0.1:${port}`, token, LIMIT))).toContain(
    'it was used, and is good once',
  );
  expect((await listIssued(ours)).filter(({ principal }) => principal.name === 'alice')).toHaveLength(1);
});

test('a token that is too old lets nobody join, and the next one takes it away', async () => {
  const token = await tokenFor({}, 0);
  expect(await codeOf(joinFleet(newMachine(), `127.0.0.1:${port}`, token, LIMIT))).toMatch(
    /MLN_NOT_ALLOWED .*it was good until/,
  );
  await tokenFor();
  expect(await codeOf(joinFleet(newMachine(), `127.0.0.1:${port}`, token, LIMIT))).toContain('is long over');
});

test.each<[what: string, tampered: (token: string) => string, code: string]>([
  ['another name', (token) => token.replace('backend3', 'gateway1'), 'MLN_NOT_ALLOWED'],
  ['another kind', (token) => token.replace('server:', 'user:'), 'MLN_NOT_ALLOWED'],
  ['another secret', (token) => token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')), 'MLN_NOT_ALLOWED'],
  ['another authority', (token) => token.replace(/:[0-9a-f]{64}:/, `:${'0'.repeat(64)}:`), 'MLN_BAD_CERTIFICATE'],
  ['a name that is none', (token) => token.replace('backend3', '../x'), 'MLN_USAGE'],
  ['less than all', (token) => token.slice(0, -1), 'MLN_USAGE'],
  ['nothing', () => '', 'MLN_USAGE'],
])('a token with %s lets nobody join, and is not used up', async (_what, tampered, code) => {
  const token = await tokenFor();
  const places = newMachine();
  expect(await codeOf(joinFleet(places, `127.0.0.1:${port}`, tampered(token), LIMIT))).toMatch(new RegExp(`^${code} `));
  expect(existsSync(places.fleet)).toBe(false);
  expect(await codeOf(joinFleet(places, `127.0.0.1:${port}`, token, LIMIT))).toBe('done');
});

test('nothing is sent to a server of another fleet', async () => {
  const token = await tokenFor();
  expect(await codeOf(joinFleet(newMachine(), `127.0.0.1:${theirPort}`, token, LIMIT))).toMatch(
    /^MLN_BAD_CERTIFICATE .*not of the fleet/,
  );
  expect(await codeOf(joinFleet(newMachine(), `127.0.0.1:${port}`, token, LIMIT))).toBe('done');
});

test('a user of the fleet that shows the right authority is no server: nothing is sent to it', async () => {
  const { server, port: posing } = await serve(
    await identityOf(ours, 'user', 'mallory'),
    new Set(),
    await daemonOf(ours),
  );
  servers.push(server);
  const token = await tokenFor();
  expect(await codeOf(joinFleet(newMachine(), `127.0.0.1:${posing}`, token, LIMIT))).toMatch(/^MLN_BAD_CERTIFICATE /);
  expect(await codeOf(joinFleet(newMachine(), `127.0.0.1:${port}`, token, LIMIT))).toBe('done');
});

test('a request that somebody puts in the place of another is refused: the token has not signed it', async () => {
  const token = readToken(await tokenFor());
  const [own, foreign] = [await makeRequest(makeKey()), await makeRequest(makeKey())];
  const { cert: _cert, key: _key, ...options } = clientOptions(await identityOf(ours, 'user', 'x'), 'gateway1');
  const post = (body: unknown): Promise<string> => ask(port, options, '/v1/join', 'POST', JSON.stringify(body));
  const signature = signRequest(token, own);
  expect(await post({ token: token.id, request: foreign, signature })).toContain('MLN_NOT_ALLOWED');
  expect(await post({ token: token.id, request: own, signature: '' })).toContain('MLN_NOT_ALLOWED');
  expect(await post({ token: '../ca', request: own, signature })).toContain('MLN_NOT_ALLOWED');
  expect(await post({ token: token.id, request: 'rubbish', signature })).toContain('MLN_BAD_REQUEST');
  expect(await post({ token: token.id, request: own })).toContain('MLN_BAD_REQUEST');
  expect(await post({ token: token.id, request: own, signature, name: 'root' })).toContain('MLN_BAD_REQUEST');
  expect(await post([])).toContain('MLN_BAD_REQUEST');
  expect(await post(null)).toContain('MLN_BAD_REQUEST');
  expect(await post({ token: token.id, request: own, signature })).toMatch(/^200 /);
});

test('a request that is signed by another key than its own is none', async () => {
  const request = await makeRequest(makeKey());
  await expect(keyOfRequest(request)).resolves.toBeInstanceOf(Buffer);
  const body = Buffer.from(request.split('\n').slice(1, -2).join(''), 'base64');
  for (const at of [40, 60, body.length - 3]) {
    const changed = Buffer.from(body);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const text = `-----BEGIN CERTIFICATE REQUEST-----\n${changed.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    await expect(keyOfRequest(text)).rejects.toMatchObject({ code: 'MLN_BAD_REQUEST' });
  }
});

test('a machine that belongs to another fleet stays there', async () => {
  const places = newMachine();
  await joinFleet(places, `127.0.0.1:${port}`, await tokenFor(), LIMIT);
  const before = readFileSync(join(places.fleet, 'self.pem'), 'utf8');
  const token = await makeToken(
    theirs,
    (await readAuthority(theirs)).certificate,
    { name: 'b', kind: 'server', days: 1, addresses: [] },
    1,
  );
  expect(await codeOf(joinFleet(places, `127.0.0.1:${theirPort}`, token, LIMIT))).toMatch(/^MLN_USAGE .*another fleet/);
  expect(readFileSync(join(places.fleet, 'self.pem'), 'utf8')).toBe(before);
  // In its own it may get a new certificate.
  await joinFleet(places, `127.0.0.1:${port}`, await tokenFor(), LIMIT);
  expect(readFileSync(join(places.fleet, 'self.pem'), 'utf8')).not.toBe(before);
});

test('a server that issues nothing says so', async () => {
  const bare = newMachine();
  await joinFleet(bare, `127.0.0.1:${port}`, await tokenFor(), LIMIT);
  const { server, port: there } = await serve(await readIdentity(bare.fleet), new Set(), await daemonOf(bare));
  servers.push(server);
  expect(await codeOf(joinFleet(newMachine(), `127.0.0.1:${there}`, await tokenFor(), LIMIT))).toContain(
    'does not issue certificates',
  );
});

test('what does not answer, or is no daemon, is told', async () => {
  const silent = await listening(() => undefined);
  const rude = await listening((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const token = await tokenFor();
  expect(await codeOf(joinFleet(newMachine(), `127.0.0.1:${silent}`, token, 200))).toMatch(
    /^MLN_NO_SERVER .*does not answer/,
  );
  expect(await codeOf(joinFleet(newMachine(), `127.0.0.1:${rude}`, token, LIMIT))).toMatch(/^MLN_NO_SERVER /);
  expect(await codeOf(joinFleet(newMachine(), 'http://x/', token, LIMIT))).toMatch(/^MLN_USAGE /);
});

async function listening(react: (socket: Socket) => unknown): Promise<number> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    react(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push({ close: () => [server.close(), ...[...open].map((socket) => socket.destroy())] });
  return (server.address() as AddressInfo).port;
}
