/* Fleets: a status of 50 servers beside clush and pssh, 500 guests on 10 servers, and what a daemon needs. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensurePrograms, forFleets, isProgram } from '../../scripts/setup.js';
import { openFleet, openShells, residentMemory, timed } from './fleet-lab.js';
import { folder, isWanted, median, tell } from './measure.js';

const MiB = 1024 * 1024;
const SERVERS = 50;
const RUNS = 5;
const wanted = {
  cold: 'fleet: daemon-status of 50 servers, as fast as clush',
  watch: 'fleet: the second round of daemon-status --watch, as fast as clush',
  start: 'fleet: 500 guests on 10 servers started, beside 50',
  show: 'fleet: 500 guests on 10 servers shown, beside 50',
  memory: 'fleet: memory of a daemon',
  growth: 'fleet: memory of a daemon behind 10,000 requests more',
};

export async function benchFleet() {
  const isAsked = (...names) => names.some((name) => isWanted(wanted[name]));
  if (!isAsked(...Object.keys(wanted))) return;
  const fans = isAsked('cold', 'watch');
  const fleet = await openFleet(join(folder, 'fleet'), fans ? SERVERS : 10);
  try {
    if (isAsked('memory', 'growth')) await benchMemory(fleet);
    if (fans) await benchFan(fleet);
    if (isAsked('start', 'show')) await benchGuests(fleet);
  } finally {
    await fleet.close();
  }
}

/** What a person would look at: the least that can be asked of a shell. */
const LOOK = 'cat /proc/loadavg';

async function benchFan({ command, addresses }) {
  const reason = whyNoShells();
  if (reason !== null) {
    console.log(`- ${wanted.cold}: not measured, ${reason}`);
    return;
  }
  const shells = await openShells(join(folder, 'shells'), addresses);
  const list = addresses.join(',');
  const ways = {
    ours: () => timed([...command, 'daemon-status']),
    clush: () => timed(['clush', '-S', '-w', list, '-f', String(SERVERS), '-o', shells.options.join(' '), LOOK]),
    pssh: () =>
      timed(['parallel-ssh', '-p', String(SERVERS), ...hosts(addresses), ...sshOptions(shells.options), LOOK]),
    round: () => secondRound([...command, 'daemon-status', '--watch', String(PAUSE), '--json']),
  };
  const times = { ours: [], clush: [], pssh: [], round: [] };
  try {
    for (let run = 0; run <= RUNS; run += 1)
      for (const [who, act] of Object.entries(ways)) {
        const seconds = await act();
        // The first turn fills caches.
        if (run > 0) times[who].push(seconds);
      }
  } finally {
    await shells.close();
  }
  for (const [name, ours] of [
    [wanted.cold, times.ours],
    [wanted.watch, times.round],
  ]) {
    const ratio = (theirs) => median(theirs.map((seconds, run) => seconds / ours[run]));
    const more =
      `; ${median(ours).toFixed(3)} s beside ${median(times.clush).toFixed(3)} s, median of ${RUNS}` +
      `; ${ratio(times.pssh).toFixed(1)} times as fast as pssh (${median(times.pssh).toFixed(3)} s)`;
    tell(name, ratio(times.clush), { bound: 5, unit: 'times', more, atLeast: true });
  }
}

function hosts(addresses) {
  return addresses.flatMap((address) => ['-H', address]);
}

function sshOptions(options) {
  return options.filter((each) => each !== '-o').flatMap((each) => ['-O', each]);
}

/** Where a machine runs services an sshd that is installed is begun there, too: nobody has asked for that. */
function whyNoShells() {
  const missing = Object.keys(forFleets).filter((program) => !isProgram(program));
  if (missing.length === 0) return null;
  if (process.getuid() !== 0 || existsSync('/run/systemd/system'))
    return `as these programs are missing: ${missing.join(', ')}`;
  ensurePrograms(forFleets);
  return null;
}

/** Seconds between two rounds. */
const PAUSE = 0.1;

/** Seconds that the second round of a watch takes, in which connections are used again. */
async function secondRound([program, ...args]) {
  const watching = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ends = [];
  for await (const line of createInterface(watching.stdout)) {
    // A document of JSON ends with a brace at the beginning of a line.
    if (line === '}') ends.push(performance.now());
    if (ends.length === 2) break;
  }
  watching.kill();
  if (ends.length < 2) throw new Error('daemon-status has ended');
  return (ends[1] - ends[0]) / 1000 - PAUSE;
}

/** Guests that are files, as many on each of 10 servers. */
async function benchGuests({ command, names }) {
  const servers = names.slice(0, 10);
  const times = {};
  for (const count of [50, 500]) {
    const name = `guests${count}`;
    const file = join(folder, `${name}.mln`);
    const blocks = Array.from(
      { length: count },
      (_, index) => `host g${index + 1} { service_host ${servers[index % servers.length]} }\n`,
    );
    writeFileSync(file, `global { project ${name} }\n${blocks.join('')}`);
    await timed([...command, 'build', '-f', file]);
    const start = [];
    const show = [];
    for (let run = 0; run <= RUNS; run += 1) {
      const started = await timed([...command, 'start', '-p', name]);
      const shown = await timed([...command, 'status', '-p', name, '--check']);
      await timed([...command, 'stop', '-p', name]);
      if (run === 0) continue;
      start.push(started);
      show.push(shown);
    }
    await timed([...command, 'remove', '-p', name, '-y']);
    times[count] = { start, show };
  }
  for (const what of ['start', 'show']) {
    const [few, many] = [50, 500].map((count) => median(times[count][what]));
    // Ten times as many take at most ten times as long.
    tell(wanted[what], many / few, {
      bound: 10,
      unit: 'times',
      more: `; ${many.toFixed(2)} s beside ${few.toFixed(2)} s, median of ${RUNS}`,
    });
  }
}

/** A daemon that was asked much is asked as much again: what it needs then it may not need more of. */
async function benchMemory({ names: [name], servers, certificates, pid }) {
  const { createMln } = await import('@mln/core');
  const core = await import('@mln/core');
  const { createClient } = await import('../../plugins/daemon/build/client/client.js');
  const place = join(folder, 'memory');
  mkdirSync(place);
  const folders = { projects: place, templates: place, files: place };
  const configuration = { plugins: [], template: 'tiny', serviceHost: null, stopWait: 60, folders, origins: {} };
  const shell = () => Promise.reject(new Error('no program is run here'));
  const kernel = await createMln({ core, shell, folders, configuration, plugins: [] });
  const client = createClient(kernel, { fleet: certificates, servers: { [name]: servers[name] } });
  const paths = [
    '/v1/server',
    '/v1/status',
    '/v1/projects',
    '/v1/operations',
    '/v1/projects/none/status',
    '/v1/nothing',
  ];
  const ask = async (count) => {
    let left = count;
    const asker = async () => {
      while (left > 0) {
        left -= 1;
        // What is refused counts as well.
        await client.request(name, 'GET', paths[left % paths.length]).catch((error) => {
          if (!['MLN_NO_PROJECT', 'MLN_BAD_REQUEST'].includes(error.code)) throw error;
        });
      }
    };
    await Promise.all(Array.from({ length: 8 }, asker));
    return residentMemory(pid(name)) / MiB;
  };
  /** What it has needed at most: what is not cleared away yet goes up and down. */
  const peak = async () => {
    const found = [];
    while (found.length < 20) found.push(await ask(500));
    return Math.max(...found);
  };
  try {
    const before = await peak();
    const after = await peak();
    tell(wanted.memory, Math.max(before, after), { bound: 100, unit: 'MiB' });
    tell(wanted.growth, after / before, { bound: 1.1, unit: 'times', more: `; ${before.toFixed(1)} MiB before` });
  } finally {
    client.close();
    rmSync(place, { recursive: true });
  }
}
