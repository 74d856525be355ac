import type { Keyword } from '@mln/core';

/** More hosts than one network of the usual kinds has addresses for. */
export const MOST_HOSTS = 65_536;

const own = ['autoenum'];

export const keywords: readonly Keyword[] = [
  {
    name: 'autoenum',
    in: ['global'],
    kind: 'block',
    named: 'optional',
    example: 'autoenum { superclass node; numhosts 50; network 10.0.0.0 }',
    help: 'Counts out hosts that inherit one superclass.',
  },
  { name: 'superclass', in: own, kind: 'word', example: 'superclass node', help: 'What the hosts inherit.' },
  {
    name: 'numhosts',
    in: own,
    kind: 'number',
    least: 1,
    most: MOST_HOSTS,
    example: 'numhosts 50',
    help: 'How many hosts there are; --scale changes it.',
  },
  {
    name: 'hostprefix',
    in: own,
    kind: 'word',
    example: 'hostprefix web',
    help: 'What their names begin with; the superclass’s name where it is not given.',
  },
  {
    name: 'interface',
    in: own,
    kind: 'word',
    example: 'interface eth1',
    default: 'eth0',
    help: 'The interface that gets the address.',
  },
  {
    name: 'addresses',
    in: own,
    kind: 'word',
    choices: ['enum', 'auto'],
    example: 'addresses enum',
    help: 'Gives each host the next address of the network.',
  },
  {
    name: 'address',
    in: own,
    kind: 'word',
    choices: ['auto', 'enum'],
    example: 'address auto',
    sameAs: 'addresses',
    help: 'The same as addresses, as the original tool wrote it.',
  },
  {
    name: 'addresses_begin',
    in: own,
    kind: 'number',
    least: 0,
    example: 'addresses_begin 2',
    default: '1',
    help: 'What is added to the network for the first host’s address.',
  },
  {
    name: 'network',
    in: own,
    kind: 'word',
    example: 'network 10.0.0.0/16',
    help: 'The network that addresses are taken from; without a prefix its interface’s, or /24.',
  },
  {
    name: 'net',
    in: own,
    kind: 'word',
    example: 'net 10.0.0.0',
    sameAs: 'network',
    help: 'The same as network, as the original tool wrote it.',
  },
  {
    name: 'service_hosts',
    in: own,
    kind: 'list',
    example: 'service_hosts { backend1 20; backend2 all }',
    columns: [{ name: 'server' }, { name: 'number', is: 'number', or: ['all'], optional: true }],
    key: 0,
    help: 'The servers that run the hosts, one a line: name, and how many (a number, or all).',
  },
];
