import type { Guest, Host } from '@mln/core';
import type { Family } from './family.js';

const wants = '/etc/systemd/system/getty.target.wants';
/** The login on /dev/console, whatever that is; a template may have it already. */
const usual = 'console-getty.service';

/** A login on the console that the hypervisor gives the guest, and none on terminals that it has not. */
export async function configureConsole(guest: Guest, host: Host, family: Family): Promise<void> {
  const { console: name } = host;
  if (name === null) return;
  await allowRoot(guest, name);
  if (family.init === 'systemd') {
    const [unit, file] = await gettyOf(guest, name);
    if (unit !== usual) await guest.remove(`${wants}/${usual}`);
    await guest.symlink(`${wants}/${unit}`, `/lib/systemd/system/${file}`);
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

/**
 * The unit that has a login on a console, and its file. A serial one has a getty of its own, which systemd itself begins
 * where the kernel is told of that console (systemd-getty-generator(8)): two on one line would take each other's input.
 * It waits for its device, which only udev brings.
 */
async function gettyOf(guest: Guest, name: string): Promise<readonly [unit: string, file: string]> {
  const isSerial = !/^tty\d+$/.test(name) && (await hasUdev(guest));
  return isSerial ? [`serial-getty@${name}.service`, 'serial-getty@.service'] : [usual, usual];
}

async function hasUdev(guest: Guest): Promise<boolean> {
  return (await guest.exists('/lib/systemd/systemd-udevd')) || guest.exists('/usr/lib/systemd/systemd-udevd');
}

/** securetty(5): where there is one, root logs in nowhere else. */
async function allowRoot(guest: Guest, name: string): Promise<void> {
  if (!(await guest.exists('/etc/securetty'))) return;
  const lines = (await guest.text('/etc/securetty')).split('\n');
  if (!lines.includes(name)) await guest.region('/etc/securetty', 'console', name);
}
