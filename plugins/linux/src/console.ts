import type { Guest, Host } from '@mln/core';
import type { Family } from './family.js';

/** A login on the console that the hypervisor gives the guest, and none on terminals that it has not. */
export async function configureConsole(guest: Guest, host: Host, family: Family): Promise<void> {
  const { console: name } = host;
  if (name === null) return;
  if (family.init === 'systemd') {
    await guest.symlink(
      '/etc/systemd/system/getty.target.wants/console-getty.service',
      '/lib/systemd/system/console-getty.service',
    );
    await guest.symlink('/etc/systemd/system/getty@tty1.service', '/dev/null');
  }
  if (family.init !== 'sysvinit' && family.init !== 'openrc') return;
  const text = await guest.text('/etc/inittab');
  const without = text.replace(/^(?!#)(.*getty.*\btty[1-6]\b.*)$/gm, '#$1');
  if (without !== text) await guest.write('/etc/inittab', without);
  const getty = (await guest.exists('/sbin/agetty'))
    ? `/sbin/agetty --noclear ${name} linux`
    : `/sbin/getty 38400 ${name}`;
  await guest.region(
    '/etc/inittab',
    'console',
    family.init === 'openrc' ? `${name}::respawn:${getty}` : `mln:2345:respawn:${getty}`,
  );
}
