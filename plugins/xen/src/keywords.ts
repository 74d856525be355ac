import type { Keyword } from '@mln/core';

const host = ['host'];

export const keywords: readonly Keyword[] = [
  { name: 'xen', in: host, kind: 'flag', example: 'xen', rehearsal: 'no', help: 'Runs the host on Xen.' },
  {
    name: 'hvm',
    in: host,
    kind: 'flag',
    example: 'hvm',
    rehearsal: 'no',
    help: 'Runs the host on Xen as a whole machine, with a BIOS.',
  },
  {
    name: 'pvh',
    in: host,
    kind: 'flag',
    example: 'pvh',
    rehearsal: 'no',
    help: 'Runs the host on Xen as a light machine: by the processor’s virtualisation, without a BIOS.',
  },
  {
    name: 'ramdisk',
    in: host,
    kind: 'word',
    example: 'ramdisk /boot/initrd.img',
    rehearsal: null,
    host: 'path',
    help: 'The initial ramdisk of the kernel.',
  },
  {
    name: 'xen_extra',
    in: host,
    kind: 'text',
    example: 'xen_extra { localtime = 1 }',
    rehearsal: null,
    host: 'raw',
    help: 'Further lines of the domain’s configuration, see xl.cfg(5).',
  },
  {
    name: 'vncdisplay',
    in: host,
    kind: 'number',
    least: 0,
    most: 59_635,
    example: 'vncdisplay 5',
    rehearsal: null,
    help: 'The VNC display that shows the guest’s screen.',
  },
  {
    name: 'vncpasswd',
    in: host,
    kind: 'word',
    example: 'vncpasswd $password',
    secret: true,
    rehearsal: null,
    help: 'The password of the VNC display.',
  },
  {
    name: 'vnckeymap',
    in: host,
    kind: 'word',
    example: 'vnckeymap de',
    rehearsal: null,
    help: 'The keyboard of the VNC display.',
  },
];
