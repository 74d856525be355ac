import { expect, test } from '@jest/globals';
import { isMlnError, type Plugin } from '@mln/core';
import uml from '@mln/plugin-uml';
import xen from '@mln/plugin-xen';
import { decide } from '../../../core/src/decide.js';
import { readProject, type ReadOptions, type ReadProject } from '../../../core/src/read-project.js';
import { testKernel } from '../../../test/support/test-kernel.js';

type Options = Readonly<Record<string, unknown>>;

async function read(body: string, options: Options = {}, how: ReadOptions = {}): Promise<ReadProject> {
  const mln = await testKernel([
    [xen, options],
    [uml, { default: true }],
  ]);
  return readProject(mln, '/x.mln', { ...how, text: `global { project p }\n${body}` });
}

/** Who runs each host and switch; or what is wrong. */
async function platforms(body: string, how: ReadOptions = {}): Promise<string> {
  try {
    const { project } = await read(body, {}, how);
    return [...project.switches, ...project.hosts]
      .map(({ name, hypervisor }) => `${name}=${hypervisor ?? ''}`)
      .join(' ');
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return error.problems.map(({ code, message, place }) => `${place?.line ?? '-'} ${code} ${message}`).join('; ');
  }
}

const claims: readonly [body: string, expected: string][] = [
  ['host a { }', 'a=uml'],
  ['host a { xen }', 'a=xen'],
  ['host a { xen yes }', 'a=xen'],
  ['host a { xen no }', 'a=uml'],
  ['host a { hvm }', 'a=xen'],
  ['host a { hvm no }', 'a=uml'],
  ['host a { xen; hvm }', 'a=xen'],
  ['host a { xen; hvm no }', 'a=xen'],
  ['host a { pvh }', 'a=xen'],
  ['host a { pvh no }', 'a=uml'],
  ['superclass s { pvh }\nhost a { superclass s; xen no }', 'a=uml'],
  ['superclass s { xen no }\nhost a { superclass s; pvh }', 'a=xen'],
  ['host a { hvm; pvh }', '2 MLN_BAD_VALUE a: a guest is hvm or pvh, not both'],
  ['superclass s { hvm }\nhost a { superclass s; hvm no; pvh }', 'a=xen'],
  ['superclass s { xen }\nhost a { superclass s }\nhost b { superclass s; xen no }', 'a=xen b=uml'],
  ['superclass s { xen no }\nhost a { superclass s; xen }', 'a=xen'],
  ['superclass s { hvm }\nhost a { superclass s; xen no }', 'a=uml'],
  ['superclass s { xen no }\nhost a { superclass s; hvm }', 'a=xen'],
  ['superclass s { xen; hvm }\nhost a { superclass s; xen no }', 'a=uml'],
  ['superclass s { xen }\nsuperclass t { superclass s; xen no }\nhost a { superclass t }', 'a=uml'],
  ['host a { xen; network eth0 { switch s } }\nswitch s { }\nswitch t { }', 's=xen t=uml a=xen'],
  ['host a { xen; network eth0 { switch s } }\nswitch s { bridge br0 }', 's=xen a=xen'],
  ['host a { xen maybe }', '2 MLN_BAD_VALUE xen is yes or no, not maybe'],
  ['host a { xen; uml }', '2 MLN_TWO_CLAIMS both xen and uml claim the host a'],
  [
    'host a { xen; network eth0 { switch s } }\nhost b { network eth0 { switch s } }\nswitch s { }',
    '4 MLN_TWO_CLAIMS both xen and uml claim the switch s',
  ],
];

test.each(claims)('%s', async (body, expected) => {
  expect(await platforms(body)).toBe(expected);
});

/** What Xen cannot do, each told at its place. */
const refused: readonly [body: string, expected: string][] = [
  ['host a { xen\nkernel vmlinuz }', '3 MLN_BAD_VALUE a: the kernel of a Xen guest is a file, not vmlinuz'],
  ['host a { xen\ncpus some }', '3 MLN_BAD_VALUE a: cpus some are no processors'],
  ['host a { xen\ncpus 0-3,^1 }', 'a=xen'],
  ['host a { xen\ncpus all }', 'a=xen'],
  ['host a { xen\ncpus nodes:0,2 }', 'a=xen'],
  [
    'host a { xen\nmount { /srv /srv hostfs\n} }',
    '3 MLN_UNSUPPORTED a: a Xen guest cannot mount a folder of the physical host (hostfs)',
  ],
  [
    'host a { xen\nxen_extra {\n  localtime = 1; name = "x"\n} }',
    '3 MLN_BAD_VALUE a: xen_extra cannot set name: mln knows its domain by it',
  ],
  [
    'host a { xen\nxen_extra {\n  cpu_weight = 1\n  uuid = "x"\n} }',
    '3 MLN_BAD_VALUE a: xen_extra cannot set uuid: mln knows its domain by it',
  ],
  ['host a { xen\nxen_extra {\n# name = "x"\nvnclisten = "x"\n} }', 'a=xen'],
  [
    'host a { xen\nnetwork eth1 { bridge b } }',
    '3 MLN_UNSUPPORTED a has eth1, and no eth0: a Xen guest counts its interfaces without gaps',
  ],
  ['host a { xen\nnetwork eth1 { bridge b }\nnetwork eth0 { bridge b } }', 'a=xen'],
  [
    'host a { xen\nnetwork lan0 { bridge b } }',
    '3 MLN_UNSUPPORTED a: the interfaces of Xen guests are called eth0, eth1, …, not lan0',
  ],
  [
    'host a { xen\nnetwork eth00 { bridge b } }',
    '3 MLN_UNSUPPORTED a: the interfaces of Xen guests are called eth0, eth1, …, not eth00',
  ],
  ['host a { xen; network eth0 {\nbridge a/b } }', '3 MLN_BAD_NAME a: "a/b" cannot be the name of a bridge'],
  [
    'host a { xen; network eth0 { switch s } }\nswitch s {\ntap tap0 }',
    '4 MLN_UNSUPPORTED s: the switch of Xen guests is a bridge, and takes no tap',
  ],
  [
    'host a { xen; network eth0 { switch s } }\nswitch s {\nsocket /run/s }',
    '4 MLN_UNSUPPORTED s: the switch of Xen guests is a bridge, and takes no socket',
  ],
  [
    'host a { xen; network eth0 { switch s } }\nswitch s {\nbridge sixteen-letters- }',
    '4 MLN_BAD_NAME s: "sixteen-letters-" cannot be the name of a bridge',
  ],
  ['host a { xen; network eth0 { switch s } }\nswitch s { bridge fifteen-letters }', 's=xen a=xen'],
  [
    'host a { xen; network eth0 { switch s } network eth1 { switch t } }\nswitch s { }\nswitch t { bridge s.p }',
    '4 MLN_BAD_VALUE t and s would both be the bridge s.p',
  ],
  [
    'host a { xen; network eth0 { switch s } network eth1 { switch t } }\nswitch s { bridge b }\nswitch t { bridge b }',
    '4 MLN_BAD_VALUE t and s would both be the bridge b',
  ],
];

test.each(refused)('%s', async (body, expected) => {
  expect(await platforms(body)).toBe(expected);
});

test('two switches that would be one bridge: both places are told', async () => {
  const body =
    'host a { xen; network eth0 { switch s } network eth1 { switch t } }\nswitch s { bridge b }\nswitch t { bridge b }';
  const error: unknown = await read(body).catch((thrown: unknown) => thrown);
  expect(isMlnError(error) && error.problems.map(({ place, hint }) => [place?.line, hint])).toEqual([
    [4, 's is at /x.mln:3:1; give one of them another name, or bridge NAME'],
  ]);
});

/** What is only doubtful. */
const doubtful: readonly [body: string, expected: readonly string[]][] = [
  ['host a { xen; memory 128M }', []],
  ['host a { xen\nmemory 64M }', ['3 a: with 64 MiB of memory a kernel as large as Debian’s does not load']],
  ['host a { hvm; memory 64M }', []],
  ['host a { xen; memory 96M\nnice 5 }', ['3 a: a Xen guest is no process; nice is not used']],
];

test.each(doubtful)('%s', async (body, expected) => {
  const { warnings } = await read(body);
  expect(warnings.map(({ message, place }) => `${place?.line ?? '-'} ${message}`)).toEqual(expected);
});

test('a claimed host knows what its guest calls things', async () => {
  const { project } = await read('host a { xen; swap 1G; mount { /dev/sdb1 /data } network eth0 { bridge b } }');
  const [a] = project.hosts;
  expect(a).toMatchObject({ console: 'hvc0', macPrefix: '00:16:3e' });
  expect(a?.disks.map(({ role, device }) => `${role} ${device ?? ''}`)).toEqual([
    'root /dev/xvda',
    'swap /dev/xvdb',
    'mount /dev/xvdc',
  ]);
  expect(decide(project, null, 'fixed').hosts[0]?.interfaces[0]?.mac).toMatch(/^00:16:3e(:[0-9a-f]{2}){3}$/);
});

test.each([
  [25, 'a=xen'],
  [26, '2 MLN_UNSUPPORTED a: a Xen guest has room for 26 disks'],
])('%d mounts beside the root disk', async (count, expected) => {
  const mounts = Array.from({ length: count }, (_, index) => `/dev/d${index} /m${index}`).join('\n');
  expect(await platforms(`host a { xen; mount {\n${mounts}\n} }`)).toBe(expected);
});

const anywhere = 'host a { xen; network eth0 { } network eth1 { switch s } network eth2 { bridge b } }\nswitch s { }';

/** What an interface is connected to that names nothing. */
const bridges: readonly [options: Options, expected: readonly (string | null)[], warnings: readonly string[]][] = [
  [{ bridge: 'br9' }, ['br9', null, 'b'], []],
  [{}, [null, null, 'b'], ['2:15 MLN_NO_NETWORK eth0 is connected to nothing']],
];

test.each(bridges)('with the options %j', async (options, expected, told) => {
  const { project, warnings } = await read(anywhere, options);
  expect(project.hosts[0]?.interfaces.map(({ bridge }) => bridge)).toEqual(expected);
  expect(
    warnings.map(({ code, message, place }) => `${place?.line ?? '-'}:${place?.column ?? '-'} ${code} ${message}`),
  ).toEqual(told);
});

test('hosts that inherit an interface share its warning', async () => {
  const { warnings } = await read(
    'superclass s { xen; network eth0 { } }\nhost a { superclass s }\nhost b { superclass s }',
  );
  expect(warnings.map(({ message, hint }) => [message, hint])).toEqual([
    ['eth0 is connected to nothing', 'name a switch or a bridge, or give the xen plug-in its option bridge'],
  ]);
});

const values: readonly [body: string, keyword: string, expected: unknown][] = [
  ['ramdisk /boot/initrd', 'ramdisk', '/boot/initrd'],
  ['xen; ramdisk ../initrd', 'ramdisk', '/initrd'],
  ['xen; kernel ./linux', 'kernel', '/linux'],
  ['vncdisplay 1', 'vncdisplay', 1],
  ['vncdisplay 0', 'vncdisplay', 0],
  ['vncpasswd "a b"', 'vncpasswd', 'a b'],
  ['vnckeymap no', 'vnckeymap', 'no'],
  ['xen no', 'xen', false],
];

test.each(values)('%s', async (body, keyword, expected) => {
  const { project } = await read(`host a { ${body} }`);
  expect(project.hosts[0]?.keywords[keyword]).toBe(expected);
});

test('lines for Xen’s own configuration stay as they are written, inherited ones first', async () => {
  const { project } = await read(
    'superclass s { xen_extra {\n  on_crash = "restart"\n} }\nhost a { superclass s; xen_extra {\n  cpu_weight = 512 # half\n  usb = 1\n} }',
  );
  expect(project.hosts[0]?.text['xen_extra']).toBe('on_crash = "restart"\ncpu_weight = 512 # half\nusb = 1');
});

test.each([
  ['vncdisplay -1', '2 MLN_BAD_VALUE vncdisplay is at least 0, not -1'],
  ['vncdisplay 70000', '2 MLN_BAD_VALUE vncdisplay is at most 59635, not 70000'],
  ['vncdisplay :1', '2 MLN_BAD_VALUE vncdisplay is a whole number, not :1'],
  ['xen_extra on', '2 MLN_BAD_VALUE xen_extra takes a block'],
])('%s is refused', async (body, expected) => {
  expect(await platforms(`host a { ${body} }`)).toBe(expected);
});

test('a rehearsal runs on User-Mode Linux, without what only Xen has', async () => {
  const body =
    'superclass s { hvm; vncdisplay 1; vncpasswd x; vnckeymap no }\nhost a { superclass s; xen; ramdisk /r; pvh; xen_extra { x } network eth0 { bridge b } }';
  const { project } = await read(body, {}, { rehearse: true });
  expect(await platforms(body, { rehearse: true })).toBe('b=uml a=uml');
  const [a] = project.hosts;
  expect({ ...a?.keywords, ...a?.text }).toEqual({ xen: false, hvm: false, pvh: false, uml: true });
});

test('the same text always comes to the same project', async () => {
  const [first, second] = [await read(anywhere), await read(anywhere)];
  expect(first.project).toEqual(second.project);
});

test('nothing is said of Xen where another plug-in runs the hosts', async () => {
  const other: Plugin = ({ hooks }) => {
    hooks.resolveUnit.tap('other', (unit) => ({ ...unit, hypervisor: 'other' }));
  };
  const mln = await testKernel([other, xen]);
  const { project } = await readProject(mln, '/x.mln', { text: 'global { project p }\nhost a { xen no }' });
  expect(project.hosts[0]).toMatchObject({ hypervisor: 'other', console: null, macPrefix: null });
});
