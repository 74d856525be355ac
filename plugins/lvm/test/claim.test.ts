import { expect, test } from '@jest/globals';
import { isMlnError, type Host, type Plugin } from '@mln/core';
import lvm from '@mln/plugin-lvm';
import uml from '@mln/plugin-uml';
import { readProject, type ReadOptions } from '../../../core/src/read-project.js';
import { testKernel, type Loaded } from '../../../test/support/test-kernel.js';

type Options = Readonly<Record<string, unknown>>;

interface How extends ReadOptions {
  readonly options?: Options;
  readonly plugins?: readonly Loaded[];
  readonly project?: string;
}

async function hosts(
  body: string,
  { options = {}, plugins = [], project = 'p', ...how }: How = {},
): Promise<readonly Host[]> {
  const mln = await testKernel([...plugins, [lvm, options], [uml, { default: true }]]);
  const read = await readProject(mln, '/x.mln', { ...how, text: `global { project ${project} }\n${body}` });
  return read.project.hosts;
}

/** The disks of each host as `role store path`; or what is wrong. */
async function disks(body: string, how: How = {}): Promise<string[]> {
  try {
    return (await hosts(body, how)).flatMap((host) =>
      host.disks.map(({ role, store, path }) => `${host.name}: ${role} ${store} ${path}`),
    );
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return error.problems.map(({ code, message, place }) => `${place?.line ?? '-'} ${code} ${message}`);
  }
}

const claims: readonly [body: string, expected: readonly string[]][] = [
  ['host a { }', ['a: root cow root.img']],
  ['host a { lvm }', ['a: root lvm a.p']],
  ['host a { lvm no }', ['a: root cow root.img']],
  ['host a { lvm_vg g; lvm_snapshot }', ['a: root cow root.img']],
  ['host a { lvm; swap 1G }', ['a: root lvm a.p', 'a: swap lvm a.p-swap']],
  ['host a { lvm; mount { /dev/sdb1 /data } }', ['a: root lvm a.p', 'a: mount file /dev/sdb1']],
  ['host a { lvm; filesystem /dev/sdc1; swap 1G }', ['a: root file /dev/sdc1', 'a: swap lvm a.p-swap']],
  [
    'superclass s { lvm }\nhost a { superclass s; lvm no }\nhost b { superclass s }',
    ['a: root cow root.img', 'b: root lvm b.p'],
  ],
  ['host a { lvm perhaps }', ['2 MLN_BAD_VALUE lvm is yes or no, not perhaps']],
  [
    'host snapshot1 { lvm }',
    ['2 MLN_UNSUPPORTED snapshot1: snapshot1.p cannot be a volume: LVM keeps names with snapshot for itself'],
  ],
  [
    'host a_tdata { lvm }',
    ['2 MLN_UNSUPPORTED a_tdata: a_tdata.p cannot be a volume: LVM keeps names with _tdata for itself'],
  ],
  ['host my-snapshot { lvm }', ['my-snapshot: root lvm my-snapshot.p']],
];

test.each(claims)('%s', async (body, expected) => {
  expect(await disks(body)).toEqual(expected);
});

test('group and volume have room for what is put behind them, each hyphen counted twice', async () => {
  // 112 in all: a device's name has 127, less +kept.1234 and -real.
  const [name, project] = ['h'.repeat(46), 'p'.repeat(54)];
  const fits = `${name}.${project}`;
  const how = (options: Options): How => ({ project, options });
  expect(await disks(`host ${name} { lvm }`, how({ volumeGroup: 'g'.repeat(10) }))).toEqual([
    `${name}: root lvm ${fits}`,
  ]);
  const long = (group: string): string[] => [
    `2 MLN_UNSUPPORTED ${name}: ${fits} cannot be a volume: beside the group ${group} it may have 100 characters, and has 1 more`,
  ];
  expect(await disks(`host ${name} { lvm }`, how({ volumeGroup: 'g'.repeat(11) }))).toEqual(long('g'.repeat(11)));
  expect(await disks(`host ${name} { lvm }`, how({ volumeGroup: `${'g'.repeat(8)}-g` }))).toEqual(
    long(`${'g'.repeat(8)}-g`),
  );
});

test.each([
  ['lvm_vg near', { volumeGroup: 'far' }, 'near'],
  ['', { volumeGroup: 'far' }, 'far'],
  ['', {}, 'mln-images'],
  ['lvm_vg near', {}, 'near'],
])('lvm; %s with %j: the group is %s', async (body, options, expected) => {
  const [a] = await hosts(`host a { lvm; ${body} }`, { options });
  expect(a?.keywords['lvm_vg']).toBe(expected);
});

test('a host without LVM has no group', async () => {
  const [a] = await hosts('host a { }', { options: { volumeGroup: 'far', thinPool: 'thin' } });
  expect(a?.keywords).not.toHaveProperty('lvm_vg');
});

test.each(['a/b', '-a', '.', '..', 'a;b', 'ä', 'a b', 'x'.repeat(128)])('%s is no volume group', async (name) => {
  const superclass = `superclass s { lvm\nlvm_vg "${name}" }`;
  const told = `3 MLN_BAD_VALUE lvm_vg ${name}: not the name of a volume group`;
  expect(await disks(`${superclass}\nhost a { superclass s }\nhost b { superclass s }`)).toEqual([told]);
});

test('a disk that another plug-in keeps is not taken', async () => {
  const other: Plugin = ({ hooks }) => {
    hooks.resolveUnit.tap('other', (unit) =>
      unit.kind === 'host' ? { ...unit, disks: unit.disks.map((disk) => ({ ...disk, store: 'other' })) } : unit,
    );
  };
  expect(await disks('host a { lvm }', { plugins: [other] })).toEqual([
    '2 MLN_TWO_CLAIMS both other and lvm claim a disk of a',
  ]);
});

test('a rehearsal has files for disks', async () => {
  const body = 'host a { lvm; lvm_vg g; lvm_snapshot; swap 1G; network eth0 { bridge b } }';
  expect(await disks(body, { rehearse: true })).toEqual(['a: root cow root.img', 'a: swap file swap.img']);
  const [a] = await hosts(body, { rehearse: true });
  expect(a?.keywords).toEqual({ lvm: false, lvm_snapshot: false, uml: true });
});

test('the same text always comes to the same hosts', async () => {
  const body = 'host a { lvm; swap 1G; lvm_snapshot }';
  expect(await hosts(body)).toEqual(await hosts(body));
});
