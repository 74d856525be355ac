import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLab, type Lab } from './support.js';

/* What a project says of the inside of its guests, seen from inside a running guest and in the image of a stopped one. */

const project = `
global {
  project lab
  $password = lab-secret
  beforeProjectStart {
    echo "$MLN_PROJECT starts" >hook.log
  }
  afterProjectStop {
    echo "$MLN_PROJECT has stopped" >>hook.log
  }
}
superclass common {
  memory 64M
  root_password $password
  nameserver 10.9.0.53
  groups {
    staff jack jill
  }
  users {
    jack $password
    jill * /srv/jill 2000
  }
}
host gw {
  superclass common
  boot_order 1
  network eth0 {
    switch lan
    address 10.9.0.1/24
    address 10.9.0.254/24
    address fd00:9::1/64
  }
  startup {
    for i in 1 2; do
      echo "startup \${i} of $hostname in $project: it's \\$5; $(id -u)"
    done >/root/started
    printf 'start 10.9.0.100\\nend 10.9.0.110\\ninterface eth0\\noption subnet 255.255.255.0\\nlease_file /run/leases\\n' >/run/udhcpd.conf
    touch /run/leases
    udhcpd /run/udhcpd.conf
    echo hello >/var/www/index.html
    httpd -h /var/www
  }
  shutdown {
    echo down >/root/stopped
  }
}
host web {
  superclass common
  free_space 8M
  swap 8M
  network eth0 {
    switch lan
    address 10.9.0.2/24
    address fd00:9::2/64
    gateway 10.9.0.1
  }
  files {
    site /var/www 
    "odd name.txt" "/etc/odd/a \\"b\\" <12>.txt" 0640
  }
  mount {
    FOLDER/data.img /data ext4
  }
}
host guest {
  memory 64M
  network eth0 { switch lan; address dhcp }
}
switch lan { hub }
`;

let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
  lab.write('site/index.html', 'the site\n');
  lab.write('site/deep/er.txt', 'deep\n');
  lab.write('odd name.txt', 'odd\n');
  const data = join(lab.folder, 'data.img');
  await lab.run('truncate', ['-s', '4M', data]);
  expect(await lab.run('mke2fs', ['-q', '-F', '-t', 'ext4', data])).toMatchObject({ code: 0 });
  const file = lab.write('lab.mln', project.replace('FOLDER', lab.folder));
  await lab.ok('build', '-f', file);
  await lab.ok('start', '-p', 'lab', '--wait', '60');
}, 120_000);
afterAll(async () => {
  await lab.close();
});

/** A password is set: the console asks for it. */
async function login(host: string): Promise<void> {
  for (const [prompt, answer] of [
    ['login: ', 'root'],
    ['Password: ', 'lab-secret'],
  ] as const) {
    await lab.prompted('lab', host, prompt);
    await lab.run('sh', ['-c', 'echo "$1" >console.in', 'sh', answer], { cwd: join(lab.projects, 'lab', host) });
  }
}

test('inside: root logs in with the password of the project', async () => {
  await login('gw');
  expect(await lab.type('lab', 'gw', 'id -un')).toContain('root');
  await login('web');
  expect(await lab.type('lab', 'web', 'hostname')).toContain('web');
}, 60_000);

test('inside: addresses, gateway, resolver, hosts', async () => {
  const gw = await lab.type('lab', 'gw', 'ip addr show eth0');
  for (const address of ['10.9.0.1/24', '10.9.0.254/24', 'fd00:9::1/64']) expect(gw).toContain(address);
  expect(await lab.type('lab', 'web', 'ip route')).toContain('default via 10.9.0.1 dev eth0');
  expect(await lab.type('lab', 'web', 'cat /etc/resolv.conf')).toContain('nameserver 10.9.0.53');
  expect(await lab.type('lab', 'web', 'ping -c 1 -w 10 gw')).toContain('1 packets received');
  expect(await lab.type('lab', 'web', 'ping6 -c 1 -w 20 fd00:9::1')).toContain('1 packets received');
}, 60_000);

test('inside: users, groups and their homes', async () => {
  const users = await lab.type('lab', 'web', 'id jack; id jill; ls -ld /home/jack /srv/jill; ls -A /home/jack');
  expect(users).toMatch(/uid=1000\(jack\)/);
  expect(users).toMatch(/uid=2000\(jill\)/);
  expect(users.match(/\(staff\)/g)).toHaveLength(2);
  expect(users).toMatch(/drwx------ +2 jack +jack/);
  expect(users).toContain('.profile');
}, 60_000);

test('inside: startup text ran as it was written, swap and disks are there', async () => {
  const started = await lab.type('lab', 'gw', 'cat /root/started');
  expect(started).toBe("startup 1 of gw in lab: it's $5; 0\nstartup 2 of gw in lab: it's $5; 0\n");
  expect(await lab.type('lab', 'web', 'cat /proc/swaps')).toContain('/dev/ubdb');
  expect(await lab.type('lab', 'web', 'grep /data /proc/mounts')).toContain('/dev/ubdc /data ext4');
  expect(await lab.type('lab', 'web', 'wget -q -O - http://gw/')).toContain('hello');
}, 60_000);

test('inside: files and trees are copied with their modes', async () => {
  const files = await lab.type('lab', 'web', 'cat /var/www/index.html /var/www/deep/er.txt; ls -l /etc/odd');
  expect(files).toContain('the site\ndeep\n');
  expect(files).toMatch(/-rw-r----- .* a "b" <12>\.txt/);
}, 60_000);

test('inside: a host without a password of its own gets its address by dhcp', async () => {
  expect(await lab.type('lab', 'guest', 'ip addr show eth0')).toMatch(/inet 10\.9\.0\.1\d\d\/24/);
}, 60_000);

test('the log is shown, and a console is joined and left', async () => {
  expect(await lab.ok('log', 'gw')).toContain('mln: gw.lab is ready');
  const { code, stdout } = await lab.run('sh', [
    '-c',
    `(sleep 1; echo hostname; sleep 2) | "$0" "$@"`,
    process.execPath,
    lab.program,
    'console',
    'guest.lab',
  ]);
  expect(code).toBe(0);
  expect(stdout).toContain('guest');
}, 60_000);

test('stopped: hook blocks and the shutdown text ran, and the image holds it all', async () => {
  await lab.ok('stop', '-p', 'lab');
  expect(lab.processes()).toEqual([]);
  const { stdout: hooks } = await lab.run('cat', [join(lab.projects, 'lab/hook.log')]);
  expect(hooks).toBe('lab starts\nlab has stopped\n');
  const read = async (host: string, path: string): Promise<string> =>
    (await lab.run('debugfs', ['-R', `cat "${path}"`, await lab.whole('lab', host)])).stdout;
  expect(await read('gw', '/root/stopped')).toBe('down\n');
  expect(await read('web', '/etc/hostname')).toBe('web\n');
  expect(await read('web', '/etc/shadow')).toMatch(/^root:\$6\$[A-Za-z0-9]+\$/m);
  const { stdout: listed } = await lab.run('debugfs', ['-R', 'ls -l /etc/odd', await lab.whole('lab', 'web')]);
  expect(listed).toMatch(/100640 \(1\) +0 +0 +4 /);
  expect(await lab.run('e2fsck', ['-fn', await lab.whole('lab', 'web')])).toMatchObject({ code: 0 });
}, 90_000);
