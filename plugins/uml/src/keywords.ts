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
    help: 'The image that hosts share, each with its own changes; read and planned, not yet built.',
  },
  {
    name: 'tun_iface',
    in: ['network'],
    kind: 'word',
    example: 'tun_iface tap0',
    rehearsal: null,
    help: 'The tap of the physical host that the interface is connected to; read and planned, not yet built.',
  },
  {
    name: 'tun_address',
    in: ['network'],
    kind: 'word',
    example: 'tun_address 10.0.0.254',
    rehearsal: null,
    help: 'The physical host’s own address on that tap; read and planned, not yet built.',
  },
];
