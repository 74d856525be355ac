import { failure, type Guest, type Host } from '@mln/core';

/** How a guest is configured: who reads its network's description, and who runs its boot. */
export interface Family {
  readonly name: 'debian' | 'systemd-networkd' | 'redhat' | 'alpine' | 'busybox';
  readonly network: 'ifupdown' | 'networkd' | 'ifcfg';
  readonly init: 'systemd' | 'sysvinit' | 'openrc' | 'busybox';
}

/** Finds the family by what only its members have. */
export async function findFamily(guest: Guest, host: Host): Promise<Family> {
  const any = async (...paths: string[]): Promise<boolean> => {
    for (const path of paths) if (await guest.exists(path)) return true;
    return false;
  };
  if (await any('/etc/alpine-release')) return { name: 'alpine', network: 'ifupdown', init: 'openrc' };
  const systemd = (await any('/lib/systemd/systemd', '/usr/lib/systemd/systemd')) && !(await any('/etc/inittab'));
  const init = systemd ? 'systemd' : 'sysvinit';
  if (await any('/etc/sysconfig/network-scripts')) return { name: 'redhat', network: 'ifcfg', init };
  if ((await any('/sbin/ifup', '/usr/sbin/ifup')) && (await any('/etc/debian_version')))
    return { name: 'debian', network: 'ifupdown', init };
  if (systemd) return { name: 'systemd-networkd', network: 'networkd', init };
  if (await any('/etc/rc2.d')) return { name: 'debian', network: 'ifupdown', init };
  if (await any('/bin/busybox', '/etc/init.d/rcS')) return { name: 'busybox', network: 'ifupdown', init: 'busybox' };
  throw failure('MLN_UNSUPPORTED', `${host.name}: its template is of no family of Linux that is known`, {
    place: host.place ?? undefined,
    hint: 'known are Debian, Red Hat, Alpine, busybox, and what uses systemd-networkd',
  });
}
