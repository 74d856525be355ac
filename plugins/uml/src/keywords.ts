import type { Keyword } from '@mln/core';

export const keywords: readonly Keyword[] = [
  {
    name: 'uml',
    in: ['host'],
    kind: 'flag',
    example: 'uml',
    rehearsal: 'yes',
    help: 'Runs the host on User-Mode Linux.',
  },
  {
    name: 'cow_filesystem',
    in: ['host'],
    kind: 'word',
    example: 'cow_filesystem base',
    rehearsal: null,
    help: 'The project’s own image that hosts of one template and size share, each keeping its own changes; no: a disk of its own.',
  },
  {
    name: 'tun_iface',
    in: ['network'],
    kind: 'word',
    example: 'tun_iface tap0',
    rehearsal: null,
    host: { below: '/sys/class/net', except: '^mln[0-9a-f]{12}$' },
    help: 'The tap of the physical host that the interface is connected to: root makes it, others use one that is theirs.',
  },
  {
    name: 'tun_address',
    in: ['network'],
    kind: 'word',
    example: 'tun_address 10.0.0.254',
    rehearsal: null,
    host: 'raw',
    help: 'The physical host’s own address on that tap.',
  },
  {
    name: 'slirp',
    in: ['network'],
    kind: 'flag',
    example: 'slirp',
    rehearsal: null,
    host: 'raw',
    help: 'Passes the guest’s connections on as those of an ordinary program, slirp.',
  },
  {
    name: 'vde',
    in: ['switch'],
    kind: 'flag',
    example: 'vde',
    help: 'The switch is a vde_switch, or (no) a uml_switch.',
  },
];
