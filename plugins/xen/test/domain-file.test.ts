import { expect, test } from '@jest/globals';
import { isMlnError } from '@mln/core';
import xen from '@mln/plugin-xen';
import { createScripts } from '../../../core/src/scripts.js';
import { decided, testKernel } from '../../../test/support/test-kernel.js';
import { xlPart, xlString } from '../src/xl-text.js';

/** The lines of the domain file of host a. */
async function lines(body: string, options: Readonly<Record<string, unknown>> = {}): Promise<readonly string[]> {
  const mln = await testKernel([[xen, options]]);
  const lan = body.includes('switch s') ? '\nswitch s { }' : '';
  const project = await decided(mln, '/x.mln', `global { project p }\nhost a { xen\n${body} }${lan}`);
  const { scripts, files } = createScripts();
  for (const host of project.hosts) mln.hooks.emitScripts.call(host, scripts, project);
  return files.find(({ path }) => path === 'domain.cfg')?.text.split('\n') ?? [];
}

const kernelLines = (type: string, kernel: string, ...ramdisk: string[]): string[] => [
  `type = "${type}"`,
  `kernel = "${kernel}"`,
  ...ramdisk.map((path) => `ramdisk = "${path}"`),
  'root = "/dev/xvda ro"',
  'extra = "console=hvc0 net.ifnames=0"',
];

const cases: readonly [body: string, options: Record<string, unknown>, expected: readonly string[], absent?: RegExp][] =
  [
    ['', {}, kernelLines('pv', '/vmlinuz', '/initrd.img')],
    ['pvh', {}, kernelLines('pvh', '/vmlinuz', '/initrd.img')],
    ['', { type: 'pvh' }, ['type = "pvh"']],
    ['pvh no', { type: 'pvh' }, ['type = "pv"']],
    ['kernel /k', {}, kernelLines('pv', '/k'), /^ramdisk/m],
    ['kernel /k; ramdisk /r', {}, kernelLines('pv', '/k', '/r')],
    ['kernel /vmlinuz', {}, kernelLines('pv', '/vmlinuz', '/initrd.img')],
    ['', { kernel: '/boot/k' }, kernelLines('pv', '/boot/k'), /^ramdisk/m],
    ['', { kernel: '/boot/k', ramdisk: '/boot/r' }, kernelLines('pv', '/boot/k', '/boot/r')],
    ['kernel /own', { kernel: '/boot/k', ramdisk: '/boot/r' }, kernelLines('pv', '/own'), /^ramdisk/m],
    ['hvm', {}, ['type = "hvm"', 'boot = "c"', 'serial = "pty"', 'vnc = 0'], /^(kernel|ramdisk|root|extra)/m],
    ['hvm; kernel /k', {}, kernelLines('hvm', '/k'), /^(boot|serial)/m],
    [
      'hvm; vncdisplay 0; vncpasswd "a,b"; vnckeymap no',
      {},
      ['vnc = 1', 'vncdisplay = 0', 'vncunused = 0', 'vncpasswd = "a,b"', 'keymap = "no"'],
    ],
    [
      'vncdisplay 7; vncpasswd x; vnckeymap no',
      {},
      ['  "vnc=1, vncdisplay=7, vncunused=0, vncpasswd=x, keymap=no",'],
      /^vnc/m,
    ],
    ['vncpasswd x', {}, ['  "vnc=1, vncpasswd=x",']],
    ['vnckeymap de', {}, [], /vfb|vnc/],
    ['memory 100M; vcpus 3; cpus 0-3,^1', {}, ['memory = 100', 'vcpus = 3', 'cpus = "0-3,^1"']],
    [
      '',
      {},
      ['memory = 128', 'vif = []', 'on_poweroff = "destroy"', 'on_reboot = "restart"', 'on_crash = "destroy"'],
      /^(vcpus|cpus|maxmem)/m,
    ],
    [
      'swap 1M; mount {\n/dev/sdb1 /data\n"/a b,c #1" /b ext4 noatime,ro\n/c /c ext4 errors=remount-ro\n}',
      {},
      [
        '  "format=raw, vdev=xvda, access=rw, target=/projects/p/a/root.img",',
        '  "format=raw, vdev=xvdb, access=rw, target=/projects/p/a/swap.img",',
        '  "format=raw, vdev=xvdc, access=rw, target=/dev/sdb1",',
        '  "format=raw, vdev=xvdd, access=ro, target=/a b,c #1",',
        '  "format=raw, vdev=xvde, access=rw, target=/c",',
      ],
    ],
    [
      'filesystem "/srv/it\'s \\"a\\" \\\\ \\$x `y`.img"',
      {},
      ['  "format=raw, vdev=xvda, access=rw, target=/srv/it\'s \\"a\\" \\\\ $x `y`.img",'],
    ],
  ];

test.each(cases.map(([body, options, expected, absent]) => [body, options, expected, absent ?? null] as const))(
  '%s %j',
  async (body, options, expected, absent) => {
    const found = await lines(body, options);
    expect(found).toEqual(expect.arrayContaining([...expected]));
    if (absent) expect(found.join('\n')).not.toMatch(absent);
  },
);

test('cards stand in the order of their names, whatever the order they are described in', async () => {
  const found = await lines(
    'network eth1 { switch s; mac 00:16:3e:00:00:01; mtu 1400 }\nnetwork eth0 { bridge br0; mac 00:16:3e:00:00:00 }\nnetwork eth2 { mac 00:16:3e:00:00:02 }',
  );
  expect(found.filter((line) => line.includes('mac='))).toEqual([
    '  "mac=00:16:3e:00:00:00, bridge=br0",',
    '  "mac=00:16:3e:00:00:01, bridge=s.p, mtu=1400",',
    '  "mac=00:16:3e:00:00:02, script=/projects/p/a/alone",',
  ]);
});

test('cards stand in the order of their numbers', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `network eth${index} { bridge b${index} }`).reverse();
  const found = (await lines(names.join('\n'))).flatMap((line) => /bridge=(\w+)/.exec(line)?.[1] ?? []);
  expect(found).toEqual(Array.from({ length: 12 }, (_, index) => `b${index}`));
});

test('the project’s own lines stand last: xl takes the last of two', async () => {
  const found = await lines('xen_extra {\n  on_crash = "restart"\n  # of two\n}');
  expect(found.slice(-4)).toEqual(['# The project’s own lines.', 'on_crash = "restart"', '# of two', '']);
  expect(found.indexOf('on_crash = "destroy"')).toBeGreaterThan(0);
});

test.each([
  ['mount {\n"/a," /b\n}', 'a: a Xen guest cannot have the disk "/a,"'],
  ['vncpasswd "a,b"', 'a: vncpasswd cannot be that'],
])('%s cannot be written', async (body, expected) => {
  const error: unknown = await lines(body).catch((thrown: unknown) => thrown);
  expect(isMlnError(error) && error.problems.map(({ code, message }) => [code, message])).toEqual([
    ['MLN_UNSUPPORTED', expected],
  ]);
});

test.each([
  ['', '""'],
  ['a b', '"a b"'],
  ['"', '"\\""'],
  ['\\', '"\\\\"'],
  ['\\n', '"\\\\n"'],
  ['\n', '"\\n"'],
  ["it's #1; $x `y` %s", '"it\'s #1; $x `y` %s"'],
  ['é\t', '"é\t"'],
])('%j is written as %s', (text, expected) => {
  expect(xlString(text)).toBe(expected);
});

test.each(['a,b', 'a\nb', ' a', 'a '])('%j cannot be a part of a list', (text) => {
  expect(() => xlPart('bridge', text, { what: 'x', place: null })).toThrow(`x cannot be ${JSON.stringify(text)}`);
});
