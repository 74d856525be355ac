import { beforeEach, describe, expect, test } from '@jest/globals';
import { fakeLvm, type FakeLvm } from './fake-lvm.js';
import { MiB, openWorld, scratch, type World } from './world.js';

const { folder, template } = scratch();

let machine: FakeLvm;
beforeEach(() => {
  machine = fakeLvm({ vg0: 100 * MiB, vg1: 20 * MiB });
});

const open = (): Promise<World> => openWorld(machine.shell, folder, 'lvm_vg vg0', {}, 'fixed');
const ours = (): string[] => machine.volumes.get('vg0/a.p')?.tags ?? [];

describe('a thick volume that grows', () => {
  const grown = async (): Promise<World> => {
    const world = await open();
    await world.store().create(template, 16 * MiB);
    await world.store(false).place?.();
    machine.calls.length = 0;
    return world;
  };
  const all = [
    'lvchange --addtag mln-grows:16777216 vg0/a.p',
    'lvextend --size 33554432b vg0/a.p',
    'blkdiscard --zeroout --offset 16777216 /dev/vg0/a.p',
    'lvchange --deltag mln-grows:16777216 vg0/a.p',
  ];

  test('is not wiped where its filesystem has grown since it was cut off', async () => {
    const { store } = await grown();
    machine.fail = { call: 'blkdiscard' };
    await expect(store(false).grow(32 * MiB)).rejects.toThrow('it fails');
    machine.fail = null;
    machine.calls.length = 0;
    await store(false).grow(32 * MiB, 24 * MiB);
    expect(machine.calls).toEqual([
      `blkdiscard --zeroout --offset ${24 * MiB} /dev/vg0/a.p`,
      'lvchange --deltag mln-grows:16777216 vg0/a.p',
    ]);
  });

  test('is not wiped at all where its filesystem fills it', async () => {
    const { store } = await grown();
    machine.fail = { call: 'blkdiscard' };
    await expect(store(false).grow(32 * MiB)).rejects.toThrow('it fails');
    machine.fail = null;
    machine.calls.length = 0;
    await store(false).grow(32 * MiB, 32 * MiB);
    expect(machine.calls).toEqual(['lvchange --deltag mln-grows:16777216 vg0/a.p']);
  });

  test('shows nothing of what was there before', async () => {
    const { store } = await grown();
    await store(false).grow(32 * MiB);
    expect(machine.calls).toEqual(all);
    await store(false).grow(32 * MiB);
    expect(machine.calls).toEqual(all);
    expect(machine.list()).toEqual(['vg0/a.p 32']);
  });

  test.each(all.map((call, index) => [call.split(' ').slice(0, 2).join(' '), index] as const))(
    'and is killed at %s is wiped when it is grown again',
    async (call, index) => {
      const { store } = await grown();
      machine.fail = { call, after: true };
      await expect(store(false).grow(32 * MiB)).rejects.toThrow('it fails');
      machine.fail = null;
      const done = machine.calls.length;
      await store(false).grow(32 * MiB);
      // What is not done yet, and what may be done twice.
      const rest = [all.slice(1), all.slice(2), all.slice(2), []][index];
      expect(machine.calls.slice(done)).toEqual(rest);
      expect(ours().filter((tag) => tag.startsWith('mln-grows'))).toEqual([]);
    },
  );
});
