import type { Guest } from '@mln/core';
import { bootQuickly } from './debian-quick.js';

/** How a Debian guest boots. */
export interface Init {
  readonly name: string;
  readonly message: string;
  readonly packages: readonly string[];
  prepare(guest: Guest): Promise<void>;
}

/** What the project's keywords ask of a guest, and what a lesson asks of it. */
const common = [
  'e2fsprogs',
  'ifupdown',
  'iproute2',
  'iputils-ping',
  'kmod',
  'mount',
  'netbase',
  'procps',
  'udhcpc',
  'usr-is-merged',
];

export const inits: readonly Init[] = [
  {
    name: 'quick',
    message: 'sysvinit with a quick boot',
    packages: ['sysvinit-core', ...common],
    async prepare(guest) {
      await makeKeysBySysvinit(guest);
      await bootQuickly(guest);
    },
  },
  {
    name: 'sysvinit',
    message: 'sysvinit',
    packages: ['sysvinit-core', ...common],
    prepare: makeKeysBySysvinit,
  },
  {
    name: 'systemd',
    message: 'systemd',
    // Without udev it waits 90 seconds for each disk; without dbus nobody can ask it for anything.
    packages: ['dbus', 'systemd-sysv', 'udev', ...common],
    async prepare(guest) {
      // Interfaces keep the names by which projects call them.
      await guest.symlink('/etc/systemd/network/99-default.link', '/dev/null');
      // What looks after a machine once a day has nothing to do in a guest, and all guests would do it at once.
      for (const unit of ['apt-daily', 'apt-daily-upgrade', 'e2scrub_all', 'fstrim'])
        await guest.remove(`/etc/systemd/system/timers.target.wants/${unit}.timer`);
      await guest.remove('/etc/systemd/system/multi-user.target.wants/e2scrub_reap.service');
      if (await guest.exists('/etc/ssh/sshd_config'))
        await guest.write('/etc/systemd/system/ssh.service.d/keys.conf', keysBySystemd);
    },
  },
];

/** The first ExecStartPre, which is empty, takes out those of the package: they fail without keys. */
const keysBySystemd = `[Service]
ExecStartPre=
ExecStartPre=/usr/bin/ssh-keygen -A
ExecStartPre=/usr/sbin/sshd -t
`;

/** /etc/init.d/ssh reads this before it looks at anything else. */
async function makeKeysBySysvinit(guest: Guest): Promise<void> {
  if (await guest.exists('/etc/default/ssh'))
    await guest.append(
      '/etc/default/ssh',
      '# Keys of its own, at the first boot.\n/usr/bin/ssh-keygen -A >/dev/null\n',
    );
}

/** Takes out what would be the same in all guests, or is of the machine that built. Lets root in at the console. */
export async function makeTemplate(guest: Guest): Promise<void> {
  for (const name of await guest.list('/etc/ssh'))
    if (name.startsWith('ssh_host_')) await guest.remove(`/etc/ssh/${name}`);
  await guest.write('/etc/machine-id', '');
  for (const path of ['/var/lib/dbus/machine-id', '/var/lib/systemd/random-seed', '/var/lib/urandom/random-seed'])
    await guest.remove(path);
  await guest.write('/etc/hostname', 'debian\n', { mode: 0o644 });
  await guest.write('/etc/resolv.conf', '', { replaceLink: true, mode: 0o644 });
  await guest.symlink('/etc/mtab', '../proc/self/mounts');
  await guest.write('/etc/fstab', '# fstab(5)\n', { mode: 0o644 });
  const shadow = await guest.text('/etc/shadow');
  await guest.write('/etc/shadow', shadow.replace(/^root:[^:]*:/m, 'root::'));
}
