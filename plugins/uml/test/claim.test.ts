import { expect, test } from '@jest/globals';
import { claim, type Host, type Plugin, type Project } from '@mln/core';
import uml from '@mln/plugin-uml';
import { readProject } from '../../../core/src/read-project.js';
import { testKernel, type Loaded } from '../../../test/support/test-kernel.js';

/** Claims hosts that say nothing, before uml is asked; and hosts that are called `both`. */
const other: Plugin = (mln) => {
  mln.hooks.keywords.tap('other', (keywords) => {
    keywords.declare({ name: 'other', in: ['host'], kind: 'flag', help: 'Runs the host on something else.' });
  });
  mln.hooks.resolveUnit.tap('other', (unit, block) => (block.flag('other') === true ? claim(unit, 'other') : unit));
};

const asDefault: Loaded = [uml, { default: true }];

interface Read {
  readonly project: Project;
  /** Code and message of what is doubtful. */
  readonly warnings: readonly string[];
}

async function read(body: string, plugins: readonly Loaded[] = [other, asDefault]): Promise<Read> {
  const mln = await testKernel(plugins);
  const text = `global { project lab }\n${body}\n`;
  const { project, warnings } = await readProject(mln, '/lab.mln', { text });
  return { project, warnings: warnings.map(({ code, message }) => `${code}: ${message}`) };
}

/** Who runs each host and switch. */
const claims: readonly { body: string; plugins?: readonly Loaded[]; expected: string }[] = [
  { body: 'host a { }', expected: 'a=uml' },
  { body: 'host a { uml }', expected: 'a=uml' },
  { body: 'host a { uml }', plugins: [uml], expected: 'a=uml' },
  { body: 'host a { other }', expected: 'a=other' },
  { body: 'host a { other; uml no }', expected: 'a=other' },
  { body: 'host a { other }\nhost b { }', expected: 'a=other b=uml' },
  { body: 'superclass s { other }\nhost a { superclass s; other no }', expected: 'a=uml' },
  { body: 'host a { network eth0 { switch s } }\nswitch s { }', expected: 's=uml a=uml' },
  { body: 'host a { uml; network eth0 { switch s } }\nswitch s { }', plugins: [uml], expected: 's=uml a=uml' },
  { body: 'host a { }\nswitch s { }', expected: 's=uml a=uml' },
];

test.each(claims)('$body is $expected', async ({ body, plugins, expected }) => {
  const { project } = await read(body, plugins);
  const units = [...project.switches, ...project.hosts];
  expect(units.map(({ name, hypervisor }) => `${name}=${hypervisor ?? ''}`).join(' ')).toBe(expected);
});

/** A switch, and the value of its flag vde once it is claimed. */
const spread: readonly { body: string; plugins?: readonly Loaded[]; vde: boolean | undefined }[] = [
  { body: 'host a { network eth0 { switch s } }\nhost b { network eth0 { switch s } }\nswitch s { }', vde: undefined },
  {
    body: 'host a { network eth0 { switch s } }\nhost b { service_host far; network eth0 { switch s } }\nswitch s { }',
    vde: true,
  },
  {
    body: 'host a { service_host far; network eth0 { switch s } }\nhost b { service_host far; network eth0 { switch s } }\nswitch s { }',
    vde: undefined,
  },
  { body: 'host a { network eth0 { switch s } }\nswitch s { service_host far; hub }', vde: true },
  {
    body: 'host a { network eth0 { switch s } }\nhost b { service_host far; network eth0 { switch s } }\nswitch s { socket /s }',
    vde: undefined,
  },
];

test.each(spread)('$body is a vde_switch: $vde', async ({ body, plugins, vde }) => {
  for (const options of [{ default: true }, { default: true, switch: 'uml_switch' }]) {
    const { project } = await read(body, plugins ?? [[uml, options]]);
    expect(project.switches[0]?.keywords['vde']).toBe(vde);
  }
});

const refused: readonly { body: string; plugins?: readonly Loaded[]; code: string; message: string; line: number }[] = [
  { body: 'host a { }', plugins: [uml], code: 'MLN_NO_CLAIM', message: 'no plug-in runs the host a', line: 2 },
  {
    body: 'host a { network eth0 { switch s } }\nhost b { service_host far; network eth0 { switch s } }\nswitch s {\n vde no }',
    code: 'MLN_UNSUPPORTED',
    message: 's: the parts of a switch on several servers (this machine, far) are vde_switches',
    line: 5,
  },
  { body: 'host a { uml no }', code: 'MLN_NO_CLAIM', message: 'no plug-in runs the host a', line: 2 },
  { body: 'host a { uml; other }', code: 'MLN_TWO_CLAIMS', message: 'both other and uml claim the host a', line: 2 },
  {
    body: 'host a {\n  memory 16M\n}',
    code: 'MLN_UNSUPPORTED',
    message: 'a: 16 MiB of memory are too little to boot',
    line: 3,
  },
  // What is wrong with a value is told, and nothing that follows from it.
  {
    body: 'host a {\n  network eth0 { switch $x }\n}',
    code: 'MLN_NO_VARIABLE',
    message: 'no variable $x is set here',
    line: 3,
  },
  { body: 'host a { vcpus many }', code: 'MLN_BAD_VALUE', message: 'vcpus is a whole number, not many', line: 2 },
  ...['wlan0', 'eth', 'eth100', 'ens3', 'ETH0'].map((name) => ({
    body: `host a {\n  network ${name} { switch s }\n}\nswitch s { }`,
    code: 'MLN_UNSUPPORTED',
    message: `a: the interfaces of User-Mode Linux guests are called eth0, eth1, …, not ${name}`,
    line: 3,
  })),
  {
    body: `host a { mount {\n${Array.from({ length: 8 }, (_, index) => `/${index} /${index}`).join('\n')}\n} }`,
    code: 'MLN_UNSUPPORTED',
    message: 'a: User-Mode Linux has room for 8 disks',
    line: 2,
  },
];

test.each(refused)('$message', async ({ body, plugins, code, message, line }) => {
  const attempt = read(body, plugins);
  await expect(attempt).rejects.toMatchObject({ code, problems: [{ code, message, place: { line } }] });
});

const doubtful = [
  { body: 'host a { memory 64M }', expected: [] },
  { body: 'host a { memory 47M }', expected: ['MLN_UNSUPPORTED: a: with 47 MiB of memory some boots fail'] },
  { body: 'host a { memory 24M }', expected: ['MLN_UNSUPPORTED: a: with 24 MiB of memory some boots fail'] },
  {
    body: 'host a { vcpus 2 }',
    expected: ['MLN_UNSUPPORTED: a: a User-Mode Linux guest has one processor; vcpus is not used'],
  },
  { body: 'host a { network eth0 { } }', expected: ['MLN_NO_NETWORK: eth0 is connected to nothing'] },
];

test.each(doubtful)('$body warns: $expected', async ({ body, expected }) => {
  expect((await read(body)).warnings).toEqual(expected);
});

test('a claimed host knows what its guest calls things', async () => {
  const { project } = await read('host a {\n  swap 64M\n  mount {\n/x /y\n/z /z hostfs\n}\n}');
  const [host] = project.hosts;
  expect(host).toMatchObject({ console: 'tty0', macPrefix: 'fe:fd' });
  expect(host?.disks.map(({ role, device }) => `${role} ${device ?? ''}`)).toEqual([
    'root /dev/ubda',
    'swap /dev/ubdb',
    'mount /dev/ubdc',
    'mount /disk3',
  ]);
});

/** Which modules a host loads: IPv6 is none that Debian's kernel has built in. */
const modules = [
  { body: 'network eth0 { switch s; address 10.0.0.1/24 }', expected: undefined },
  { body: 'network eth0 { switch s; address 2001:db8::1/64 }', expected: [['ipv6']] },
  {
    body: 'network eth0 { switch s; address 2001:db8::1/64 }\nmodules { dummy }',
    expected: [['ipv6'], ['dummy']],
  },
  {
    body: 'network eth0 { switch s; address 2001:db8::1/64 }\nmodules { dummy; ipv6 disable=0 }',
    expected: [['dummy'], ['ipv6', 'disable=0']],
  },
];

test.each(modules)('$body loads $expected', async ({ body, expected }) => {
  const { project } = await read(`host a {\n${body}\n}\nswitch s { }`);
  const host: Host | undefined = project.hosts[0];
  expect(host?.lists['modules']?.map(({ words }) => words)).toEqual(expected);
});
