/* What goes to a daemon: a template of 1 GiB beside a bare HTTPS stream, one with holes, and what a cut makes travel twice. */
import { spawn } from 'node:child_process';
import { createHash, createPublicKey, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  createReadStream,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { request } from 'node:https';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { folder, isWanted, median, mln, tell } from './measure.js';

const MiB = 1024 * 1024;
const SIZE = 1024 * MiB;
const RUNS = 3;
const wanted = {
  full: '1 GiB template to a daemon, as fast as a bare HTTPS stream with SHA-256 into a file',
  sparse: '1 GiB template, seven eighths of it holes, as fast as that stream',
  cut: '1 GiB template, its transfer cut in the middle: what travels twice',
};

export async function benchTransfers() {
  if (!Object.values(wanted).some(isWanted)) return;
  const lab = await openLab(join(folder, 'transfer'));
  try {
    const full = lab.image('full', SIZE);
    if (isWanted(wanted.full)) {
      const times = await turns({
        ours: () => lab.send(full),
        written: () => lab.bare(full, '/written'),
        bare: () => lab.bare(full, '/digested'),
      });
      const beside = median(times.bare.map((seconds, run) => seconds / times.ours[run]));
      tellSpeed(wanted.full, times, `; ${beside.toFixed(2)} times as fast as one that keeps nothing`);
    }
    if (isWanted(wanted.sparse)) {
      const sparse = lab.image('sparse', SIZE / 8);
      const times = await turns({ ours: () => lab.send(sparse), written: () => lab.bare(sparse, '/written') });
      tellSpeed(wanted.sparse, times, '');
    }
    if (isWanted(wanted.cut)) {
      const plain = await lab.travelled(full, Infinity);
      const cut = await lab.travelled(full, SIZE / 2);
      // What TLS adds is in both.
      tell(wanted.cut, (cut - plain) / MiB, {
        bound: 4.1,
        unit: 'MiB',
        more: `; ${(plain / MiB).toFixed(1)} MiB without`,
      });
    }
  } finally {
    lab.close();
  }
}

/** Does several things in turns; gives the seconds of each. */
async function turns(things) {
  const times = Object.fromEntries(Object.keys(things).map((name) => [name, []]));
  for (let run = 0; run <= RUNS; run += 1)
    for (const [name, act] of Object.entries(things)) {
      const seconds = await act();
      // The first turn fills caches.
      if (run > 0) times[name].push(seconds);
    }
  return times;
}

function tellSpeed(name, { ours, written }, more) {
  const ratio = median(written.map((seconds, run) => seconds / ours[run]));
  const figures = `; ${median(ours).toFixed(2)} s beside ${median(written).toFixed(2)} s, median of ${RUNS}`;
  tell(name, ratio, { bound: 0.7, unit: 'times', more: figures + more, atLeast: true });
}

/** A daemon and a bare server, with certificates of one fleet, and what sends to them. */
async function openLab(place) {
  const core = await import('@mln/core');
  const { certify, makeAuthority, makeKey } = await compiled('tls/certificates.js');
  const { createClient } = await compiled('client/client.js');
  const { sendFiles } = await compiled('transfer/pack.js');
  const authority = await makeAuthority('bench');
  const identity = async (name, kind) => {
    const to = join(place, name);
    const key = makeKey();
    const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
    mkdirSync(to, { recursive: true });
    writeFileSync(
      join(to, 'self.pem'),
      await certify(authority, spki, { name, kind, days: 1, addresses: ['127.0.0.1'] }),
    );
    writeFileSync(join(to, 'ca.pem'), authority.certificate);
    writeFileSync(join(to, 'self.key'), key, { mode: 0o600 });
    return to;
  };
  const [there, user] = [await identity('there', 'server'), await identity('alice', 'user')];
  writeFileSync(join(there, 'roles.yaml'), 'roles:\n  - name: all\n    principals: ["user:*"]\n    verbs: all\n');
  const state = join(place, 'state');
  const port = await freePort();
  const daemon = await startDaemon(place, {
    listen: [`127.0.0.1:${port}`],
    fleet: there,
    state,
    socket: join(place, 'socket'),
  });
  const bareServer = spawn(
    process.execPath,
    [join(import.meta.dirname, 'bare-stream.js'), there, join(place, 'bare')],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const barePort = Number((await once(createInterface(bareServer.stdout), 'line'))[0]);
  const folders = {
    projects: join(place, 'projects'),
    templates: join(place, 'templates'),
    files: join(place, 'files'),
  };
  const configuration = { plugins: [], template: 'tiny', serviceHost: null, stopWait: 60, folders, origins: {} };
  const shell = () => Promise.reject(new Error('no program is run here'));
  const kernel = await core.createMln({ core, shell, folders, configuration, plugins: [] });
  const packed = ({ path, blob }) => ({
    package: {
      project: { name: 'bench' },
      entries: [],
      templates: [{ name: 'image', version: '1.0', blob, message: null }],
    },
    files: new Map([[blob.sha256, path]]),
  });
  const sendTo = async (to, image) => {
    const client = createClient(kernel, { fleet: user, servers: { there: `127.0.0.1:${to}` } });
    const begun = performance.now();
    await sendFiles(client, 'there', packed(image));
    const seconds = (performance.now() - begun) / 1000;
    // All of it is on the disk before the next turn, and is then taken away.
    await sendFiles(client, 'there', packed(image));
    client.close();
    rmSync(join(state, 'blobs', image.blob.sha256));
    return seconds;
  };
  return {
    /** An image of which so much, spread over it, is no hole. */
    image(name, data) {
      const path = join(place, name);
      const file = openSync(path, 'w');
      for (let at = 0; at < SIZE; at += (SIZE / data) * MiB) writeSync(file, randomBytes(MiB), 0, MiB, at);
      ftruncateSync(file, SIZE);
      closeSync(file);
      return { path, blob: { sha256: createHash('sha256').update(readFileSync(path)).digest('hex'), size: SIZE } };
    },
    send: (image) => sendTo(port, image),
    async bare({ path, blob }, where) {
      const [cert, key, ca] = ['self.pem', 'self.key', 'ca.pem'].map((name) => readFileSync(join(user, name)));
      const options = { host: '127.0.0.1', port: barePort, path: where, method: 'PUT', cert, key, ca };
      const begun = performance.now();
      const put = request({ ...options, checkServerIdentity: () => undefined, headers: { 'content-length': SIZE } });
      const answered = once(put, 'response');
      await pipeline(createReadStream(path, { highWaterMark: MiB }), put);
      const [response] = await answered;
      const said = (await response.toArray()).join('');
      if (said !== blob.sha256) throw new Error(`the bare server digested something else: ${said}`);
      return (performance.now() - begun) / 1000;
    },
    /** Bytes that go to the daemon in all, where the connections are cut once after so many. */
    async travelled(image, cutAfter) {
      let [bytes, left] = [0, cutAfter];
      const pairs = new Set();
      const proxy = createServer((near) => {
        const far = connect(port, '127.0.0.1');
        const pair = [near, far];
        pairs.add(pair);
        for (const each of pair) each.on('error', () => undefined).on('close', () => pairs.delete(pair));
        near.on('data', (chunk) => {
          bytes += chunk.length;
          if (bytes < left) return;
          left = Infinity;
          for (const each of [...pairs].flat()) each.destroy();
        });
        near.pipe(far).pipe(near);
      });
      await once(proxy.listen(0, '127.0.0.1'), 'listening');
      await sendTo(proxy.address().port, image);
      proxy.close();
      return bytes;
    },
    close() {
      daemon.kill();
      bareServer.kill();
    },
  };
}

function compiled(path) {
  return import(`../../plugins/daemon/build/${path}`);
}

async function freePort() {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** `mln daemon`, once it answers. */
async function startDaemon(place, options) {
  const file = join(place, 'mln.config.json');
  const plugins = ['@mln/plugin-ext', '@mln/plugin-linux', ['@mln/plugin-daemon', options]];
  writeFileSync(file, JSON.stringify({ service_host: 'there', plugins }));
  const [program, script] = mln;
  const daemon = spawn(program, [script, '--config', file, 'daemon'], {
    env: { ...process.env, MLN_PROJECTS: join(place, 'there/projects'), MLN_TEMPLATES: join(place, 'there/templates') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = [];
  for await (const line of createInterface(daemon.stderr)) {
    said.push(line);
    if (line.includes('"ready"')) {
      daemon.stderr.resume();
      return daemon;
    }
  }
  throw new Error(`the daemon did not begin: ${said.join('\n')}`);
}
