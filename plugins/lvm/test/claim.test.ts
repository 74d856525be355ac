import { expect, test } from '@jest/globals';
import { isMlnError, type Host } from '@mln/core';
import lvm from '@mln/plugin-lvm';
import uml from '@mln/plugin-uml';
import { decide } from '../../../core/src/decide.js';
import { operate } from '../../../core/src/operate.js';
import { readProject } from '../../../core/src/read-project.js';
import { testKernel } from '../../../test/support/test-kernel.js';

const kernel = (options: Readonly<Record<string, unknown>> = {}) =>
  testKernel(
    [
      [lvm, options],
      [uml, { default: true }],
    ],
    { projects: '/nobody/made/this' },
  );

async function hosts(
  text: string,
  options: Readonly<Record<string, unknown>> = {},
  rehearse = false,
): Promise<readonly Host[]> {
  const read = await readProject(await kernel(options), '/x.mln', { text: `global { project p }\n${text}`, rehearse });
  return read.project.hosts;
}

const disks = (host: Host | undefined) => host?.disks.map(({ role, store, path }) => `${role} ${store} ${path}`);

test('the disks that mln makes are volumes; existing ones are left alone', async () => {
  const [a, b] = await hosts(
    'host a { lvm; swap 1G; mount { /dev/sdb1 /data } }\nhost b { lvm; filesystem /dev/sdc1; swap 1G }',
  );
  expect(disks(a)).toEqual(['root lvm a.p', 'swap lvm a.p-swap', 'mount file /dev/sdb1']);
  expect(disks(b)).toEqual(['root file /dev/sdc1', 'swap lvm b.p-swap']);
});

test('lvm no takes an inherited one away', async () => {
  const [a, b] = await hosts('superclass s { lvm }\nhost a { superclass s; lvm no }\nhost b { superclass s }');
  expect([disks(a), disks(b)]).toEqual([['root file root.img'], ['root lvm b.p']]);
});

test('the volume group is the host’s, that of the option, or the usual one', async () => {
  const group = async (text: string, options = {}) =>
    (await hosts(`host a { lvm; ${text} }`, options))[0]?.keywords['lvm_vg'];
  expect(await group('lvm_vg near', { volumeGroup: 'far' })).toBe('near');
  expect(await group('', { volumeGroup: 'far' })).toBe('far');
  expect(await group('')).toBe('mln-images');
});

test.each(['a/b', '-a', '..', 'a;b', 'ä'])('%s cannot be a volume group', async (name) => {
  await expect(hosts(`host a { lvm; lvm_vg "${name}" }`)).rejects.toMatchObject({ code: 'MLN_BAD_VALUE' });
});

test('a rehearsal has files for disks', async () => {
  const [a] = await hosts('host a { lvm; lvm_vg g; lvm_snapshot; swap 1G; network eth0 { bridge b } }', {}, true);
  expect(disks(a)).toEqual(['root file root.img', 'swap file swap.img']);
  expect([a?.keywords['lvm'], a?.keywords['lvm_snapshot'], a?.keywords['lvm_vg']]).toEqual([false, false, undefined]);
});

test('a build is refused before anything is touched', async () => {
  const mln = await kernel();
  const text = 'global { project p }\nhost a { lvm }';
  const project = decide((await readProject(mln, '/x.mln', { text })).project, null, 'fixed');
  const error: unknown = await operate(mln, 'build', project, { source: text }, () => undefined).catch(
    (thrown: unknown) => thrown,
  );
  expect(isMlnError(error) && error.message).toBe(
    'a: this version of mln reads and plans disks on LVM, but does not build them',
  );
});
