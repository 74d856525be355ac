import type { Keyword } from '@mln/core';

/** More hosts than one network of the usual kinds has addresses for. */
export const MOST_HOSTS = 65_536;

const own = ['autoenum'];

export const keywords: readonly Keyword[] = [
  { name: 'autoenum', in: ['global'], kind: 'block', help: 'Counts out hosts that inherit one superclass.' },
  { name: 'superclass', in: own, kind: 'word', help: 'What the hosts inherit.' },
  {
    name: 'numhosts',
    in: own,
    kind: 'number',
    least: 1,
    most: MOST_HOSTS,
    help: 'How many hosts there are; --scale changes it.',
  },
  { name: 'hostprefix', in: own, kind: 'word', help: 'What their names begin with; the superclass’s name.' },
  { name: 'interface', in: own, kind: 'word', default: 'eth0', help: 'The interface that gets the address.' },
  {
    name: 'addresses',
    in: own,
    kind: 'word',
    choices: ['enum', 'auto'],
    help: 'Gives each host the next address of the network.',
  },
  {
    name: 'address',
    in: own,
    kind: 'word',
    choices: ['auto', 'enum'],
    sameAs: 'addresses',
    help: 'The same as addresses, as the original tool wrote it.',
  },
  {
    name: 'addresses_begin',
    in: own,
    kind: 'number',
    least: 0,
    default: '1',
    help: 'What is added to the network for the first host’s address.',
  },
  { name: 'network', in: own, kind: 'word', help: 'The network that addresses are taken from.' },
  {
    name: 'net',
    in: own,
    kind: 'word',
    sameAs: 'network',
    help: 'The same as network, as the original tool wrote it.',
  },
  {
    name: 'service_hosts',
    in: own,
    kind: 'list',
    key: 0,
    help: 'The servers that run the hosts, one a line: name, and how many (a number, or all).',
  },
];
