import { readFile, truncate, writeFile } from 'node:fs/promises';
import { createGuest, failure, MiB, type CommandContext, type Guest, type Mln } from '@mln/core';
import { noProject } from './no-project.js';
import type { Built } from './template-build.js';

/** Sparse; a guest that wants more says free_space. */
const SIZE = 16 * MiB;

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nexport PATH';

const inittab = `# Read by busybox init.
::sysinit:/etc/init.d/rcS
::respawn:/sbin/console
::ctrlaltdel:/etc/init.d/rcK poweroff
::shutdown:/etc/init.d/rcK
`;

const rcS = `#!/bin/sh
# The boot.
${path}
mount -t proc proc /proc
mount -t sysfs sysfs /sys
# A ramdisk may leave both to the guest.
[ -c /dev/null ] || mount -t devtmpfs devtmpfs /dev
mount -o remount,rw /
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
[ ! -f /etc/hostname ] || hostname -F /etc/hostname
[ ! -f /etc/modules ] || grep -v '^#' /etc/modules | while read -r module; do modprobe $module; done
mount -a 2>/dev/null
swapon -a 2>/dev/null
ifup -a
[ ! -x /etc/mln/boot ] || /etc/mln/boot
`;

const rcK = `#!/bin/sh
# The way down. With poweroff it ends here; init goes on by itself otherwise.
${path}
[ ! -x /etc/mln/shutdown ] || /etc/mln/shutdown
swapoff -a 2>/dev/null
sync
umount -a -r 2>/dev/null
mount -o remount,ro / 2>/dev/null
[ "$1" != poweroff ] || poweroff -f
`;

const consoleScript = `#!/bin/sh
# A login on the guest's console, whatever it is called.
active=$(cat /sys/class/tty/console/active)
exec getty -n -l /sbin/autologin 0 "\${active##* }" linux
`;

const autologin = `#!/bin/sh
# Root needs no password as long as it has none.
case $(grep '^root:' /etc/shadow) in
root::*) exec login -f root ;;
*) exec login ;;
esac
`;

/** Called by udhcpc with what a server has offered; see the busybox sources' examples/udhcp. */
const dhcp = `#!/bin/sh
case $1 in
deconfig)
  ip addr flush dev "$interface"
  ip link set "$interface" up
  ;;
bound | renew)
  ip addr flush dev "$interface"
  ip addr add "$ip/\${mask:-24}" dev "$interface"
  for gateway in $router; do ip route add default via "$gateway" dev "$interface"; done
  [ -z "$dns" ] || for server in $dns; do echo "nameserver $server"; done >/etc/resolv.conf
  ;;
esac
`;

/** Makes the tiny template: busybox alone, in an ext4 image. Everything belongs to root, whoever builds it. */
export async function buildTiny({ mln }: CommandContext, image: string): Promise<Built> {
  const busybox = await findBusybox(mln);
  await writeFile(image, '', { flag: 'wx' });
  await truncate(image, SIZE);
  await mln.shell('mke2fs', [
    '-q',
    '-F',
    '-t',
    'ext4',
    // User-Mode Linux shares images of such blocks alone.
    '-b',
    '4096',
    '-J',
    'size=4',
    '-E',
    'lazy_itable_init=1,lazy_journal_init=1',
    '-L',
    'tiny',
    image,
  ]);
  const filesystem = await mln.hooks.filesystem.promise(image);
  if (!filesystem) throw failure('MLN_NO_FILESYSTEM', 'no plug-in edits ext4 images', { hint: 'load @mln/plugin-ext' });
  const guest = createGuest(filesystem, noProject);
  await fill(guest, busybox, await applets(mln, busybox));
  await filesystem.apply(await guest.edits());
  await filesystem.check();
  return { message: 'busybox: boots in a second, with getty, ip, ping, httpd', recipe: {} };
}

async function fill(guest: Guest, busybox: string, names: readonly string[]): Promise<void> {
  const program = { mode: 0o755 };
  for (const folder of [
    '/bin',
    '/dev',
    '/etc/network/if-pre-up.d',
    '/etc/network/if-up.d',
    '/etc/network/if-down.d',
    '/etc/network/if-post-down.d',
    '/home',
    '/lib',
    '/mnt',
    '/proc',
    '/run',
    '/sbin',
    '/sys',
    '/usr/bin',
    '/usr/sbin',
    '/var/log',
    '/var/lib',
    '/var/www',
  ])
    await guest.directory(folder);
  await guest.directory('/root', { mode: 0o700 });
  await guest.directory('/tmp', { mode: 0o1777 });
  await guest.symlink('/var/run', '/run');
  await guest.copyIn(busybox, '/bin/busybox', program);
  for (const name of names) await guest.symlink(`/bin/${name}`, 'busybox');
  await guest.symlink('/sbin/init', '../bin/busybox');
  // Kernels run these two by their paths.
  await guest.symlink('/sbin/modprobe', '../bin/busybox');
  await guest.symlink('/sbin/poweroff', '../bin/busybox');
  await guest.write('/sbin/console', consoleScript, program);
  await guest.write('/sbin/autologin', autologin, program);
  await guest.write('/etc/inittab', inittab);
  await guest.write('/etc/init.d/rcS', rcS, program);
  await guest.write('/etc/init.d/rcK', rcK, program);
  await guest.write(
    '/etc/passwd',
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n',
  );
  await guest.write('/etc/shadow', 'root::19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n', { mode: 0o600 });
  await guest.write('/etc/group', 'root:x:0:\nnogroup:x:65534:\n');
  await guest.write('/etc/hosts', '127.0.0.1 localhost\n::1 localhost\n');
  await guest.write('/etc/network/interfaces', 'auto lo\niface lo inet loopback\n');
  await guest.write('/etc/profile', `${path}\nPS1='\\u@\\h:\\w\\$ '\n`);
  await guest.write('/etc/skel/.profile', '# Read by login shells.\n');
  await guest.write('/usr/share/udhcpc/default.script', dhcp, program);
  // Debian's busybox looks for it here.
  await guest.symlink('/etc/udhcpc/default.script', '/usr/share/udhcpc/default.script');
}

/** The busybox of the physical host, which has to stand alone. */
export async function findBusybox(mln: Mln): Promise<string> {
  const { stdout } = await mln.shell('busybox', ['which', 'busybox']);
  const found = stdout.trim();
  if ((await readFile(found)).includes('/lib64/ld-linux-'))
    throw failure('MLN_NO_PROGRAM', `${found} needs shared libraries, which a guest has not`, {
      hint: 'on Debian: apt-get install busybox-static',
    });
  return found;
}

async function applets(mln: Mln, busybox: string): Promise<string[]> {
  const { stdout } = await mln.shell(busybox, ['--list']);
  return stdout.split('\n').filter((name) => name !== '' && name !== 'busybox');
}
