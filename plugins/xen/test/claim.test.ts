import { expect, test } from '@jest/globals';
import { isMlnError, type Project } from '@mln/core';
import uml from '@mln/plugin-uml';
import xen from '@mln/plugin-xen';
import { decide } from '../../../core/src/decide.js';
import { operate } from '../../../core/src/operate.js';
import { readProject } from '../../../core/src/read-project.js';
import { testKernel } from '../../../test/support/test-kernel.js';

async function resolved(
  text: string,
  options: Readonly<Record<string, unknown>> = {},
  rehearse = false,
): Promise<Project> {
  const mln = await testKernel([
    [xen, options],
    [uml, { default: true }],
  ]);
  return (await readProject(mln, '/x.mln', { text: `global { project p }\n${text}`, rehearse })).project;
}

async function codes(act: Promise<unknown>): Promise<string[]> {
  try {
    await act;
    return [];
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return error.problems.map(({ code, message }) => `${code} ${message}`);
  }
}

test('xen and hvm claim a host; xen no takes an inherited one away', async () => {
  const { hosts } = await resolved(
    'superclass x { xen; network eth0 { bridge b } }\nhost a { superclass x; swap 1G }\nhost b { superclass x; xen no; network eth0 { switch s } }\nhost c { hvm }\nhost d { xen no }\nswitch s { }',
  );
  expect(hosts.map(({ name, hypervisor }) => `${name} ${hypervisor ?? ''}`)).toEqual([
    'a xen',
    'b uml',
    'c xen',
    'd uml',
  ]);
  const [a] = hosts;
  expect(a?.disks.map(({ role, device }) => `${role} ${device ?? ''}`)).toEqual(['root /dev/xvda', 'swap /dev/xvdb']);
  expect([a?.console, a?.macPrefix]).toEqual(['hvc0', '00:16:3e']);
});

test('a generated hardware address is one of Xen’s', async () => {
  const project = decide(await resolved('host a { xen; network eth0 { bridge b } }'), null, 'fixed');
  expect(project.hosts[0]?.interfaces[0]?.mac).toMatch(/^00:16:3e(:[0-9a-f]{2}){3}$/);
});

test('an interface that names no network is on the usual bridge, or on that of the option', async () => {
  const text = 'host a { xen; network eth0 { } network eth1 { switch s } network eth2 { bridge b } }\nswitch s { }';
  const bridges = async (options: Readonly<Record<string, unknown>>) =>
    (await resolved(text, options)).hosts[0]?.interfaces.map(({ bridge }) => bridge);
  expect(await bridges({})).toEqual(['xenbr0', null, 'b']);
  expect(await bridges({ bridge: 'br9' })).toEqual(['br9', null, 'b']);
});

test('a switch takes the platform of its hosts; it cannot have two', async () => {
  const { switches } = await resolved('host a { xen; network eth0 { switch s } }\nswitch s { }\nswitch t { }');
  expect(switches.map(({ name, hypervisor }) => `${name} ${hypervisor ?? ''}`)).toEqual(['s xen', 't uml']);
  const mixed = 'host a { xen; network eth0 { switch s } }\nhost b { network eth0 { switch s } }\nswitch s { }';
  expect(await codes(resolved(mixed))).toEqual(['MLN_TWO_CLAIMS both xen and uml claim the switch s']);
});

test('a host cannot be claimed by two', async () => {
  expect(await codes(resolved('host a { xen; uml }'))).toEqual(['MLN_TWO_CLAIMS both xen and uml claim the host a']);
});

test('more disks than letters are refused', async () => {
  const mounts = Array.from({ length: 26 }, (_, index) => `/dev/d${index} /m${index}`).join('\n');
  expect(await codes(resolved(`host a { xen; mount {\n${mounts}\n} }`))).toEqual([
    'MLN_UNSUPPORTED a: a Xen guest has room for 26 disks',
  ]);
});

test('a rehearsal runs on User-Mode Linux, without what only Xen has', async () => {
  const project = await resolved('host a { xen; ramdisk /r; xen_extra { x } network eth0 { bridge b } }', {}, true);
  const [a] = project.hosts;
  expect([a?.hypervisor, a?.keywords['xen'], a?.keywords['ramdisk'], a?.text['xen_extra']]).toEqual([
    'uml',
    false,
    undefined,
    undefined,
  ]);
  expect(project.switches.map(({ name, hypervisor }) => `${name} ${hypervisor ?? ''}`)).toEqual(['b uml']);
});

test('a build is refused before anything is touched', async () => {
  const mln = await testKernel([xen, [uml, { default: true }]], { projects: '/nobody/made/this' });
  const text = `global { project p }\n${['a', 'b', 'c', 'd', 'e'].map((name) => `host ${name} { xen }`).join('\n')}\nhost z { }`;
  const project = decide((await readProject(mln, '/x.mln', { text })).project, null, 'fixed');
  expect(await codes(operate(mln, 'build', project, { source: text }, () => undefined))).toEqual([
    'MLN_UNSUPPORTED a, b, c and 2 more: this version of mln reads and plans Xen hosts, but does not build them',
  ]);
});
