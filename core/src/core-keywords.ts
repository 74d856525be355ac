import type { Keyword } from './keywords.js';
import { MiB } from './values.js';

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

const top: readonly Keyword[] = [
  {
    name: 'global',
    in: ['project'],
    kind: 'block',
    help: 'Holds the project’s name, its variables and the blocks of plug-ins.',
  },
  { name: 'host', in: ['project'], kind: 'block', named: true, help: 'Describes one virtual machine.' },
  { name: 'switch', in: ['project'], kind: 'block', named: true, help: 'Describes one network switch.' },
  {
    name: 'superclass',
    in: ['project'],
    kind: 'block',
    named: true,
    help: 'Describes what hosts have in common; it is never built itself.',
  },
];

const global: readonly Keyword[] = [
  { name: 'project', in: ['global'], kind: 'word', help: 'Names the project.' },
  ...hookBlocks.map((name): Keyword => ({
    name,
    in: ['global'],
    kind: 'text',
    help: `Shell commands that run on the physical host, ${sentence(name)}.`,
  })),
];

const host: readonly Keyword[] = [
  { name: 'superclass', in: ['host'], kind: 'word', help: 'Inherits all that a superclass says.' },
  {
    name: 'template',
    in: ['host'],
    kind: 'word',
    help: 'Names the template that the filesystem is made from; without a version the newest.',
  },
  {
    name: 'memory',
    in: ['host'],
    kind: 'size',
    bare: MiB,
    default: '128M',
    help: 'The guest’s memory; a bare number counts in MiB.',
  },
  { name: 'size', in: ['host'], kind: 'size', help: 'The size of the filesystem.' },
  {
    name: 'free_space',
    in: ['host'],
    kind: 'size',
    help: 'How much larger than its template the filesystem is; wins over size.',
  },
  { name: 'swap', in: ['host'], kind: 'size', help: 'The size of a swap disk.' },
  {
    name: 'filesystem',
    in: ['host'],
    kind: 'word',
    rehearsal: null,
    help: 'Uses an existing filesystem instead of a template.',
  },
  { name: 'kernel', in: ['host'], kind: 'word', rehearsal: null, help: 'The kernel that the guest runs.' },
  {
    name: 'boot_order',
    in: ['host'],
    kind: 'number',
    default: '99',
    help: 'Hosts start in this order, and stop in reverse.',
  },
  {
    name: 'term',
    in: ['host'],
    kind: 'word',
    choices: ['screen', 'xterm', 'none'],
    default: 'none',
    help: 'How the console is shown.',
  },
  { name: 'service_host', in: ['host', 'switch'], kind: 'word', rehearsal: null, help: 'The server that runs it.' },
  { name: 'nameserver', in: ['host'], kind: 'word', help: 'The resolver’s address.' },
  {
    name: 'root_password',
    in: ['host'],
    kind: 'word',
    secret: true,
    help: 'Root’s password: plain, or as a crypt(3) hash.',
  },
  {
    name: 'root_passwd',
    in: ['host'],
    kind: 'word',
    secret: true,
    sameAs: 'root_password',
    help: 'The same as root_password.',
  },
  {
    name: 'users',
    in: ['host'],
    kind: 'list',
    key: 0,
    secret: 1,
    help: 'Users, one a line: name, password, home, uid.',
  },
  { name: 'groups', in: ['host'], kind: 'list', key: 0, help: 'Groups, one a line or block: name and members.' },
  {
    name: 'files',
    in: ['host'],
    kind: 'list',
    key: 1,
    help: 'Files and folders to copy into the guest: source, destination, mode.',
  },
  {
    name: 'mount',
    in: ['host'],
    kind: 'list',
    key: 1,
    rehearsal: null,
    help: 'Further disks: source, mount point, filesystem type, options.',
  },
  { name: 'modules', in: ['host'], kind: 'list', key: 0, help: 'Kernel modules to load at boot.' },
  { name: 'startup', in: ['host'], kind: 'text', help: 'Shell commands that the guest runs at the end of its boot.' },
  { name: 'shutdown', in: ['host'], kind: 'text', help: 'Shell commands that the guest runs when it goes down.' },
  { name: 'owner', in: ['host'], kind: 'word', help: 'The user that owns the guest’s disk.' },
  { name: 'group', in: ['host'], kind: 'word', help: 'The group that owns the guest’s disk.' },
  {
    name: 'nice',
    in: ['host'],
    kind: 'number',
    least: -20,
    most: 19,
    help: 'The niceness that the guest’s processes run at.',
  },
  { name: 'cpus', in: ['host'], kind: 'word', help: 'The processors that the guest may use.' },
  { name: 'vcpus', in: ['host'], kind: 'number', least: 1, most: 512, help: 'How many processors the guest sees.' },
  { name: 'was', in: ['host'], kind: 'word', help: 'The host’s earlier name; its disk is kept.' },
  { name: 'network', in: ['host'], kind: 'block', named: true, help: 'Describes one interface.' },
];

const network: readonly Keyword[] = [
  { name: 'switch', in: ['network'], kind: 'word', help: 'The switch that the interface is connected to.' },
  {
    name: 'bridge',
    in: ['network', 'switch'],
    kind: 'word',
    rehearsal: null,
    help: 'An existing bridge of the physical host.',
  },
  { name: 'address', in: ['network'], kind: 'address', help: 'An address with or without prefix, or dhcp.' },
  { name: 'netmask', in: ['network'], kind: 'word', help: 'The netmask of an address that has no prefix.' },
  { name: 'broadcast', in: ['network'], kind: 'word', help: 'The broadcast address, where it is not the usual one.' },
  { name: 'gateway', in: ['network'], kind: 'word', help: 'The address of the default gateway.' },
  {
    name: 'mac',
    in: ['network'],
    kind: 'word',
    help: 'The interface’s hardware address; generated where none is given.',
  },
  {
    name: 'mtu',
    in: ['network', 'switch'],
    kind: 'number',
    least: 68,
    most: 65535,
    help: 'The largest packet, in bytes.',
  },
];

const theSwitch: readonly Keyword[] = [
  { name: 'hub', in: ['switch'], kind: 'flag', help: 'Sends every frame to every port.' },
  {
    name: 'tap',
    in: ['switch'],
    kind: 'word',
    rehearsal: null,
    help: 'A tap device of the physical host that the switch is joined to.',
  },
  {
    name: 'socket',
    in: ['switch'],
    kind: 'word',
    rehearsal: null,
    help: 'The socket of a switch that mln does not run.',
  },
];

export const coreKeywords: readonly Keyword[] = [...top, ...global, ...host, ...network, ...theSwitch];

function sentence(name: HookBlock): string {
  const [when, what, which] = name.split(/(?=[A-Z])/);
  return `${when ?? ''} the ${what === 'Project' ? 'project' : 'hosts'} ${which === 'Start' ? 'start' : 'stop'}`;
}
