/* Guests: building, starting and watching them, beside the bare tools. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bareNode, compare, environment, folder, isWanted, mln, template, time } from './measure.js';

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

/** Benchmarks of guests. */
export function benchGuests() {
  const fifty = many('build', 50);
  compare({
    name: 'build of 50 guests beside bare cp, debugfs, e2fsck',
    bound: 1.5,
    ours: () => time([...mln, 'build', '-r', '-f', fifty]),
    theirs: () => bareBuild(50),
  });

  const stop = (project) => time([...mln, 'stop', '-p', project, '-w', '20']);
  const starts = 'start of 20 guests, to the last one ready, beside bare linux.uml lines';
  if (isWanted(starts)) time([...mln, 'build', '-f', many('start', 20)]);
  compare({
    name: starts,
    bound: 1.1,
    runs: 3,
    ours: () => time([...mln, 'start', '-p', 'start', '--wait', '200']),
    theirs: () => bareStart(20),
    between: () => stop('start'),
  });

  const status = 'status of 50 running guests beside node -e 0';
  if (!isWanted(status)) return;
  time([...mln, 'build', '-f', many('run', 50)]);
  time([...mln, 'start', '-p', 'run', '--wait', '300']);
  compare({ name: status, bound: 4, runs: 15, ours: () => time([...mln, 'status', '-p', 'run']), theirs: bareNode });
  stop('run');
}
