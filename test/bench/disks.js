/* Disks: a thousand that stand on a Debian template, and a single large one, beside the bare tools. */
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compare, environment, folder, isWanted, median, mln, tell, time } from './measure.js';

const KiB = 1024;
const wanted = {
  thousand: '1,000 copy-on-write guests of a Debian template, built',
  whole: 'one whole copy of a 1 GiB template beside bare cp, debugfs, e2fsck, sync',
  wholes: 'a whole copy of that template beside the same, each of 10 built at once',
  shared: 'a copy-on-write disk of that template beside the same, each of 100 built at once',
};

/** Hosts with a name, an address, a password and a startup text of their own. */
function project(name, count, template, more = '') {
  const file = join(folder, `${name}.mln`);
  const hosts = Array.from({ length: count }, (_, index) => {
    const address = `10.1.${Math.floor(index / 200)}.${(index % 200) + 1}/16`;
    return `host g${index + 1} { superclass all; $key = k${index}; network eth0 { switch lan; address ${address} } }`;
  });
  const all = `superclass all { template ${template}; memory 64M; root_password crypt:$key; startup { echo $key } ${more} }`;
  writeFileSync(file, `global { project ${name} }\n${all}\n${hosts.join('\n')}\nswitch lan { }\n`);
  return file;
}

/** KiB that a project's disks take, each. */
function roomOf(name) {
  const place = join(environment.MLN_PROJECTS, name);
  const disks = readdirSync(place)
    .filter((name) => /^g\d+$/.test(name))
    .map((host) => (statSync(join(place, host, 'root.img')).blocks * 512) / KiB);
  return disks.reduce((sum, each) => sum + each, 0) / disks.length;
}

const remove = (name) => time([...mln, 'remove', '-p', name, '-y']);

function benchThousand() {
  if (!isWanted(wanted.thousand)) return;
  const [few, many] = [100, 1000];
  const times = { few: [], many: [] };
  let room = 0;
  for (let run = 0; run <= 3; run += 1)
    for (const [which, count] of [
      ['few', few],
      ['many', many],
    ]) {
      const name = `disks${count}run${run}`;
      const seconds = time([...mln, 'build', '-f', project(name, count, 'debian')]);
      if (run > 0) times[which].push(seconds);
      if (count === many) room = roomOf(name);
      remove(name);
    }
  const [short, long] = [median(times.few), median(times.many)];
  const figures = `; median of 3, of ${few}: ${short.toFixed(2)} s`;
  tell(wanted.thousand, long, { bound: 10, unit: 's', more: figures });
  tell('room of such a disk', room, { bound: 100, unit: 'KiB' });
  tell(`growth from ${few} to ${many}, beside linear growth`, long / short / (many / few), { bound: 1, unit: 'times' });
}

/** A template of 1 GiB with about 300 MB in it: that of Debian, and one file. */
function largeTemplate() {
  const image = join(folder, 'large.img');
  cpSync(join(environment.MLN_TEMPLATES, 'debian/1.0/image'), image);
  execFileSync('chmod', ['600', image]);
  execFileSync('sh', [
    '-euc',
    `PATH=$PATH:/usr/sbin:/sbin
truncate -s 1G ${image}
e2fsck -fp ${image} >/dev/null
resize2fs ${image} >/dev/null 2>&1
used=$(du -sk ${image} | cut -f 1)
head -c $(((300000 - used) * 1000)) /dev/urandom >${folder}/data
debugfs -w -R 'write ${folder}/data data' ${image} >/dev/null 2>&1
e2fsck -fn ${image} >/dev/null 2>&1`,
  ]);
  time([...mln, 'template', 'add', image, '--name', 'large']);
  rmSync(image);
}

/** What one would type for one guest. */
const bare = `set -e
PATH=$PATH:/usr/sbin:/sbin
rm -rf bare; mkdir bare
cp --sparse=always ${join(folder, 'templates/large/1.0/image')} bare/root.img
chmod 600 bare/root.img
echo g1 >bare/hostname
echo '10.1.0.1 g1' >bare/hosts
printf 'auto lo\\niface lo inet loopback\\n\\nauto eth0\\niface eth0 inet static\\n address 10.1.0.1\\n netmask 255.255.0.0\\n' >bare/interfaces
{
  for f in hostname hosts; do echo 'cd /etc'; echo "rm $f"; echo "write bare/$f $f"; echo "sif $f mode 0100644"; done
  echo 'cd /etc/network'; echo 'rm interfaces'; echo 'write bare/interfaces interfaces'; echo 'sif interfaces mode 0100644'
} >bare/commands
debugfs -w -f bare/commands bare/root.img >/dev/null 2>&1
e2fsck -fn bare/root.img >/dev/null 2>&1
sync -f bare`;

function benchLarge() {
  if (![wanted.whole, wanted.wholes, wanted.shared].some(isWanted)) return;
  largeTemplate();
  const theirs = () => time(['sh', '-c', bare]);
  for (const [name, bound, count, more] of [
    ['whole', 1.3, 1, 'cow_filesystem no'],
    ['wholes', 1.3, 10, 'cow_filesystem no'],
    ['shared', 0.1, 100, ''],
  ]) {
    const file = project(name, count, 'large', more);
    const ours = () => time([...mln, 'build', '-r', '-f', file]) / count;
    compare({ name: wanted[name], bound, ours, theirs });
  }
}

/** Benchmarks of disks. */
export function benchDisks() {
  if (!Object.values(wanted).some(isWanted)) return;
  time([...mln, 'template', 'build', 'debian']);
  benchThousand();
  benchLarge();
}
