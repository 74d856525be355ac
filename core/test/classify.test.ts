import { expect, test } from '@jest/globals';
import { decide } from '../src/decide.js';
import { isMlnError } from '../src/errors.js';
import type { LoadedPlugin, Mln } from '../src/kernel.js';
import { claim, type Project, type Unit } from '../src/project.js';
import { readProject } from '../src/read-project.js';
import { classify } from '../src/upgrade/classify.js';
import type { UpgradeConsent, UpgradeItem } from '../src/upgrade/items.js';
import { fakeMln } from './fake-hypervisor.js';

/** Two hypervisors and two stores, and keywords that say what their change costs. */
const platforms: LoadedPlugin = {
  name: 'platforms',
  version: '1.0.0',
  api: '^1.0.0',
  source: 'platforms',
  options: {},
  plugin: ({ hooks }) => {
    hooks.keywords.tap('platforms', (keywords) => {
      keywords.declare(
        { name: 'xen', in: ['host'], kind: 'flag', help: 'A flag that claims.' },
        { name: 'lvm', in: ['host'], kind: 'flag', help: 'A flag that chooses a store.' },
        { name: 'cow', in: ['host'], kind: 'word', help: 'An image that disks stand on.' },
        { name: 'policy', in: ['host'], kind: 'text', help: 'A text in the guest.' },
        { name: 'watch', in: ['host', 'switch'], kind: 'flag', upgrade: 'live', help: 'A flag for others.' },
        { name: 'card', in: ['network'], kind: 'word', upgrade: 'restart', help: 'A word for the start.' },
      );
    });
    hooks.resolveUnit.tap('platforms', (unit, block): Unit => {
      if (unit.kind === 'switch') return claim(unit, 'uml');
      const xen = block.flag('xen') === true;
      const image = unit.keywords['cow'];
      const disks = unit.disks.map((disk, index) => ({
        ...disk,
        device: `/dev/${xen ? 'xvd' : 'ubd'}${'abcd'.charAt(index)}`,
        ...(block.flag('lvm') === true ? { store: 'lvm' } : {}),
        ...(typeof image === 'string' && disk.role === 'root' ? { store: 'cow', share: { image } } : {}),
      }));
      return claim(unit, xen ? 'xen' : 'uml', { disks, console: xen ? 'hvc0' : 'tty0' });
    });
  },
};

const kernel: Promise<Mln> = fakeMln('/nowhere', [platforms]);

async function project(text: string, home: string | null = null): Promise<Project> {
  const read = await readProject(await kernel, '/home/p.mln', { text: `global { project p }\n${text}` });
  return { ...read.project, home };
}

/** What is done with each unit: `web edit`; `(was NAME)`, `from > to`, and who notices behind it. */
async function classes(old: Project, fresh: Project, consent: UpgradeConsent = {}): Promise<readonly string[]> {
  const built = decide(old, null, 'seed');
  const items = classify(built, decide(fresh, built), (await kernel).keywords, consent);
  for (const item of items) expect(item.stops).toBe(!['none', 'live', 'new'].includes(item.class));
  return items.map(line);
}

function line({ name, class: cost, was, from, to, notices }: UpgradeItem): string {
  const parts = [
    was === null ? '' : ` (was ${was})`,
    from === undefined ? '' : ` ${from ?? '-'} > ${to ?? '-'}`,
    notices.length > 0 ? ` noticed by ${notices.join(', ')}` : '',
  ];
  return `${name} ${cost}${parts.join('')}`;
}

const one = (says: string): string => `host a { ${says} }`;
const card = (says: string): string => `host a { network eth0 { switch s; ${says} } }\nswitch s { }\nswitch t { }`;

const ofOneHost: readonly (readonly [what: string, cost: string, old: string, fresh: string])[] = [
  ['nothing', 'none', one('memory 64M'), one('memory 65536K')],
  ['where it stands', 'none', one('memory 64M'), `\n\n${one('\n memory 64M')}`],
  ['boot_order', 'live', one('boot_order 1'), one('boot_order 2')],
  ['term', 'live', one(''), one('term screen')],
  ['startup', 'live', one(''), one('startup { echo }')],
  ['shutdown', 'live', one('shutdown { echo }'), one('')],
  ['a superclass', 'live', one(''), `superclass s { }\n${one('superclass s')}`],
  ['a flag that others watch', 'live', one(''), one('watch')],
  ['memory', 'restart', one('memory 64M'), one('memory 65M')],
  ['vcpus', 'restart', one(''), one('vcpus 2')],
  ['cpus', 'restart', one(''), one('cpus 0')],
  ['nice', 'restart', one('nice 1'), one('nice 2')],
  ['kernel', 'restart', one(''), one('kernel /boot/linux')],
  ['kernel with modules', 'edit', one('modules { loop }'), one('modules { loop }; kernel /boot/linux')],
  ['users', 'edit', one(''), one('users { jack }')],
  ['groups', 'edit', one(''), one('groups { staff }')],
  ['files', 'edit', one('files { f /etc/f }'), one('files { f /etc/f 600 }')],
  ['root_password', 'edit', one('root_password a'), one('root_password b')],
  ['nameserver', 'edit', one(''), one('nameserver 10.0.0.1')],
  ['modules', 'edit', one(''), one('modules { loop }')],
  ['mount', 'edit', one(''), one('mount { /srv/d.img /d }')],
  ['swap', 'edit', one('swap 64M'), one('swap 32M')],
  ['a text of a plug-in', 'edit', one(''), one('policy { x }')],
  ['several: the costliest', 'edit', one('memory 64M'), one('memory 65M; term screen; users { jack }')],
  ['size', 'resize', one('size 1G'), one('size 2G')],
  ['free_space', 'resize', one(''), one('free_space 1G')],
  ['size of what is there before', 'none', one('filesystem /d.img'), one('filesystem /d.img; size 2G')],
  ['hypervisor', 'platform', one(''), one('xen')],
  ['store', 'platform', one('lvm'), one('')],
  ['an image to stand on', 'resize', one(''), one('cow base')],
  ['another image to stand on', 'resize', one('cow base'), one('cow other')],
  ['the server', 'move - > b', one(''), one('service_host b')],
  ['the server, and more memory', 'move b > c', one('service_host b'), one('service_host c; memory 1G')],
  ['another platform on another server', 'move - > b', one(''), one('service_host b; xen')],
  ['address', 'edit', card('address 10.0.0.1/24'), card('address 10.0.0.2/24')],
  ['gateway', 'edit', card('address 10.0.0.1/24'), card('address 10.0.0.1/24; gateway 10.0.0.9')],
  ['mtu', 'edit', card(''), card('mtu 1400')],
  ['switch', 'restart', card(''), card('').replace('switch s;', 'switch t;')],
  ['bridge', 'restart', one('network eth0 { bridge br0 }'), one('network eth0 { bridge br1 }')],
  ['mac', 'restart', card(''), card('mac 02:00:00:00:00:01')],
  ['a mac that is left out again', 'none', card('mac 02:00:00:00:00:01'), card('')],
  ['a word of a card', 'restart', card(''), card('card x')],
  ['another card', 'edit', card(''), card('} network eth1 { switch t')],
  [
    'the order of cards',
    'restart',
    one('network eth0 { bridge b } network eth1 { bridge b }'),
    one('network eth1 { bridge b } network eth0 { bridge b }'),
  ],
];

test.each(ofOneHost)('%s: %s', async (_what, cost, old, fresh) => {
  const hosts = (await classes(await project(old), await project(fresh))).filter((each) => each.startsWith('a '));
  expect(hosts).toEqual([`a ${cost}`]);
});

test('a host that gets the name of its server as its own stays', async () => {
  expect(await classes(await project('host a { }', 'home'), await project(one('service_host home'), 'home'))).toEqual([
    'a live',
  ]);
});

const lan = (hosts: string, lanSays = ''): string => `${hosts}\nswitch lan { ${lanSays} }\nswitch far { }`;
const on = (name: string, says: string, at = 'lan'): string =>
  `host ${name} { network eth0 { switch ${at} } ${says} }\n`;

const ofProjects: readonly (readonly [what: string, old: string, fresh: string, expected: readonly string[]])[] = [
  [
    'who shares a switch with what stops, notices',
    lan(on('a', '') + on('b', '') + on('c', '', 'far')),
    lan(on('a', 'memory 1G') + on('b', '') + on('c', '', 'far')),
    ['far none', 'lan none', 'a restart noticed by b', 'b none', 'c none'],
  ],
  [
    'who stops as well does not notice',
    lan(on('a', '') + on('b', '') + on('c', '')),
    lan(on('a', 'memory 1G') + on('b', 'users { jack }') + on('c', 'boot_order 100')),
    ['far none', 'lan none', 'a restart noticed by c', 'b edit noticed by c', 'c live'],
  ],
  [
    'a switch that restarts takes its hosts along',
    lan(on('a', '') + on('b', '', 'far')),
    lan(on('a', '') + on('b', '', 'far'), 'hub'),
    ['far none', 'lan restart', 'a restart', 'b none'],
  ],
  [
    'what others watch of a switch does not',
    lan(on('a', '')),
    lan(on('a', ''), 'watch'),
    ['far none', 'lan live', 'a none'],
  ],
  [
    'a switch comes, another goes: who changes over restarts',
    lan(on('a', '') + on('b', '', 'far')),
    `${on('a', '', 'new')}${on('b', '', 'far')}switch new { }\nswitch far { }`,
    ['far none', 'new new', 'a restart', 'b none', 'lan removed'],
  ],
  [
    'hosts come and go: the others find it at their next start',
    lan(on('a', '') + on('b', '')),
    lan(on('a', '') + on('c', '')),
    ['far none', 'lan none', 'a live', 'c new', 'b removed noticed by a'],
  ],
  [
    'an address elsewhere is found at the next start',
    'host a { network eth0 { bridge x; address 10.0.0.1/24 } }\nhost b { }',
    'host a { network eth0 { bridge x; address 10.0.0.2/24 } }\nhost b { }',
    ['a edit', 'b live'],
  ],
  [
    'a host that was renamed keeps its disk',
    lan(on('a', '') + on('b', '')),
    lan(on('web', 'was a') + on('b', '')),
    ['far none', 'lan none', 'b live', 'web edit (was a) noticed by b'],
  ],
  ['renamed, and brought elsewhere', 'host a { }', 'host b { was a; service_host s }', ['b move (was a) - > s']],
  ['an old name that nobody has is nothing', 'host a { }', 'host a { was z }', ['a none']],
  [
    'hosts come in the new start order',
    'host a { }\nhost b { }',
    'host a { }\nhost b { boot_order 1 }',
    ['b live', 'a live'],
  ],
];

test.each(ofProjects)('%s', async (_what, old, fresh, expected) => {
  expect(await classes(await project(old), await project(fresh))).toEqual(expected);
});

async function refused(old: string, fresh: string, consent: UpgradeConsent = {}): Promise<readonly string[]> {
  try {
    await classes(await project(old), await project(fresh), consent);
    return [];
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return error.problems.map(
      ({ code, message, hint = '', place }) => `${place?.line ?? '-'} ${code} ${message}; ${hint}`,
    );
  }
}

test('what would be lost is told of all hosts at once, with its line and how to agree', async () => {
  const old = 'host a { template t1 }\nhost b { size 2G }\nhost c { free_space 2G }\nhost d { }';
  const fresh = 'host a { template t2 }\nhost b { size 1G }\nhost c { free_space 1G }\nhost d { filesystem /d.img }';
  const all = [
    '2 MLN_DATA_LOSS a: its disk would be of the template t2, no more of the template t1: what is on it now is lost; --rebuild a agrees to it',
    '3 MLN_DATA_LOSS b: its disk would be made smaller, from 2 GiB to 1 GiB; --shrink b agrees to it',
    '4 MLN_DATA_LOSS c: its disk would be made smaller, by its free space from 2 GiB to 1 GiB; --shrink c agrees to it',
    '5 MLN_DATA_LOSS d: its disk would be of /d.img, no more of the usual template: what is on it now is lost; --rebuild d agrees to it',
  ];
  expect(await refused(old, fresh)).toEqual(all);
  expect(await refused(old, fresh, { rebuild: ['a'], shrink: ['b', 'c'] })).toEqual([all[3]]);
  expect(await classes(await project(old), await project(fresh), { rebuild: ['a', 'd'], shrink: ['b', 'c'] })).toEqual([
    'a rebuild',
    'b resize',
    'c resize',
    'd rebuild',
  ]);
});

test('consent to the one loss is none to the other, and what is made anew may have any size', async () => {
  const [old, fresh] = ['host a { template t; size 2G }', 'host a { template u; size 1G }'];
  expect((await refused(old, fresh, { shrink: ['a'] })).map((each) => each.slice(0, 15))).toEqual(['2 MLN_DATA_LOSS']);
  expect(await refused(old, fresh, { rebuild: ['a'] })).toEqual([]);
});

test('what may be smaller, or not, is for those who see the disk', async () => {
  expect(await refused('host a { size 2G }', 'host a { }')).toEqual([]);
  expect(await refused('host a { }', 'host a { size 1M }')).toEqual([]);
});

test('consent that names no host is a slip', async () => {
  expect(await refused('host web { }', 'host web { }', { rebuild: ['wen'] })).toEqual([
    '- MLN_NO_UNIT --rebuild: the project has no host wen; did you mean web?',
  ]);
});
