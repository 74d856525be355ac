import type { Keyword } from '@mln/core';

const filter: Omit<Keyword, 'in' | 'example'> = {
  name: 'port_filter',
  kind: 'flag',
  rehearsal: null,
  upgrade: 'restart',
  help: 'The physical host lets the interface send only with its own hardware address and its own addresses.',
};

/** What keeps guests from sending as somebody else; an interface needs a device of the physical host of its own for it. */
export const filters: readonly Keyword[] = [
  { ...filter, in: ['host'], example: 'port_filter' },
  { ...filter, in: ['network'], example: 'tun_iface tap0; port_filter' },
];
