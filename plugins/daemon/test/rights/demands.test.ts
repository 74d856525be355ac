import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { unitsOf, type Mln, type Project } from '@mln/core';
import autoenum from '@mln/plugin-autoenum';
import cfengine from '@mln/plugin-cfengine';
import lvm from '@mln/plugin-lvm';
import uml from '@mln/plugin-uml';
import xen from '@mln/plugin-xen';
import { decided, testKernel } from '../../../../test/support/test-kernel.js';
import { portable } from '../../src/portable.js';
import { beyondPaths } from '../../src/rights/allowed-paths.js';

type Demand = ReturnType<typeof portable.demandsOf>[number];

/* What a project asks of the physical host, and what of that is allowed. */

let mln: Mln;
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mln-demands-')));
beforeAll(async () => {
  mln = await testKernel([autoenum, cfengine, lvm, xen, [uml, { default: true }]]);
  for (const each of ['srv/images/deep', 'srv/imagesother', 'etc']) mkdirSync(join(folder, each), { recursive: true });
  for (const each of ['srv/images/a.img', 'srv/imagesother/b.img', 'etc/shadow', 'srv/one.img'])
    writeFileSync(join(folder, each), '');
  symlinkSync('../../etc/shadow', join(folder, 'srv/images/out'));
  symlinkSync('../../etc', join(folder, 'srv/images/etc'));
  symlinkSync('a.img', join(folder, 'srv/images/in'));
  symlinkSync('../../etc/new', join(folder, 'srv/images/dangling'));
  symlinkSync('circle', join(folder, 'srv/images/circle'));
  symlinkSync('srv/images', join(folder, 'link'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function asked(body: string, units?: readonly string[]): Promise<readonly string[]> {
  const project = await decided(mln, '/srv/x.mln', `global { project p }\n${body}`);
  return lines(portable.demandsOf(mln, project, units ?? unitsOf(project).map(({ name }) => name)));
}

function lines(demands: readonly Demand[]): readonly string[] {
  return demands.map(({ by, path }) => `${by}: ${path ?? '-'}`);
}

const cases: readonly (readonly [body: string, demands: readonly string[]])[] = [
  ['host a { memory 64M; size 1G; swap 64M; nice 5; cpus 0-1; users { jack x } }', []],
  ['host a { startup { echo hi }; modules { dummy }; cfagent { x } }', []],
  ['host a { network eth0 { switch lan; address 10.0.0.1/24 } }\nswitch lan { }', []],
  ['host a { filesystem /srv/a.img }', ['a: filesystem: /srv/a.img']],
  ['host a { filesystem a.img }', ['a: filesystem: /srv/a.img']],
  ['host a { mount { /dev/sdb /data; /srv/share /mnt hostfs } }', ['a: mount: /dev/sdb', 'a: mount: /srv/share']],
  ['host a { kernel /boot/vmlinuz }', ['a: kernel: /boot/vmlinuz']],
  ['host a { kernel bash }', ['a: kernel: -']],
  ['host a { template /srv/t.img }', ['a: template: /srv/t.img']],
  ['host a { template debian@1.0 }', []],
  ['host a { files { /etc/shadow /stolen; ../x /y; www /var/www } }', ['a: files: /etc/shadow', 'a: files: -']],
  ['host a { network eth0 { bridge br0 } }', ['a: eth0: bridge: /sys/class/net/br0']],
  ['host a { network eth0 { tun_iface tap0 } }', ['a: eth0: tun_iface: /sys/class/net/tap0']],
  ['host a { network eth0 { tun_address 10.0.0.254 } }', ['a: eth0: tun_address: -']],
  ['host a { network eth0 { slirp } }', ['a: eth0: slirp: -']],
  ['host a { network eth0 { slirp no; switch lan } }\nswitch lan { }', []],
  ['switch lan { bridge br0 }', ['lan: bridge: /sys/class/net/br0']],
  ['switch lan { tap tap0 }', ['lan: tap: /sys/class/net/tap0']],
  ['switch lan { socket /run/others.ctl }', ['lan: socket: /run/others.ctl']],
  ['host a { xen; ramdisk /boot/initrd }', ['a: ramdisk: /boot/initrd']],
  ['host a { xen; xen_extra { disk = [ "phy:/dev/sda,xvdz,w" ] } }', ['a: xen_extra: -']],
  ['host a { lvm; lvm_vg vg0 }', ['a: lvm_vg: /dev/vg0']],
  ['host a { lvm }', ['a: lvm_vg: /dev/mln-images']],
  [
    'superclass s { filesystem /srv/s.img }\nglobal { beforeProjectStart { touch /x }\n afterProjectStop { y } }\nhost a { superclass s }',
    ['beforeProjectStart: -', 'afterProjectStop: -', 'a: filesystem: /srv/s.img'],
  ],
];

test.each(cases)('%s', async (body, demands) => {
  expect([...(await asked(body))].sort()).toEqual([...demands].sort());
});

test('only units that are named are asked; hook blocks always', async () => {
  const body = 'host a { kernel /a }\nhost b { kernel /b }\nswitch lan { tap t }\nglobal { afterHostsStart { x } }';
  expect(await asked(body, ['b'])).toEqual(['afterHostsStart: -', 'b: kernel: /b']);
  expect(await asked(body, ['lan', 'c'])).toEqual(['afterHostsStart: -', 'lan: tap: /sys/class/net/t']);
});

test('every keyword that names something of the physical host, and none else, says so', () => {
  const places = mln.keywords.places();
  const said = places.flatMap((place) =>
    mln.keywords
      .of(place)
      .flatMap(({ name, host, columns = [] }) =>
        host !== undefined || columns.some(({ copied }) => copied) ? [`${place} ${name}`] : [],
      ),
  );
  const hooks = ['Project', 'Hosts'].flatMap((what) =>
    ['Start', 'Stop'].flatMap((when) => [`global before${what}${when}`, `global after${what}${when}`]),
  );
  expect(said.sort()).toEqual(
    [
      ...hooks,
      ...['filesystem', 'kernel', 'mount', 'files', 'ramdisk', 'xen_extra', 'lvm_vg'].map((name) => `host ${name}`),
      ...['bridge', 'tun_iface', 'tun_address', 'slirp'].map((name) => `network ${name}`),
      ...['bridge', 'tap', 'socket'].map((name) => `switch ${name}`),
    ].sort(),
  );
});

test('a project that was made by hand hides nothing', async () => {
  const project = await decided(mln, '/srv/x.mln', 'global { project p }\nhost a { }\nhost b { lvm }');
  const [a, b] = project.hosts;
  if (!a || !b) throw new Error('there are two');
  const disk = a.disks[0];
  if (!disk) throw new Error('there is one');
  const hostile: Project = {
    ...project,
    hosts: [
      {
        ...a,
        disks: [
          { ...disk, path: '../../../etc/shadow' },
          { ...disk, path: '/dev/sda' },
          { ...disk, standsOn: '/etc/shadow' },
        ],
      },
      { ...b, keywords: { ...b.keywords, lvm_vg: '../dev/sda', kernel: '/boot/../etc/x' } },
    ],
  };
  expect(lines(portable.demandsOf(mln, hostile, ['a', 'b']))).toEqual([
    'b: lvm_vg: -',
    'b: kernel: /boot/../etc/x',
    'a: disk: -',
    'a: disk: /dev/sda',
    'a: disk: /etc/shadow',
  ]);
});

/** Paths below the test's folder, with what is allowed there: are they covered? */
const paths: readonly (readonly [path: string, allowed: readonly string[], covered: boolean])[] = [
  ['srv/images/a.img', ['srv/images'], true],
  ['srv/images/a.img', ['srv/images/'], true],
  ['srv/images/a.img', ['srv/images/a.img'], true],
  ['srv/images', ['srv/images'], true],
  ['srv//images/./a.img', ['srv/images'], true],
  ['srv/images/new.img', ['srv/images'], true],
  ['srv/images/none/new.img', ['srv/images'], true],
  ['srv/images/in', ['srv/images'], true],
  ['link/a.img', ['srv/images'], true],
  ['srv/images/a.img', ['link'], true],
  ['srv/one.img', ['srv/images', 'srv/one.img'], true],
  ['srv/imagesother/b.img', ['srv/images'], false],
  ['srv', ['srv/images'], false],
  ['srv/images/a.img', [], false],
  ['srv/images/a.img', ['srv/images/a.img/x'], false],
  ['srv/images/../imagesother/b.img', ['srv/images'], false],
  ['srv/images/../images/a.img', ['srv/images'], false],
  ['srv/images/none/../../imagesother/b.img', ['srv/images'], false],
  ['srv/images/..', ['srv/images'], false],
  ['srv/images/out', ['srv/images'], false],
  ['srv/images/etc/shadow', ['srv/images'], false],
  ['srv/images/etc/new', ['srv/images'], false],
  ['srv/images/dangling', ['srv/images'], false],
  ['srv/images/circle', ['srv/images'], false],
  ['srv/images/a.img/x', ['srv/images'], false],
  ['srv/images/a.img\0.img', ['srv/images'], false],
  [`srv/images/${'x'.repeat(5000)}`, ['srv/images'], false],
];

test.each(paths)('%j with %j allowed: %s', async (path, allowed, covered) => {
  const demand: Demand = { by: 'a', path: `${folder}/${path}`, what: '' };
  const beyond = await beyondPaths(
    [demand],
    allowed.map((each) => `${folder}/${each}`),
  );
  expect(beyond).toEqual(covered ? [] : [demand]);
});

test('what is no path is never covered; with / all paths are', async () => {
  const raw: Demand = { by: 'a', path: null, what: 'raw' };
  const relative: Demand = { by: 'a', path: 'etc/shadow', what: '' };
  const path: Demand = { by: 'a', path: '/etc/hostname', what: '' };
  expect(await beyondPaths([raw, path, relative], ['/'])).toEqual([raw, relative]);
});
