import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { withFetch } from '../src/template-fetch.js';
import { commandLine, type Ended } from './cli-process.js';
import { httpsServer, type HttpsServer } from './https-server.js';
import { templatePlugin } from './template-plugin.js';

// A machine that is busy with other tests takes its time to start processes.
jest.setTimeout(60_000);

const cli = commandLine(templatePlugin);
let server: HttpsServer;

let run: (args: readonly string[]) => Promise<Ended>;

beforeAll(async () => {
  server = await httpsServer();
  run = cli.open({ NODE_EXTRA_CA_CERTS: server.certificate });
});
afterAll(() => server.close());
beforeEach(() => {
  server.files.clear();
  server.requests();
});

/** An image that is like no other, as nothing of one test is to be found by the next. */
const image = (length = 1_500_000): Buffer => Buffer.concat([Buffer.from('template '), randomBytes(length)]);
const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const mln = (...args: string[]): Promise<Ended> => run(args);
const add = (path: string, name: string, sha256: string): Promise<Ended> =>
  mln('template', 'add', `${server.url}${path}`, '--name', name, '--sha256', sha256);

/** What the repository holds that is hidden. */
const hidden = (): string[] =>
  existsSync(cli.templates) ? readdirSync(cli.templates).filter((name) => name.startsWith('.')) : [];
/** How much of the only download that stopped has come. */
const kept = (): number => {
  const parts = hidden();
  expect(parts).toEqual([expect.stringMatching(/^\.part-[0-9a-f]{16}/)]);
  return statSync(join(cli.templates, parts[0] ?? '', 'data')).size;
};
const stored = (name: string, version = '1.0'): string =>
  digestOf(readFileSync(join(cli.templates, name, version, 'image')));

test('an image is downloaded, and its manifest says from where', async () => {
  const body = image();
  server.files.set('/images/small-V2.1.ext4?secret=1', { body });
  const ended = await mln(
    ...[
      'template',
      'add',
      `${server.url}/images/small-V2.1.ext4?secret=1`,
      '--sha256',
      digestOf(body).toUpperCase(),
      '--json',
    ],
  );
  expect(ended).toMatchObject({
    exit: 0,
    stderr: expect.stringContaining('small-V2.1.ext4: begins of 1.4 MiB') as unknown,
  });
  expect(JSON.parse(ended.stdout)).toMatchObject({
    name: 'small.ext4',
    version: '2.1',
    sha256: digestOf(body),
    source: `${server.url}/images/small-V2.1.ext4`,
  });
  expect(stored('small.ext4', '2.1')).toBe(digestOf(body));
  expect(hidden()).toEqual([]);
});

test('a packed image is unpacked: the digest is of what is downloaded, the manifest’s of the image', async () => {
  const body = image();
  const packed = gzipSync(body);
  server.files.set('/packed.ext4.gz', { body: packed });
  const ended = await mln('template', 'add', `${server.url}/packed.ext4.gz`, '--sha256', digestOf(packed));
  expect(ended).toMatchObject({ exit: 0, stderr: expect.stringContaining('packed.ext4@1.0 is added') as unknown });
  expect(stored('packed.ext4')).toBe(digestOf(body));
  expect((await mln('template', 'verify', 'packed.ext4', '--json')).stdout).toContain(digestOf(body));
});

test.each([
  ['an ETag', { etag: '"one"' }, '"one"'],
  ['a time', { lastModified: 'Wed, 21 Oct 2015 07:28:00 GMT' }, 'Wed, 21 Oct 2015 07:28:00 GMT'],
  ['a weak ETag', { etag: 'W/"one"' }, undefined],
])('a download that was cut off goes on there: the server says %s', async (what, said, ifRange) => {
  const body = image();
  const name = what.replaceAll(' ', '-').toLowerCase();
  server.files.set('/cut', { body, ...said, cutAfter: 500_000 });
  const first = await add('/cut', name, digestOf(body));
  expect(first).toMatchObject({
    exit: 1,
    stderr: expect.stringContaining('goes on where this one stopped') as unknown,
  });
  expect(first.stderr).toContain('MLN_DOWNLOAD_FAILED');
  expect(existsSync(join(cli.templates, name))).toBe(false);
  const come = kept();
  expect(come).toBeGreaterThan(0);
  server.requests();
  server.files.set('/cut', { body, ...said });
  expect(await add('/cut', name, digestOf(body))).toMatchObject({ exit: 0 });
  expect(server.requests()).toEqual([{ path: '/cut', range: `bytes=${come}-`, ...(ifRange && { ifRange }) }]);
  expect(stored(name)).toBe(digestOf(body));
  expect(hidden()).toEqual([]);
});

test.each([
  ['changed', { etag: '"two"' }, 1],
  ['no-ranges', { ranges: false }, 1],
  ['careless', { etag: '"two"', careless: true }, 2],
])('a download begins anew where the rest cannot be had: %s', async (name, then, requests) => {
  const [old, body] = [image(), image()];
  // Who asks knows the digest of the new file, and is first sent a part of the old one.
  server.files.set('/file', { body: old, etag: '"one"', cutAfter: 500_000 });
  await add('/file', name, digestOf(body));
  expect(kept()).toBeGreaterThan(0);
  server.requests();
  server.files.set('/file', { body, ...then });
  expect(await add('/file', name, digestOf(body))).toMatchObject({ exit: 0 });
  expect(server.requests()).toHaveLength(requests);
  expect(stored(name)).toBe(digestOf(body));
  expect(hidden()).toEqual([]);
});

test('a server that has less by now than has come is asked for the whole', async () => {
  const body = image(80_000);
  server.files.set('/shrunk', { body: image(), cutAfter: 700_000, etag: '"one"' });
  await add('/shrunk', 'shrunk', digestOf(body));
  expect(kept()).toBeGreaterThan(body.length);
  server.files.set('/shrunk', { body, etag: '"one"' });
  expect(await add('/shrunk', 'shrunk', digestOf(body))).toMatchObject({ exit: 0 });
  expect(stored('shrunk')).toBe(digestOf(body));
});

test('of a file with another digest nothing is kept, and nothing is added', async () => {
  server.files.set('/wrong', { body: image() });
  const ended = await add('/wrong', 'wrong', digestOf(image()));
  expect(ended).toMatchObject({ exit: 1, stderr: expect.stringContaining('MLN_WRONG_DIGEST') as unknown });
  expect(hidden()).toEqual([]);
  expect(existsSync(join(cli.templates, 'wrong'))).toBe(false);
});

test('an image without a filesystem is not added', async () => {
  const body = Buffer.from('nothing');
  server.files.set('/nothing', { body });
  const ended = await add('/nothing', 'nothing', digestOf(body));
  expect(ended.stderr).toContain(`error[MLN_NO_FILESYSTEM]: no plug-in reads a filesystem in ${server.url}/nothing`);
  expect(existsSync(join(cli.templates, 'nothing'))).toBe(false);
  expect(kept()).toBe(7);
  // It was wanted, and is all there: it is not downloaded again.
  server.requests();
  await add('/nothing', 'nothing', digestOf(body));
  expect(server.requests()).toEqual([]);
});

test('a download that stopped is pruned after a day', async () => {
  const [old] = hidden();
  expect((await mln('template', 'prune')).exit).toBe(0);
  expect(hidden()).toEqual([old]);
  utimesSync(join(cli.templates, old ?? '', 'data'), 0, 0);
  expect((await mln('template', 'prune', '--dry-run')).stdout).toBe('1 unfinished download\n');
  expect(hidden()).toEqual([old]);
  const { stdout } = await mln('template', 'prune', '--json', '-y', '--keep', '100');
  expect(JSON.parse(stdout)).toEqual({
    apiVersion: 'mln/v1',
    kind: 'TemplatePruning',
    dryRun: false,
    items: [],
    downloads: 1,
    freed: expect.any(Number) as unknown,
  });
  expect(hidden()).toEqual([]);
});

test('redirects are followed by https alone', async () => {
  const body = image();
  server.files.set('/end', { body });
  server.files.set('/one', '/two');
  server.files.set('/two', `${server.url}/end`);
  server.files.set('/plain', `http://127.0.0.1:1/end`);
  server.files.set('/round', '/round');
  expect(await add('/one', 'redirected', digestOf(body))).toMatchObject({ exit: 0 });
  expect(stored('redirected')).toBe(digestOf(body));
  expect((await add('/plain', 'plain', digestOf(body))).stderr).toContain(
    'is redirected to http://127.0.0.1:1/end, which is not https',
  );
  expect((await add('/round', 'round', digestOf(body))).stderr).toContain('is redirected more than 10 times');
  expect(hidden()).toEqual([]);
});

test('what the command line does not say rightly', async () => {
  const url = `${server.url}/x`;
  const sha256 = 'a'.repeat(64);
  for (const [args, exit, said] of [
    [[url], 64, 'what is downloaded needs a digest'],
    [[url, '--index', 'SHA256SUMS'], 64, 'with the key that it is signed by'],
    [[url, '--key', 'key.asc'], 64, 'with the key that it is signed by'],
    [[url, '--sha256', 'abc'], 64, '64 hexadecimal digits'],
    [[url, '--sha256', sha256, '--index', 'x', '--key', 'y'], 64, 'not from both'],
    [['http://127.0.0.1:1/x', '--sha256', sha256], 1, 'is not an https address'],
    [[url, '--sha256', sha256], 1, 'the server answered 404'],
    [[], 64, 'which image?'],
    [['file', '--from', 'a.b'], 64, 'from one place'],
    [['--from', 'a.b', '--sha256', sha256], 64, '--sha256 says nothing'],
  ] as const) {
    const ended = await mln('template', 'add', ...args);
    expect(ended.stderr).toContain(said);
    expect(ended.exit).toBe(exit);
  }
  expect(server.requests()).toHaveLength(1);
  expect(hidden()).toEqual([]);
});

test('a server whose certificate nobody trusts, or that is not there', async () => {
  const body = image();
  server.files.set('/x', { body });
  const args = ['--name', 'x', '--sha256', digestOf(body)];
  const untrusted = await cli.run(['template', 'add', `${server.url}/x`, ...args]);
  expect(untrusted).toMatchObject({ exit: 1, stderr: expect.stringContaining('NODE_EXTRA_CA_CERTS') as unknown });
  expect(server.requests()).toEqual([]);
  const none = await mln('template', 'add', 'https://127.0.0.1:1/x', ...args);
  expect(none.stderr).toContain('https://127.0.0.1:1/x cannot be downloaded: nothing listens there');
});

test('a server that says nothing is given up', async () => {
  const silent = createServer();
  const sockets: Socket[] = [];
  silent.on('connection', (socket) => sockets.push(socket));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}/x`;
  await expect(withFetch((get) => get(url), 100)).rejects.toMatchObject({
    code: 'MLN_DOWNLOAD_FAILED',
    message: `${url} cannot be downloaded: the server cannot be reached`,
  });
  expect(sockets).toHaveLength(1);
  for (const socket of sockets) socket.destroy();
  silent.close();
});

test('the proxy of the environment is used', async () => {
  const asked: string[] = [];
  const proxy = createServer((socket) => {
    socket.once('data', (data) => {
      asked.push(String(data).split('\r\n')[0] ?? '');
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const args = ['template', 'add', 'https://images.example.org/x', '--name', 'x', '--sha256', 'a'.repeat(64)];
  expect(await cli.run(args, { HTTPS_PROXY, NO_PROXY: '' })).toMatchObject({ exit: 1 });
  expect(asked).toEqual(['CONNECT images.example.org:443 HTTP/1.1']);
  proxy.close();
});

test('the digest comes from a signed index beside the image', async () => {
  const cases = join(import.meta.dirname, 'index-cases');
  server.files.set('/images/image.ext4', { body: Buffer.from('template\n') });
  for (const name of ['SHA256SUMS', 'SHA256SUMS.gpg'])
    server.files.set(`/images/${name}`, { body: readFileSync(join(cases, name)) });
  copyFileSync(join(cases, 'publisher.asc'), join(cli.folder, 'publisher.asc'));
  const [url, index] = [`${server.url}/images/image.ext4`, `${server.url}/images/SHA256SUMS`];
  const args = [url, '--index', index, '--key', 'publisher.asc', '--name', 'signed'];
  expect(await mln('template', 'add', ...args)).toMatchObject({ exit: 0 });
  expect(stored('signed')).toBe(digestOf(Buffer.from('template\n')));
  server.files.set('/images/SHA256SUMS', { body: Buffer.from('changed\n') });
  expect((await mln('template', 'add', ...args)).stderr).toContain('MLN_BAD_SIGNATURE');
});
