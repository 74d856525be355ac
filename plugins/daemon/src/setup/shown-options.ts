import type { ShownOption } from '@mln/core';
import type { Options } from '../options.js';

/**
 * The options of a service host as its first configuration shows them. It listens on all addresses: nobody gets in without
 * a certificate of the fleet.
 */
export function shownOptions(chosen: Required<Pick<Options, 'socketGroup' | 'guestUser'>>): readonly ShownOption[] {
  const values: Options = { listen: ['0.0.0.0'], ...chosen };
  const examples: Options = {
    listen: [],
    allow: ['10.0.0.0/24'],
    servers: { server2: '10.0.0.2', server3: '10.0.0.3:34001' },
    groups: ['backends'],
    memory: '16G',
    allowPaths: ['/srv/images', '/dev/vg0'],
    socketGroup: '',
    guestUser: '',
  };
  const names = Object.keys(examples) as (keyof Options)[];
  return names.map((name) => {
    const value = values[name];
    return { name, value: value ?? examples[name], chosen: value !== undefined };
  });
}
