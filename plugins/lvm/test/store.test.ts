import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { isMlnError, type Host, type Mln, type Project, type Store } from '@mln/core';
import lvm from '@mln/plugin-lvm';
import uml from '@mln/plugin-uml';
import { decide } from '../../../core/src/decide.js';
import { readProject } from '../../../core/src/read-project.js';
import { testKernel } from '../../../test/support/test-kernel.js';
import { fakeLvm, type FakeLvm } from './fake-lvm.js';

const MiB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'mln-lvm-'));
const template = join(folder, 'template.img');
writeFileSync(template, '');
truncateSync(template, 16 * MiB);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

let machine: FakeLvm;
beforeEach(() => {
  machine = fakeLvm({ vg0: 100 * MiB, vg1: 20 * MiB });
});

interface World {
  readonly mln: Mln;
  readonly project: Project;
  /** The store of a host's disk, while its build is staged or when it is in place. */
  readonly store: (staged?: boolean, role?: string) => Store;
}

async function open(body = 'lvm_vg vg0', options: Record<string, unknown> = {}, secret = 'fixed'): Promise<World> {
  const mln = await testKernel(
    [
      [lvm, options],
      [uml, { default: true }],
    ],
    { projects: folder, shell: machine.shell },
  );
  const read = await readProject(mln, '/x.mln', { text: `global { project p }\nhost a { lvm; ${body} }` });
  const project = { ...decide(read.project, null, 'fixed'), secret, directory: join(folder, 'p') };
  const [host] = project.hosts as [Host];
  return {
    mln,
    project,
    store(staged = true, role = 'root') {
      const disk = host.disks.find((each) => each.role === role);
      const directory = staged ? join(folder, '.p.new') : project.directory;
      const found = disk && mln.hooks.disk.call(disk, host, { ...project, directory });
      if (!found) throw new Error('no store');
      return found;
    },
  };
}

/** The code and words of what is refused. */
async function refused(act: Promise<unknown>): Promise<string> {
  return act.then(
    () => 'nothing',
    (error: unknown) => {
      if (!isMlnError(error)) throw error;
      return `${error.code} ${error.message}`;
    },
  );
}

const ours = (): string[] => machine.volumes.get('vg0/a.p')?.tags ?? [];

describe('a thick copy', () => {
  test('is wiped, and called by its own name only when the build is in place', async () => {
    const { store } = await open();
    await store().create(template, 20 * MiB);
    expect(store().path).toBe('/dev/vg0/a.p+new');
    expect(machine.list()).toEqual(['vg0/a.p+new 20']);
    expect(machine.calls).toEqual([
      expect.stringMatching(
        /^lvcreate --yes --wipesignatures y --size 20971520b --name a\.p\+new --addtag mln:p:a --addtag mln-id:[0-9a-f]{16} vg0$/,
      ),
      'blkdiscard --zeroout /dev/vg0/a.p+new',
      `dd if=${template} of=/dev/vg0/a.p+new bs=1M conv=sparse,notrunc,nocreat,fsync status=none`,
    ]);
    await store(false).place?.();
    expect(store(false).path).toBe('/dev/vg0/a.p');
    expect(machine.list()).toEqual(['vg0/a.p 20']);
  });

  test('takes the place of the earlier one, and once is enough', async () => {
    const { store } = await open();
    await store().create(template, 16 * MiB);
    await store(false).place?.();
    await store().create(template, 24 * MiB);
    expect(machine.list()).toEqual(['vg0/a.p 16', 'vg0/a.p+new 24']);
    await store(false).place?.();
    const done = machine.calls.length;
    await store(false).place?.();
    expect(machine.list()).toEqual(['vg0/a.p 24']);
    expect(machine.calls.length).toBe(done);
  });

  test.each(['lvremove', 'lvrename'])('placed again after a kill behind %s, it is there', async (call) => {
    const { store } = await open();
    await store().create(template, 16 * MiB);
    await store(false).place?.();
    await store().create(template, 24 * MiB);
    machine.fail = { call, after: true };
    await expect(store(false).place?.()).rejects.toThrow();
    machine.fail = null;
    await store(false).place?.();
    expect(machine.list()).toEqual(['vg0/a.p 24']);
  });

  test('takes a size that is no whole number of sectors', async () => {
    const { store } = await open();
    await store().create(null, 1000);
    expect(machine.calls[0]).toContain('--size 1024b');
  });

  test.each(['lvcreate', 'blkdiscard', 'dd'])('leaves nothing where %s fails', async (call) => {
    const { store } = await open();
    machine.fail = { call, after: true };
    await expect(store().create(template, 16 * MiB)).rejects.toThrow('it fails');
    expect(machine.list()).toEqual([]);
  });

  test('begins anew over what a killed build has left', async () => {
    const { store } = await open();
    await store().create(template, 16 * MiB);
    await store().create(template, 24 * MiB);
    expect(machine.list()).toEqual(['vg0/a.p+new 24']);
  });

  test('of a group that is full says how much is free', async () => {
    const { store } = await open('lvm_vg vg1');
    expect(await refused(store().create(template, 24 * MiB))).toBe(
      'MLN_NO_SPACE the volume group vg1 is full: 5 extents are free',
    );
    expect(machine.list()).toEqual([]);
  });
});

describe('a snapshot', () => {
  test('stands on a volume of its template and size, imported once and read-only', async () => {
    const { store } = await open('lvm_vg vg0; lvm_snapshot');
    await store().create(template, 20 * MiB);
    const [origin = ''] = machine.volumes.keys();
    expect(origin).toMatch(/^vg0\/template\+template\.img\+[0-9a-f]{8}$/);
    expect(machine.list()).toEqual([`${origin} 20`, `vg0/a.p+new 20 of ${origin.slice(4)}`]);
    expect(machine.calls).toContain(`lvchange --permission r ${origin}+new`);
    expect(machine.calls.at(-1)).toMatch(/^lvcreate --yes --snapshot --extents 100%ORIGIN --name a\.p\+new /);
    expect(machine.volumes.get('vg0/a.p+new')?.image).toBe(template);
    await store().remove();
    await store().create(template, 20 * MiB);
    expect(machine.calls.filter((call) => call.startsWith('dd '))).toHaveLength(1);
  });

  test('of a template whose import was killed begins the import anew', async () => {
    const { store } = await open('lvm_vg vg0; lvm_snapshot');
    machine.fail = { call: 'lvchange' };
    await expect(store().create(template, 16 * MiB)).rejects.toThrow('it fails');
    expect(machine.list()).toEqual([]);
    machine.fail = null;
    await store().create(template, 16 * MiB);
    const [origin = ''] = machine.volumes.keys();
    machine.volumes.clear();
    machine.add(`${origin}+new`, { tags: ['mln-template:template.img'] });
    await store().create(template, 16 * MiB);
    expect(machine.list()[0]).toBe(`${origin} 16`);
  });

  test('is not made larger: that would be its own area alone', async () => {
    const { store } = await open('lvm_vg vg0; lvm_snapshot');
    await store().create(template, 16 * MiB);
    await store(false).place?.();
    expect(await refused(store(false).grow(32 * MiB))).toMatch(/^MLN_UNSUPPORTED the volume vg0\/a\.p cannot be made/);
  });

  test('that somebody has made of a host’s volume keeps it from being removed', async () => {
    const { store } = await open();
    await store().create(template, 16 * MiB);
    await store(false).place?.();
    machine.add('vg0/backup', { origin: 'a.p' });
    await store().create(template, 16 * MiB);
    const words = 'MLN_IMAGE_IN_USE the volume vg0/a.p is not removed: snapshots stand on it: backup';
    expect(await refused(store(false).remove())).toBe(words);
    expect(await refused(store(false).place?.() ?? Promise.resolve())).toBe(words);
    expect(machine.list()).toEqual(['vg0/a.p 16', 'vg0/backup 4 of a.p', 'vg0/a.p+new 16']);
  });
});

describe('in a thin pool', () => {
  const options = { volumeGroup: 'vg0', thinPool: 'pool' };

  test('a copy is not wiped', async () => {
    const { store } = await open('', options);
    await store().create(template, 40 * MiB);
    expect(machine.calls[0]).toMatch(/^lvcreate --yes --virtualsize 41943040b --thinpool pool --name a\.p\+new /);
    expect(machine.calls.some((call) => call.startsWith('blkdiscard'))).toBe(false);
  });

  test('snapshots of all sizes stand on one volume, and grow', async () => {
    const { store } = await open('lvm_snapshot', options);
    await store().create(template, 40 * MiB);
    const [origin = ''] = machine.volumes.keys();
    expect(machine.list()).toEqual([`${origin} 16`, `vg0/a.p+new 40 of ${origin.slice(4)}`]);
    await store(false).place?.();
    await store(false).grow(50 * MiB);
    expect(machine.list()[1]).toBe(`vg0/a.p 52 of ${origin.slice(4)}`);
    const done = machine.calls.length;
    await store(false).grow(51 * MiB);
    expect(machine.calls.length).toBe(done);
  });
});

describe('somebody else’s volume of a host’s name', () => {
  const strangers: readonly [what: string, tags: readonly string[]][] = [
    ['without tags', []],
    ['of another tool', ['precious']],
    ['of a project of this name elsewhere', ['mln:p:a', 'mln-id:0123456789abcdef']],
  ];

  test.each(strangers)('%s is never touched', async (_, tags) => {
    const { store } = await open();
    for (const name of ['a.p', 'a.p+new']) machine.add(`vg0/${name}`, { tags: [...tags] });
    expect(await store(false).exists()).toBe(false);
    const acts = [
      store().create(template, 16 * MiB),
      store().remove(),
      store(false).remove(),
      store(false).grow(64 * MiB),
      store(false).place?.() ?? Promise.resolve(),
    ];
    for (const act of acts) expect(await refused(act)).toMatch(/^MLN_NOT_OURS the volume vg0\/a\.p/);
    // To make one of a name that is taken does nothing.
    expect(machine.calls).toEqual([expect.stringMatching(/^lvcreate .* --name a\.p\+new /)]);
    expect(machine.list()).toEqual(['vg0/a.p 4', 'vg0/a.p+new 4']);
  });

  test('in the place of one that a build replaces is not removed', async () => {
    const { store } = await open();
    await store().create(template, 16 * MiB);
    machine.add('vg0/a.p', { tags: ['precious'] });
    expect(await refused(store(false).place?.() ?? Promise.resolve())).toMatch(/^MLN_NOT_OURS .* tagged precious$/);
    expect(machine.list()).toEqual(['vg0/a.p+new 16', 'vg0/a.p 4']);
  });

  test('is known by the project’s secret', async () => {
    const { store } = await open();
    await store().create(template, 16 * MiB);
    await store(false).place?.();
    expect(ours()).toHaveLength(2);
    expect(await (await open()).store(false).exists()).toBe(true);
    expect(await (await open('lvm_vg vg0', {}, 'another')).store(false).exists()).toBe(false);
  });
});

test('a volume that is in use is not removed', async () => {
  const { store } = await open();
  await store().create(template, 16 * MiB);
  await store(false).place?.();
  const found = machine.volumes.get('vg0/a.p');
  if (found) found.open = true;
  expect(await refused(store(false).remove())).toBe('MLN_IMAGE_IN_USE the volume vg0/a.p is in use');
});

test.each([
  [{ volumeGroup: 'vg0' }, { from: 'the volume group vg0', takes: 16 * MiB, free: 100 * MiB }],
  [{ volumeGroup: 'gone' }, { from: 'the volume group gone', takes: 16 * MiB, free: 0 }],
  [{ volumeGroup: 'vg0', thinPool: 'pool' }, null],
])('with %j the room of a disk is %j', async (options, expected) => {
  const room = (await open('', options)).store().room?.(16 * MiB) ?? null;
  expect(room && { ...room, free: await room.free() }).toEqual(expected);
});

test('a swap disk is a volume of its own, and empty', async () => {
  const { store } = await open('lvm_vg vg0; lvm_snapshot; swap 8M');
  await store(true, 'swap').create(null, 8 * MiB);
  await store(false, 'swap').place?.();
  expect(machine.list()).toEqual(['vg0/a.p-swap 8']);
});
