import type { Guest } from '@mln/core';

/**
 * The monitor console can press Ctrl-Alt-Del, and nothing else that a guest understands. Most distributions reboot
 * then: in a guest of User-Mode Linux it means to power off.
 */
export async function powerOffByKeys(guest: Guest): Promise<void> {
  const inittab = await guest.text('/etc/inittab');
  const changed = inittab.replace(/^(?!#).*:ctrlaltdel:.*$/gm, (line) =>
    line.replace(/(\bshutdown\b.*)\s-r\b/, '$1 -h').replace(/\breboot\b/, 'poweroff'),
  );
  if (changed !== inittab) await guest.write('/etc/inittab', changed);
  const [unit] = await present(guest, [
    '/usr/lib/systemd/system/poweroff.target',
    '/lib/systemd/system/poweroff.target',
  ]);
  if (unit !== undefined) await guest.symlink('/etc/systemd/system/ctrl-alt-del.target', unit);
}

async function present(guest: Guest, paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map(async (path) => ((await guest.exists(path)) ? path : null)));
  return found.filter((path) => path !== null);
}
