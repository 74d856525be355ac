import type { Keyword } from '@mln/core';

/** What keeps guests from sending as somebody else. */
export const filters: readonly Keyword[] = [
  {
    name: 'port_filter',
    in: ['host', 'network'],
    kind: 'flag',
    example: 'port_filter',
    rehearsal: null,
    help: 'The physical host lets the interface send only with its own hardware address and its own addresses.',
  },
];
