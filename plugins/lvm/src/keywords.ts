import type { Keyword } from '@mln/core';

const host = ['host'];

export const keywords: readonly Keyword[] = [
  {
    name: 'lvm',
    in: host,
    kind: 'flag',
    example: 'lvm',
    rehearsal: 'no',
    help: 'Keeps the host’s disks in logical volumes.',
  },
  {
    name: 'lvm_vg',
    in: host,
    kind: 'word',
    example: 'lvm_vg vg0',
    rehearsal: null,
    host: { below: '/dev' },
    help: 'The volume group of the host’s disks.',
  },
  {
    name: 'lvm_snapshot',
    in: host,
    kind: 'flag',
    example: 'lvm_snapshot',
    rehearsal: 'no',
    help: 'Makes the root disk as a snapshot of its template, and no copy.',
  },
];
