import type { Guest, Host } from '@mln/core';

/** Kernel modules to load at boot: modules(5) for Debian's family, modules-load.d(5) for systemd, and the boot script where nobody else reads them. */
export async function configureModules(guest: Guest, host: Host): Promise<void> {
  const names = (host.lists['modules'] ?? []).map((row) => row.words.join(' '));
  if (names.length === 0) return;
  await guest.region('/etc/modules', 'modules', names.join('\n'));
  if (await guest.exists('/etc/modules-load.d'))
    await guest.write('/etc/modules-load.d/mln.conf', names.map((name) => `${name}\n`).join(''));
}
