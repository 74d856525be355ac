/*
 * Measures mln beside what it is compared with, in turns in one run, and prints medians and their ratio: machines are
 * shared and noisy, a single time says little. `npm run bench -- build` runs only the benchmarks whose name has "build".
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensurePrograms, forGuests, root } from '../../scripts/setup.js';

ensurePrograms(forGuests);
ensureBuilt();
const folder = mkdtempSync(join(tmpdir(), 'mln-bench-'));
const environment = {
  ...process.env,
  MLN_PROJECTS: join(folder, 'projects'),
  MLN_TEMPLATES: join(folder, 'templates'),
};
const mln = ['node', join(root, 'bin/mln.js'), '--config', join(root, 'mln.config.json')];
const template = join(folder, 'templates/tiny/1.0/image');

/** Runs a command to its end; gives seconds. */
function time(command, { input = '' } = {}) {
  const begun = process.hrtime.bigint();
  const { status, stderr } = spawnSync(command[0], command.slice(1), {
    env: environment,
    cwd: folder,
    encoding: 'utf8',
    input,
  });
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  if (status !== 0) throw new Error(`${command.join(' ').slice(0, 200)} ended with ${status}: ${stderr.slice(-1500)}`);
  return seconds;
}

function median(numbers) {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)];
}

/** Runs two things in turns, and prints how one compares with the other. */
function compare({ name, ours, theirs, bound, runs = 5, between = () => undefined }) {
  const wanted = process.argv.slice(2);
  if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) return;
  const times = { ours: [], theirs: [] };
  for (let run = 0; run <= runs; run += 1)
    for (const [who, act] of [
      ['ours', ours],
      ['theirs', theirs],
    ]) {
      const seconds = act(run);
      between(run);
      // The first turn fills caches.
      if (run > 0) times[who].push(seconds);
    }
  const ratio = median(times.ours.map((seconds, run) => seconds / times.theirs[run]));
  const figures = `${median(times.ours).toFixed(3)} s beside ${median(times.theirs).toFixed(3)} s`;
  console.log(
    `${ratio <= bound ? '✓' : '✗'} ${name}: ${ratio.toFixed(2)} times (at most ${bound}); ${figures}, median of ${runs}`,
  );
}

function many(name, count, extra = '') {
  const hosts = Array.from(
    { length: count },
    (_, index) =>
      `host g${index + 1} { superclass all; network eth0 { switch lan; address 10.1.${Math.floor(index / 200)}.${(index % 200) + 1}/16 } }`,
  );
  const file = join(folder, `${name}.mln`);
  writeFileSync(
    file,
    `global { project ${name} }\nsuperclass all { memory 64M; ${extra} }\n${hosts.join('\n')}\nswitch lan { }\n`,
  );
  return file;
}

/** The same guests by the tools themselves, one after the other as one would write it in a shell. */
function bareBuild(count) {
  const script = `set -e
rm -rf bare; mkdir bare
for i in $(seq ${count}); do
  cp --sparse=always ${template} bare/$i.img
  mkdir bare/$i
  echo g$i >bare/$i/hostname
  for j in $(seq ${count}); do echo 10.1.0.$j g$j; done >bare/$i/hosts
  printf 'auto lo\\niface lo inet loopback\\n\\nauto eth0\\niface eth0 inet static\\n address 10.1.0.%s\\n netmask 255.255.0.0\\n' $i >bare/$i/interfaces
  printf '#!/bin/sh\\necho ready >/dev/console\\n' >bare/$i/boot
  printf '/dev/ubda / auto defaults 0 1\\n' >bare/$i/fstab
  {
    echo 'cd /etc'
    for f in hostname hosts fstab; do
      [ $f != hosts ] || echo rm hosts
      echo "write bare/$i/$f $f"; echo "sif $f mode 0100644"; echo "sif $f uid 0"; echo "sif $f gid 0"
    done
    echo 'cd network'; echo 'rm interfaces'; echo "write bare/$i/interfaces interfaces"; echo 'sif interfaces mode 0100644'; echo 'sif interfaces uid 0'; echo 'sif interfaces gid 0'
    echo 'cd /etc'; echo 'mkdir mln'; echo 'cd mln'; echo "write bare/$i/boot boot"; echo 'sif boot mode 0100755'; echo 'sif boot uid 0'; echo 'sif boot gid 0'
  } >bare/$i/commands
  debugfs -w -f bare/$i/commands bare/$i.img >/dev/null 2>&1
  e2fsck -fn bare/$i.img >/dev/null 2>&1
done`;
  return time(['sh', '-c', script]);
}

/** Starts built guests by the lines that their scripts run, and waits for the mark on each console. */
function bareStart(count) {
  const projects = environment.MLN_PROJECTS;
  const lines = Array.from({ length: count }, (_, index) => {
    const host = `g${index + 1}`;
    const words = /^set -- ([^]*?)\nif /m
      .exec(readFileSync(join(projects, 'start', host, 'start'), 'utf8'))[1]
      .replaceAll('\\\n', ' ');
    return `cd ${projects}/start/${host}; rm -rf run; [ -p console.in ] || mkfifo console.in; setsid ${words} <>console.in >console.log 2>&1 & echo $! >${projects}/start/${host}/pid`;
  });
  const script = `${projects}/start/lan/start
${lines.join('\n')}
tries=0
while [ "$(grep -l 'is ready' ${projects}/start/g*/console.log | wc -l)" -lt ${count} ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 2000 ] || exit 1
  sleep 0.1
done`;
  return time(['sh', '-c', script]);
}

try {
  time([...mln, 'template', 'build', 'tiny']);
  const node = () => time(['node', '-e', '0']);

  compare({
    name: 'mln --version beside node -e 0',
    bound: 1.5,
    runs: 21,
    ours: () => time([mln[0], mln[1], '--version']),
    theirs: node,
  });

  const fifty = many('build', 50);
  compare({
    name: 'build of 50 guests beside bare cp, debugfs, e2fsck',
    bound: 1.5,
    ours: () => time([...mln, 'build', '-r', '-f', fifty]),
    theirs: () => bareBuild(50),
  });

  const stop = (project) => time([...mln, 'stop', '-p', project, '-w', '20']);
  const twenty = many('start', 20);
  time([...mln, 'build', '-f', twenty]);
  compare({
    name: 'start of 20 guests, to the last one ready, beside bare linux.uml lines',
    bound: 1.1,
    runs: 3,
    ours: () => time([...mln, 'start', '-p', 'start', '--wait', '200']),
    theirs: () => bareStart(20),
    between: () => stop('start'),
  });

  if (process.argv.length === 2 || process.argv.some((word) => word === 'status')) {
    const running = many('run', 50);
    time([...mln, 'build', '-f', running]);
    time([...mln, 'start', '-p', 'run', '--wait', '300']);
    try {
      compare({
        name: 'status of 50 running guests beside node -e 0',
        bound: 4,
        runs: 15,
        ours: () => time([...mln, 'status', '-p', 'run']),
        theirs: node,
      });
    } finally {
      stop('run');
    }
  }
} finally {
  // Whatever went wrong, no guest goes on.
  spawnSync(mln[0], [...mln.slice(1), 'stop', '-a', '-w', '0'], { env: environment });
  rmSync(folder, { recursive: true, force: true });
}
