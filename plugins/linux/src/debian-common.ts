import type { Guest, Host, Mln } from '@mln/core';

/**
 * What the configuration of any host comes to is in the template already: guests then differ by less from it, and
 * copy-on-write disks hold only what differs.
 */
export async function configureInCommon(mln: Mln, guest: Guest): Promise<void> {
  await mln.hooks.configureFilesystem.promise(guest, anyHost, null);
}

/** A host of User-Mode Linux, of which nothing is known; for others some lines are written anew. */
const anyHost: Host = {
  kind: 'host',
  name: 'debian',
  superclasses: [],
  hypervisor: 'uml',
  template: null,
  templateFrom: null,
  memory: 0,
  disks: [
    {
      role: 'root',
      store: 'file',
      path: 'root.img',
      existing: false,
      size: null,
      freeSpace: null,
      device: '/dev/ubda',
      mount: null,
    },
  ],
  interfaces: [],
  bootOrder: 99,
  serviceHost: null,
  term: 'none',
  console: 'tty0',
  macPrefix: null,
  keywords: {},
  lists: {},
  text: {},
  place: null,
};

/**
 * The files that are written anew in every guest. They come into the image last, and lie side by side there: a
 * copy-on-write disk holds whole blocks, each of sixteen files' attributes.
 */
export const rewritten = [
  'etc/fstab',
  'etc/group',
  'etc/hostname',
  'etc/hosts',
  'etc/inittab',
  'etc/network/interfaces',
  'etc/passwd',
  'etc/resolv.conf',
  'etc/shadow',
];
