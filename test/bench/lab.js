/*
 * A lesson on one machine, as an ordinary user: a router and 29 guests of a Debian template on two switches, each with a
 * user and a file of its own, from nothing until every guest has pinged the router; with copy-on-write disks, and with
 * whole copies. Prints seconds, memory and disk of both. Run by `npm run bench:lab`; a number after it is that of guests.
 */
import { register } from 'node:module';
import { ensureBuilt, ensurePrograms, forTests, say } from '../../scripts/setup.js';

ensurePrograms(forTests);
ensureBuilt();
register('./compiled.js', import.meta.url);
const { openLab } = await import('../guests/support.ts');

const count = Number(process.argv[2] ?? 30) - 1;
const MiB = 1024 * 1024;

/** A guest is ready when it has reached the router: readiness is told when its startup text has ended. */
function project(name, more) {
  const hosts = Array.from({ length: count }, (_, index) => {
    const net = index < count / 2 ? 1 : 2;
    const address = `10.7.${net}.${index + 10}/24`;
    return `host pc${index + 1} {
  superclass pc
  $user = student${index + 1}
  network eth0 { switch lan${net}; address ${address}; gateway 10.7.${net}.1 }
}`;
  });
  return `global { project ${name} }
superclass all { template debian; memory 64M; root_password teacher; ${more} }
superclass pc {
  superclass all
  users { $user lesson }
  files { sheet.txt /home/$user/sheet.txt }
  startup {
    until ping -c 1 -W 1 10.7.1.1 >/dev/null 2>&1; do sleep 1; done
  }
}
host router {
  superclass all
  boot_order 1
  network eth0 { switch lan1; address 10.7.1.1/24 }
  network eth1 { switch lan2; address 10.7.2.1/24 }
  startup {
    echo 1 >/proc/sys/net/ipv4/ip_forward
  }
}
${hosts.join('\n')}
switch lan1 { }
switch lan2 { }
`;
}

const lab = await openLab();
const seconds = async (act) => {
  const begun = performance.now();
  await act();
  return (performance.now() - begun) / 1000;
};

async function lesson(name, more) {
  const file = lab.write(`${name}.mln`, project(name, more));
  const build = await seconds(() => lab.ok('build', '-f', file));
  const boot = await seconds(() => lab.ok('start', '-p', name, '--wait', '600'));
  const { items } = JSON.parse(await lab.ok('status', '-p', name, '--json'));
  const hosts = items.filter(({ kind }) => kind === 'host');
  const ready = hosts.filter((host) => host.ready).length;
  if (ready !== count + 1) throw new Error(`only ${ready} of ${count + 1} guests have reached the router`);
  const memory = hosts.reduce((sum, host) => sum + host.memory, 0) / MiB;
  const { stdout } = await lab.run('du', ['-sk', `${lab.projects}/${name}`]);
  const disk = Number.parseInt(stdout, 10) / 1024;
  const stop = await seconds(() => lab.ok('stop', '-p', name, '-w', '120'));
  await lab.ok('remove', '-p', name, '-y');
  return { build, boot, stop, memory, disk };
}

try {
  lab.write('sheet.txt', 'Find the way to the other network.\n');
  say('The template');
  const template = await seconds(() => lab.ok('template', 'build', 'debian'));
  console.log(`made from Debian's packages in ${template.toFixed(1)} s`);
  const rows = [];
  for (const [title, name, more] of [
    ['copy-on-write', 'cow', ''],
    ['whole copies', 'whole', 'cow_filesystem no'],
  ]) {
    say(`${count + 1} guests, ${title}`);
    const figures = await lesson(name, more);
    rows.push([title, figures]);
    const { build, boot, stop, memory, disk } = figures;
    console.log(
      `built ${build.toFixed(1)} s, until all have reached the router ${boot.toFixed(1)} s, stopped ${stop.toFixed(1)} s; ` +
        `memory ${memory.toFixed(0)} MiB, disk ${disk.toFixed(0)} MiB while they ran`,
    );
  }
  const [[, cow], [, whole]] = rows;
  const times = (part) => `${(whole[part] / cow[part]).toFixed(1)} times`;
  console.log(`\nwhole copies beside copy-on-write: build ${times('build')}, disk ${times('disk')}`);
} finally {
  await lab.mln('stop', '-a', '-w', '0');
  await lab.close();
}
