/* A disk on its way to another server: beside the bare steps that it is made of, and beside programs that do the like. */
import { spawn, spawnSync } from 'node:child_process';
import { createPublicKey, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  createReadStream,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensurePrograms, forFleets } from '../../scripts/setup.js';
import { openShells, timed } from './fleet-lab.js';
import { folder, isWanted, median, tell } from './measure.js';

const MiB = 1024 * 1024;
const SIZE = 1024 * MiB;
/** Bytes that are no holes, in stretches of so many. */
const USED = 300 * MiB;
const STRETCH = 4 * MiB;
/** What a guest changes, in stretches of so many bytes: files that it writes anew. */
const CHANGED = 0.05 * USED;
const CHANGE = 256 * 1024;
const RUNS = 3;
const ADDRESS = '127.0.0.1';

const wanted = {
  first: 'migrate: 1 GiB disk, 300 MiB of it used, beside the slowest of bare read, bare link and bare write',
  second: 'migrate: what travels once 5 % of that have changed, in stretches of 256 KiB',
  others: 'migrate: the same disk, beside rsync -S and gzip over ssh',
};

export async function benchMigrations() {
  if (!Object.values(wanted).some(isWanted)) return;
  ensurePrograms(forFleets);
  const place = join(folder, 'migrate');
  mkdirSync(place, { recursive: true });
  const lab = await openLab(place);
  try {
    const disk = makeDisk(join(place, 'disk'));
    const times = { ours: [], read: [], link: [], write: [] };
    for (let run = 0; run <= RUNS; run += 1) {
      const turn = {
        read: bareRead(disk),
        link: await lab.bareLink(disk),
        write: bareWrite(disk, join(place, 'bare')),
        ours: (await lab.send(disk, `first${run}`)).seconds,
      };
      // The first turn fills caches.
      if (run > 0) for (const [name, seconds] of Object.entries(turn)) times[name].push(seconds);
      if (run < RUNS) rmSync(join(place, `first${run}`), { recursive: true });
    }
    const slowest = ['read', 'link', 'write'].reduce((one, other) =>
      median(times[other]) > median(times[one]) ? other : one,
    );
    const figures = Object.entries(times).map(([name, each]) => `${name} ${median(each).toFixed(2)} s`);
    tell(wanted.first, median(times.ours.map((seconds, run) => seconds / times[slowest][run])), {
      bound: 1.5,
      unit: 'times',
      more: `; ${figures.join(', ')}, median of ${RUNS}`,
    });
    await lab.requireSame(disk, `first${RUNS}`);
    const others = isWanted(wanted.others) ? await besideOthers(place, disk, lab) : null;
    change(disk);
    const again = await lab.send(disk, `first${RUNS}`);
    await lab.requireSame(disk, `first${RUNS}`);
    tell(wanted.second, (100 * again.bytes) / USED, {
      bound: 10,
      unit: '%',
      more: `; ${(again.bytes / MiB).toFixed(1)} MiB in ${again.seconds.toFixed(2)} s`,
    });
    others?.();
  } finally {
    await lab.close();
  }
}

/** Half of what is in it can be packed, as on most disks. */
function makeDisk(path) {
  const file = openSync(path, 'w');
  const count = USED / STRETCH;
  const text = Buffer.alloc(STRETCH / 2, 'a line of a file that a guest has, and many others have\n');
  const at = [];
  for (let index = 0; index < count; index += 1) {
    at.push(Math.floor((index * SIZE) / count / CHANGE) * CHANGE);
    for (let part = 0; part < text.length; part += 4096) randomBytes(16).copy(text, part);
    writeSync(file, Buffer.concat([randomBytes(STRETCH / 2), text]), 0, STRETCH, at[index]);
  }
  ftruncateSync(file, SIZE);
  fdatasyncSync(file);
  closeSync(file);
  return { path, at };
}

function change({ path, at }) {
  const file = openSync(path, 'r+');
  const count = CHANGED / CHANGE;
  for (let index = 0; index < count; index += 1) {
    const stretch = at[Math.floor((index * at.length) / count)];
    writeSync(file, randomBytes(CHANGE), 0, CHANGE, stretch + 3 * 4096);
  }
  fdatasyncSync(file);
  closeSync(file);
}

function seconds(act) {
  const begun = performance.now();
  act();
  return (performance.now() - begun) / 1000;
}

/** What is in the disk, and no holes. */
function bareRead({ path, at }) {
  const buffer = Buffer.alloc(STRETCH);
  return seconds(() => {
    const file = openSync(path, 'r');
    for (const from of at) readSync(file, buffer, 0, STRETCH, from);
    closeSync(file);
  });
}

function bareWrite({ at }, to) {
  const buffer = randomBytes(STRETCH);
  const taken = seconds(() => {
    const file = openSync(to, 'w');
    for (const from of at) writeSync(file, buffer, 0, STRETCH, from);
    ftruncateSync(file, SIZE);
    fdatasyncSync(file);
    closeSync(file);
  });
  rmSync(to);
  return taken;
}

/** A server with certificates of one fleet, and what sends to it. */
async function openLab(place) {
  const { certify, makeAuthority, makeKey } = await compiled('tls/certificates.js');
  const { sendImage } = await compiled('images/send-image.js');
  const authority = await makeAuthority('bench');
  const certificates = join(place, 'certificates');
  const key = makeKey();
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  mkdirSync(certificates);
  const named = { name: 'there', kind: 'server', days: 1, addresses: [ADDRESS] };
  writeFileSync(join(certificates, 'self.pem'), await certify(authority, spki, named));
  writeFileSync(join(certificates, 'ca.pem'), authority.certificate);
  writeFileSync(join(certificates, 'self.key'), key, { mode: 0o600 });
  const server = spawn(process.execPath, [join(import.meta.dirname, 'image-server.js'), certificates, place], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
  const port = Number((await lines.next()).value);
  const [cert, secret, ca] = ['self.pem', 'self.key', 'ca.pem'].map((name) => readFileSync(join(certificates, name)));
  const to = { host: ADDRESS, port, cert, key: secret, ca, checkServerIdentity: () => undefined, agent: false };
  const shell = async (program, args) => {
    const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program} ended with ${status}`);
    return { stdout };
  };
  return {
    /** Until all is on the disk there. */
    async send({ path }, name) {
      const begun = performance.now();
      const upgrade = request({
        ...to,
        path: `/?name=${name}`,
        headers: { connection: 'Upgrade', upgrade: 'mln-images' },
      });
      upgrade.end();
      const [, stream] = await once(upgrade, 'upgrade');
      await sendImage(stream, { path, size: SIZE, record: null }, { shell });
      const taken = (performance.now() - begun) / 1000;
      const { bytes } = JSON.parse((await lines.next()).value);
      return { seconds: taken, bytes };
    },
    async bareLink({ path, at }) {
      const begun = performance.now();
      const put = request({ ...to, path: '/', method: 'PUT', headers: { 'content-length': USED } });
      const answered = once(put, 'response');
      const parts = async function* () {
        for (const start of at) yield* createReadStream(path, { start, end: start + STRETCH - 1, highWaterMark: MiB });
      };
      for await (const part of parts()) if (!put.write(part)) await once(put, 'drain');
      put.end();
      const [response] = await answered;
      await response.toArray();
      return (performance.now() - begun) / 1000;
    },
    async requireSame({ path }, name) {
      await timed(['cmp', path, join(place, name, 'disk')]);
    },
    close: () => {
      server.kill();
    },
  };
}

/** Copies it with other programs, in turns with ours; gives what prints how they compare. */
async function besideOthers(place, { path }, lab) {
  const { options, close } = await openShells(join(place, 'ssh'), [ADDRESS]);
  const copy = join(place, 'copy');
  const ssh = ['ssh', ...options, ADDRESS];
  const times = { ours: [], rsync: [], gzip: [] };
  const timedAnew = async (command) => {
    const taken = await timed(command);
    const [sync] = [await timed(['sync', copy])];
    await timed(['cmp', path, copy]);
    rmSync(copy);
    return taken + sync;
  };
  try {
    for (let run = 0; run < RUNS; run += 1) {
      times.ours.push((await lab.send({ path }, 'beside')).seconds);
      rmSync(join(place, 'beside'), { recursive: true });
      const shell = ['ssh', ...options].join(' ');
      times.rsync.push(await timedAnew(['rsync', '-S', '-e', shell, path, `${ADDRESS}:${copy}`]));
      const unpack = `gunzip | cp --sparse=always /dev/stdin ${copy}`;
      times.gzip.push(await timedAnew(['sh', '-c', `gzip -1 <${path} | "$@"`, 'sh', ...ssh, unpack]));
    }
  } finally {
    await close();
  }
  const figures = Object.entries(times).map(([name, each]) => `${name} ${median(each).toFixed(2)} s`);
  const best = Math.min(median(times.rsync), median(times.gzip));
  return () => {
    tell(wanted.others, median(times.ours) / best, { bound: 1, unit: 'times', more: `; ${figures.join(', ')}` });
  };
}

function compiled(path) {
  return import(`../../plugins/daemon/build/${path}`);
}
