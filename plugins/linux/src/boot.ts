import { quote, readyMark, type Guest, type Host } from '@mln/core';
import type { Family } from './family.js';
import { startLast, stopFirst } from './insserv.js';

/*
 * The end of a guest's boot and the beginning of its shutdown. Whatever the family: /etc/mln/boot runs the project's
 * startup text and then writes the mark of readiness on the console; /etc/mln/shutdown is the project's shutdown text.
 * What differs is who calls them.
 */

const executable = { mode: 0o755 };

export async function configureBoot(guest: Guest, host: Host, family: Family): Promise<void> {
  const { startup, shutdown } = host.text;
  await writeText(guest, '/etc/mln/startup', startup);
  await writeText(guest, '/etc/mln/shutdown', shutdown);
  await guest.write('/etc/mln/boot', await bootScript(guest, host, family), executable);
  switch (family.init) {
    case 'systemd':
      return callBySystemd(guest, shutdown !== undefined);
    case 'sysvinit':
      return callBySysvinit(guest);
    case 'openrc':
      return callByOpenrc(guest);
    case 'busybox':
      return callByBusybox(guest, shutdown !== undefined);
  }
}

async function writeText(guest: Guest, path: string, text: string | undefined): Promise<void> {
  if (text === undefined) return guest.remove(path);
  return guest.write(path, text.startsWith('#!') ? `${text}\n` : `#!/bin/sh\n${text}\n`, executable);
}

async function bootScript(guest: Guest, host: Host, family: Family): Promise<string> {
  const rcS = family.init === 'busybox' ? await guest.text('/etc/init.d/rcS') : null;
  const modules = (host.lists['modules'] ?? []).map((row) => `modprobe ${row.words.map(quote).join(' ')}`);
  return [
    '#!/bin/sh',
    '# Written by mln: the end of the boot.',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'export PATH',
    'cd /',
    // What a busybox template's own boot leaves out.
    ...(rcS?.includes('/etc/modules') === false ? modules : []),
    ...(rcS?.includes('ifup') === false && host.interfaces.length > 0 ? ['ifup -a'] : []),
    'result=',
    '[ ! -x /etc/mln/startup ] || /etc/mln/startup || result=" (startup ended with $?)"',
    `echo "${readyMark(host.name, guest.project.name)}$result" >/dev/console`,
    '',
  ].join('\n');
}

/** systemd.service(5): after the network, before anyone is told that the boot is over. */
async function callBySystemd(guest: Guest, stops: boolean): Promise<void> {
  const unit = [
    '# Written by mln.',
    '[Unit]',
    'Description=mln startup',
    'After=network.target network-online.target systemd-networkd.service networking.service',
    'Wants=network-online.target',
    '',
    '[Service]',
    'Type=oneshot',
    'RemainAfterExit=yes',
    'ExecStart=/etc/mln/boot',
    ...(stops ? ['ExecStop=/etc/mln/shutdown'] : []),
    'StandardOutput=journal+console',
    'StandardError=inherit',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ];
  await guest.write('/etc/systemd/system/mln.service', `${unit.join('\n')}\n`);
  await guest.symlink('/etc/systemd/system/multi-user.target.wants/mln.service', '/etc/systemd/system/mln.service');
}

/** init.d scripts with the links of update-rc.d(8); Red Hat keeps them below /etc/rc.d. */
async function callBySysvinit(guest: Guest): Promise<void> {
  const script = `#!/bin/sh
### BEGIN INIT INFO
# Provides:          mln
# Required-Start:    $all
# Required-Stop:     $network
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: mln startup
### END INIT INFO
case $1 in
start)
  # Red Hat stops only what has left its name here.
  [ ! -d /var/lock/subsys ] || : >/var/lock/subsys/mln
  /etc/mln/boot
  ;;
stop) [ ! -x /etc/mln/shutdown ] || /etc/mln/shutdown ;;
esac
`;
  await guest.write('/etc/init.d/mln', script, executable);
  await list(guest, '/etc/init.d/.depend.start', startLast);
  await list(guest, '/etc/init.d/.depend.stop', stopFirst);
  const below = (await guest.exists('/etc/rc.d/rc3.d')) ? '/etc/rc.d' : '/etc';
  for (const level of [2, 3, 4, 5])
    await guest.symlink(`${below}/rc${level}.d/S99mln`, below === '/etc' ? '../init.d/mln' : '/etc/init.d/mln');
  for (const level of [0, 1, 6])
    await guest.symlink(`${below}/rc${level}.d/K01mln`, below === '/etc' ? '../init.d/mln' : '/etc/init.d/mln');
}

async function list(guest: Guest, path: string, add: (makefile: string, script: string) => string): Promise<void> {
  if (await guest.exists(path)) await guest.write(path, add(await guest.text(path), 'mln'));
}

/** openrc-run(8). */
async function callByOpenrc(guest: Guest): Promise<void> {
  const script = `#!/sbin/openrc-run
description="mln startup"
depend() {
  need localmount
  after *
}
start() {
  /etc/mln/boot
}
stop() {
  [ ! -x /etc/mln/shutdown ] || /etc/mln/shutdown
}
`;
  await guest.write('/etc/init.d/mln', script, executable);
  await guest.symlink('/etc/runlevels/default/mln', '/etc/init.d/mln');
}

/** busybox init's inittab; a template of mln's own calls both scripts already. */
async function callByBusybox(guest: Guest, stops: boolean): Promise<void> {
  const rcS = await guest.text('/etc/init.d/rcS');
  if (!hasOutsideRegion(rcS, '/etc/mln/boot'))
    await guest.region('/etc/init.d/rcS', 'boot', '/etc/mln/boot', executable);
  const calls = (await guest.text('/etc/init.d/rcK')).includes('/etc/mln/shutdown');
  if (!calls) await guest.region('/etc/inittab', 'shutdown', stops ? '::shutdown:/etc/mln/shutdown' : null);
}

function hasOutsideRegion(text: string, call: string): boolean {
  return text.replace(/^# mln boot begin$[^]*?^# mln boot end$/m, '').includes(call);
}
