import { beforeEach, describe, expect, test } from '@jest/globals';
import { fakeLvm, type FakeLvm } from './fake-lvm.js';
import { MiB, openWorld, scratch, refused, type World } from './world.js';

const { folder, template } = scratch();

let machine: FakeLvm;
beforeEach(() => {
  machine = fakeLvm({ vg0: 100 * MiB, vg1: 20 * MiB });
});

const open = (body = 'lvm_vg vg0', options: Record<string, unknown> = {}, secret = 'fixed'): Promise<World> =>
  openWorld(machine.shell, folder, body, options, secret);
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
      `dd if=${template} of=/dev/vg0/a.p+new bs=64K conv=sparse,notrunc,nocreat,fsync status=none`,
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

  test('under the name of a staged one takes nobody’s place', async () => {
    const { store } = await open();
    await store().create(template, 16 * MiB);
    await store(false).place?.();
    machine.add('vg0/a.p+new', { tags: ['precious'] });
    expect(await refused(store(false).place?.() ?? Promise.resolve())).toMatch(/^MLN_NOT_OURS .* tagged precious$/);
    expect(machine.list()).toEqual(['vg0/a.p 16', 'vg0/a.p+new 4']);
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

test('a swap disk is a volume of its own, and empty', async () => {
  const { store } = await open('lvm_vg vg0; lvm_snapshot; swap 8M');
  await store(true, 'swap').create(null, 8 * MiB);
  await store(false, 'swap').place?.();
  expect(machine.list()).toEqual(['vg0/a.p-swap 8']);
});

test('what a build that was killed still writes is waited for', async () => {
  const { store } = await open();
  await store().create(template, 16 * MiB);
  const found = machine.volumes.get('vg0/a.p+new');
  const { shell } = machine;
  let looks = 0;
  machine.shell = (program, ...rest) => {
    looks += program === 'lvs' ? 1 : 0;
    if (found) found.open = looks < 3;
    return shell(program, ...rest);
  };
  await (await open()).store().remove();
  expect(machine.list()).toEqual([]);
});

describe('the room that a disk takes', () => {
  type Told = [takes: number, free: number, shared: number | null] | null;
  const told = async (body: string, options = {}, image: string | null = template): Promise<Told> => {
    const room = (await open(body, options)).store().room?.(image, 20 * MiB);
    return room ? [room.takes, await room.free(), (await room.shared?.takes()) ?? null] : null;
  };

  test.each<[body: string, expected: Told]>([
    ['lvm_vg vg0', [20 * MiB, 100 * MiB, null]],
    ['lvm_vg gone', [20 * MiB, 0, null]],
    ['lvm_vg vg0; lvm_snapshot', [20 * MiB + 20 * 4096, 100 * MiB, 20 * MiB]],
  ])('of %s', async (body, expected) => {
    expect(await told(body)).toEqual(expected);
  });

  test('of an empty disk is its own', async () => {
    expect(await told('lvm_vg vg0; lvm_snapshot', {}, null)).toEqual([20 * MiB, 100 * MiB, null]);
  });

  test('has no template’s volume in it that is there already', async () => {
    const { store } = await open('lvm_vg vg0; lvm_snapshot');
    await store().create(template, 20 * MiB);
    expect((await told('lvm_vg vg0; lvm_snapshot'))?.[2]).toBe(0);
  });

  test('in a thin pool is not known', async () => {
    expect(await told('', { volumeGroup: 'vg0', thinPool: 'pool' })).toBeNull();
  });
});
