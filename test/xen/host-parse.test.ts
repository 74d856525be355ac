import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { unitsOf, type Disk, type Host, type Interface, type Project } from '@mln/core';
import autoenum from '@mln/plugin-autoenum';
import linux from '@mln/plugin-linux';
import lvm from '@mln/plugin-lvm';
import uml from '@mln/plugin-uml';
import xen from '@mln/plugin-xen';
import { createScripts } from '../../core/src/scripts.js';
import { decided, testKernel } from '../support/test-kernel.js';
import { openBed } from './bed.js';
import { openXl, type DomainConfig, type Xl } from './xl.js';

/*
 * The domain files of the golden projects and of the paper's case studies, read by the real xl: it says nothing of them,
 * and it has read what the project says. What xl does not know it passes over in silence, so that alone would not do.
 */

const golden = join(import.meta.dirname, '../golden');
const examples = join(import.meta.dirname, '../../examples');
const mln = await testKernel([xen, lvm, [uml, { default: true }]]);
const whole = await testKernel([linux, autoenum, xen, lvm, [uml, { default: true }]]);
let xl: Xl;

beforeAll(() => {
  xl = openXl(openBed());
}, 600_000);
afterAll(() => {
  xl.close();
});

const onXen = ({ hosts }: Project): readonly Host[] => hosts.filter(({ hypervisor }) => hypervisor === 'xen');

/** The scripts of a switch name its bridge. */
type BridgeOf = (name: string) => string;

/** What xl is to have read of a host. */
function expected(host: Host, project: Project, bridgeOf: BridgeOf): Partial<DomainConfig> {
  const { keywords } = host;
  const kernel = keywords['kernel'] ?? (keywords['hvm'] === true ? undefined : '/vmlinuz');
  const ramdisk = keywords['ramdisk'] ?? (kernel === '/vmlinuz' ? '/initrd.img' : undefined);
  const type = keywords['hvm'] === true ? 'hvm' : keywords['pvh'] === true ? 'pvh' : 'pv';
  const kibibytes = Math.ceil(host.memory / 1024 ** 2) * 1024;
  const nics = [...host.interfaces].sort(byNumber).map((each, devid) => nic(each, devid, host, project, bridgeOf));
  return {
    c_info: expect.objectContaining({
      name: `${host.name}.${project.name}`,
      type,
    }) as unknown as DomainConfig['c_info'],
    b_info: expect.objectContaining({
      max_memkb: kibibytes,
      target_memkb: kibibytes,
      ...(kernel === undefined ? {} : { kernel, cmdline: 'root=/dev/xvda ro console=hvc0 net.ifnames=0' }),
      ...(ramdisk === undefined ? {} : { ramdisk }),
      ...(keywords['vcpus'] === undefined ? {} : { max_vcpus: Number(keywords['vcpus']) }),
    }),
    disks: host.disks.map((disk) => diskOf(disk, host, project)),
    ...(nics.length === 0 ? {} : { nics }),
  };
}

function byNumber(one: Interface, other: Interface): number {
  return Number(one.name.slice(3)) - Number(other.name.slice(3));
}

function diskOf(disk: Disk, { name, keywords }: Host, { directory }: Project): Record<string, unknown> {
  const made =
    disk.store === 'lvm' ? `/dev/${String(keywords['lvm_vg'])}/${disk.path}` : join(directory, name, disk.path);
  return {
    pdev_path: disk.existing ? disk.path : made,
    vdev: disk.device?.replace('/dev/', ''),
    format: 'raw',
    ...(disk.mount?.options.split(',').includes('ro') ? {} : { readwrite: 1 }),
  };
}

function nic(
  card: Interface,
  devid: number,
  host: Host,
  project: Project,
  bridgeOf: BridgeOf,
): Record<string, unknown> {
  const bridge = card.switch === null ? card.bridge : bridgeOf(card.switch);
  return {
    devid,
    mac: card.mac,
    ...(bridge === null ? { script: join(project.directory, host.name, 'alone') } : { bridge }),
    ...(card.mtu === null ? {} : { mtu: card.mtu }),
  };
}

/** The bridge that a switch's start script makes, or looks for. */
function bridgeIn(script: string): string {
  const name = /^bridge='?(?<name>[^\s']+)'?$/m.exec(script)?.groups?.['name'];
  if (name === undefined) throw new Error(`no bridge stands in\n${script}`);
  return name;
}

const cases = readdirSync(golden).flatMap((name) => {
  const folder = join(golden, name, 'expected');
  return readdirSync(folder)
    .filter((host) => existsSync(join(folder, host, 'domain.cfg')))
    .map((host) => [name, host] as const);
});

test('there are golden domain files', () => {
  expect(cases.length).toBeGreaterThanOrEqual(10);
});

test.each(cases)('golden %s: xl reads %s as it is meant', async (name, hostName) => {
  const text = readFileSync(join(golden, name, 'project.mln'), 'utf8');
  const project = await decided(mln, `/golden/${name}/project.mln`, text);
  const [host] = project.hosts.filter((each) => each.name === hostName);
  if (!host) throw new Error(`there is no host ${hostName}`);
  const files = join(golden, name, 'expected');
  const bridgeOf: BridgeOf = (each) => bridgeIn(readFileSync(join(files, each, 'start'), 'utf8'));
  expect(xl.reads(join(files, hostName, 'domain.cfg'))).toEqual({
    code: 0,
    complaints: [],
    read: expect.objectContaining(expected(host, project, bridgeOf)) as unknown,
  });
});

describe.each([
  ['kafe', 3],
  ['renderfarm', 51],
])('examples/%s.mln', (name, count) => {
  test(`xl reads each of its ${count} hosts as it is meant`, async () => {
    const project = await decided(whole, join(examples, `${name}.mln`));
    expect(onXen(project)).toHaveLength(count);
    const filesOf = (unit: string): ReadonlyMap<string, string> => {
      const { scripts, files } = createScripts();
      const found = unitsOf(project).find((each) => each.name === unit);
      if (found) whole.hooks.emitScripts.call(found, scripts, project);
      return new Map(files.map(({ path, text }) => [path, text]));
    };
    const uuids = new Set<string>();
    for (const host of onXen(project)) {
      const said = xl.readsText(filesOf(host.name).get('domain.cfg') ?? '');
      const wanted = expected(host, project, (each) => bridgeIn(filesOf(each).get('start') ?? ''));
      expect(said).toEqual({ code: 0, complaints: [], read: expect.objectContaining(wanted) as unknown });
      uuids.add(said.read?.c_info.uuid ?? '');
    }
    expect(uuids.size).toBe(count);
  });
});

describe('xl alone says what is wrong', () => {
  const good = readFileSync(join(golden, 'xen-pv/expected/www1/domain.cfg'), 'utf8');
  const refused: readonly (readonly [
    what: string,
    from: string | RegExp,
    to: string,
    code: number,
    complaint: RegExp,
  ])[] = [
    ['a memory that is no number', /^memory = .*/m, 'memory = lots', 1, /config parsing error near .lots'/],
    ['a list without an end', /^vif = [^\]]*\]/m, 'vif = [', 1, /config parsing error near/],
    ['a type that is none', 'type = "pv"', 'type = "foo"', 1, /^Invalid domain type foo\.$/],
    ['no name', /^name = .*\n/m, '', 1, /^Domain name must be specified\.$/],
    ['no kernel', /^kernel = .*\n/m, '', 1, /^Neither kernel nor bootloader specified$/],
    [
      'an action that is none',
      /^on_poweroff = .*/m,
      'on_poweroff = "explode"',
      1,
      /Unknown on_poweroff action "explode"/,
    ],
    ['an access that is none', 'access=rw', 'access=rwz', 1, /unknown value for access: near .rwz'/],
    // It ends well with these: only what it says tells of them.
    ['a hardware address that is none', /mac=[^,"]*/, 'mac=zz', 0, /^Invalid parameter .mac'\.$/],
    ['a number of processors that is none', /$/, 'vcpus = "two"\n', 0, /parameter .vcpus' is not a valid number/],
  ];

  test('nothing, of a good file', () => {
    expect(xl.readsText(good)).toMatchObject({ code: 0, complaints: [] });
  });

  test.each(refused)('%s', (_what, from, to, code, complaint) => {
    const text = good.replace(from, to);
    expect(text).not.toBe(good);
    const said = xl.readsText(text);
    expect(said.code).toBe(code);
    expect(said.complaints.join('\n')).toMatch(new RegExp(complaint.source, 'm'));
  });

  test('a file that is not there', () => {
    expect(xl.reads('/nowhere/domain.cfg').code).toBe(3);
  });
});
