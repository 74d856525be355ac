import type { Guest } from '@mln/core';

/** A guest that Xen asks to shut down runs /sbin/poweroff, see drivers/xen/manage.c of Linux; a busybox may lie elsewhere. */
export async function providePowerOff(guest: Guest): Promise<void> {
  for (const program of ['poweroff', 'reboot'])
    if (!(await guest.exists(`/sbin/${program}`)) && (await guest.exists('/bin/busybox')))
      await guest.symlink(`/sbin/${program}`, '/bin/busybox');
}
