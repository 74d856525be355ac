import { hostKeywords } from './host-keywords.js';
import type { Keyword } from './keywords.js';

/** The points of a start and a stop at which a project may run shell commands on the physical host. */
export const hookBlocks = [
  'beforeProjectStart',
  'beforeHostsStart',
  'afterHostsStart',
  'afterProjectStart',
  'beforeProjectStop',
  'beforeHostsStop',
  'afterHostsStop',
  'afterProjectStop',
] as const;
export type HookBlock = (typeof hookBlocks)[number];

/** Where Linux has the network interfaces of a machine, sysfs(5). */
const interfaces = '/sys/class/net';

const top: readonly Keyword[] = [
  {
    name: 'global',
    in: ['project'],
    kind: 'block',
    example: 'global { project ring }',
    help: 'Holds the project’s name, its variables and the blocks of plug-ins.',
  },
  {
    name: 'host',
    in: ['project'],
    kind: 'block',
    named: true,
    example: 'host router1 { superclass router }',
    help: 'Describes one virtual machine.',
  },
  {
    name: 'switch',
    in: ['project'],
    kind: 'block',
    named: true,
    example: 'switch lan { }',
    help: 'Describes one network switch.',
  },
  {
    name: 'superclass',
    in: ['project'],
    kind: 'block',
    named: true,
    example: 'superclass router { memory 64M }',
    help: 'Describes what hosts have in common; it is never built itself.',
  },
];

const global: readonly Keyword[] = [
  { name: 'project', in: ['global'], kind: 'word', example: 'project ring', help: 'Names the project.' },
  ...hookBlocks.map((name): Keyword => ({
    name,
    in: ['global'],
    kind: 'text',
    example: `${name} { logger "${name} of $project" }`,
    language: 'shell',
    host: 'raw',
    help: `Shell commands that run on the physical host, ${sentence(name)}.`,
  })),
];

const network: readonly Keyword[] = [
  {
    name: 'switch',
    in: ['network'],
    kind: 'word',
    example: 'switch lan',
    upgrade: 'restart',
    help: 'The switch that the interface is connected to.',
  },
  {
    name: 'bridge',
    in: ['network', 'switch'],
    kind: 'word',
    example: 'bridge br0',
    rehearsal: null,
    host: { below: interfaces },
    upgrade: 'restart',
    help: 'An existing bridge of the physical host.',
  },
  {
    name: 'address',
    in: ['network'],
    kind: 'address',
    example: 'address 10.0.0.1/24',
    help: 'An address with or without prefix, or dhcp.',
  },
  {
    name: 'netmask',
    in: ['network'],
    kind: 'word',
    example: 'netmask 255.255.255.0',
    help: 'The netmask of an address that has no prefix.',
  },
  {
    name: 'broadcast',
    in: ['network'],
    kind: 'word',
    example: 'broadcast 10.0.0.255',
    help: 'The broadcast address, where it is not the usual one.',
  },
  {
    name: 'gateway',
    in: ['network'],
    kind: 'word',
    example: 'gateway 10.0.0.254',
    help: 'The address of the default gateway.',
  },
  {
    name: 'mac',
    in: ['network'],
    kind: 'word',
    example: 'mac 02:00:00:00:00:01',
    upgrade: 'restart',
    help: 'The interface’s hardware address; generated where none is given.',
  },
  {
    name: 'mtu',
    in: ['network', 'switch'],
    kind: 'number',
    least: 68,
    most: 65535,
    example: 'mtu 1400',
    help: 'The largest packet, in bytes.',
  },
];

const theSwitch: readonly Keyword[] = [
  {
    name: 'hub',
    in: ['switch'],
    kind: 'flag',
    example: 'hub',
    upgrade: 'restart',
    help: 'Sends every frame to every port.',
  },
  {
    name: 'tap',
    in: ['switch'],
    kind: 'word',
    example: 'tap tap0',
    rehearsal: null,
    host: { below: interfaces, except: '^mln[0-9a-f]{12}$' },
    upgrade: 'restart',
    help: 'A tap device of the physical host that the switch is joined to.',
  },
  {
    name: 'socket',
    in: ['switch'],
    kind: 'word',
    example: 'socket /run/lan.socket',
    rehearsal: null,
    host: 'path',
    upgrade: 'restart',
    help: 'The socket of a switch that mln does not run.',
  },
];

export const coreKeywords: readonly Keyword[] = [...top, ...global, ...hostKeywords, ...network, ...theSwitch];

function sentence(name: HookBlock): string {
  const [when, what, which] = name.split(/(?=[A-Z])/);
  const verb = which === 'Start' ? 'start' : 'stop';
  return `${when ?? ''} the ${what === 'Project' ? `project ${verb}s` : `hosts ${verb}`}`;
}
