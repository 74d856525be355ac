import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { fakeLvm, type FakeLvm } from './fake-lvm.js';
import { MiB, openWorld, refused, scratch, type World } from './world.js';

/* Volumes that an upgrade gives other names, keeps aside and makes. */

const { folder, template } = scratch();

let machine: FakeLvm;
let world: World;
const take = (what: Parameters<World['other']>[0], from = '/dev/vg0/a.p'): Promise<void> =>
  world.other(what).take?.(from) ?? Promise.resolve();
const tagsOf = (name: string): readonly string[] => machine.volumes.get(`vg0/${name}`)?.tags ?? [];

beforeEach(async () => {
  machine = fakeLvm({ vg0: 200 * MiB });
  world = await openWorld(machine.shell, folder, 'lvm_vg vg0', {}, 'fixed');
  await world.store().create(template, 16 * MiB);
  await world.store(false).place?.();
});

describe('a volume', () => {
  test('that is kept aside has a name that no host’s has, and gives way to a new one', async () => {
    const before = tagsOf('a.p');
    await take({ kept: '3' });
    expect(machine.list()).toEqual(['vg0/a.p+kept.3 16']);
    expect(tagsOf('a.p+kept.3')).toEqual(before);
    const upgrade = world.other({ directory: join(folder, 'p/.upgrade') });
    await upgrade.create(template, 24 * MiB, true);
    expect(upgrade.path).toBe('/dev/vg0/a.p+new');
    await world.store(false).place?.();
    expect(machine.list()).toEqual(['vg0/a.p+kept.3 16', 'vg0/a.p 24']);
    // Done again, the new one stays where it is.
    await take({ kept: '3' });
    expect(machine.list()).toEqual(['vg0/a.p+kept.3 16', 'vg0/a.p 24']);
    await world.other({ kept: '3' }).remove();
    expect(machine.list()).toEqual(['vg0/a.p 24']);
  });

  test('of a host that is called otherwise has the tags of that one, and back', async () => {
    const before = tagsOf('a.p');
    await take({ host: 'b' });
    expect(machine.list()).toEqual(['vg0/b.p 16']);
    expect(tagsOf('b.p')).toEqual(['mln:p:b', expect.stringMatching(/^mln-id:[0-9a-f]{16}$/)]);
    expect(await world.other({ host: 'b' }).exists()).toBe(true);
    await take({}, '/dev/vg0/b.p');
    expect(tagsOf('a.p')).toEqual(before);
  });

  test.each(['lvchange', 'lvrename'])('that was killed behind %s is taken by the same again', async (call) => {
    machine.fail = { call, after: true };
    await expect(take({ host: 'b' })).rejects.toThrow();
    machine.fail = null;
    await take({ host: 'b' });
    expect(machine.list()).toEqual(['vg0/b.p 16']);
    expect(await world.other({ host: 'b' }).exists()).toBe(true);
    const done = machine.calls.length;
    await take({ host: 'b' });
    expect(machine.calls.length).toBe(done);
  });

  test.each([
    ['without tags', []],
    ['of another tool', ['precious']],
    ['of a project of this name elsewhere', ['mln:p:c', 'mln-id:0123456789abcdef']],
    ['whose tags are cut short', ['mln:p:a']],
  ])('%s is a stranger’s, and is not renamed', async (_, tags) => {
    machine.add('vg0/c.p', { tags: [...tags] });
    expect(await refused(take({ host: 'b' }, '/dev/vg0/c.p'))).toMatch(/^MLN_NOT_OURS the volume vg0\/c\.p/);
    expect(tagsOf('c.p')).toEqual(tags);
    expect(machine.list()).toEqual(['vg0/a.p 16', 'vg0/c.p 4']);
  });

  test('in another group, or that is nowhere, is told of', async () => {
    expect(await refused(take({ host: 'b' }, '/dev/vg1/a.p'))).toBe(
      'MLN_UNSUPPORTED the volume vg1/a.p cannot be renamed to vg0/b.p',
    );
    expect(await refused(take({ host: 'b' }, '/dev/vg0/c.p'))).toBe('MLN_NO_FILE there is no volume vg0/c.p');
  });

  test('of somebody else is not written to', async () => {
    machine.volumes.get('vg0/a.p')?.tags.splice(0);
    const written = world.store(false).patch?.([{ at: 0, bytes: Buffer.alloc(512) }]) ?? Promise.resolve();
    expect(await refused(written)).toMatch(/^MLN_NOT_OURS /);
  });
});

test('the content of a disk that goes is copied, though the host’s is to be a snapshot', async () => {
  world = await openWorld(machine.shell, folder, 'lvm_vg vg0; lvm_snapshot', {}, 'fixed');
  await world.store().create(template, 24 * MiB, true);
  expect(machine.list()).toEqual(['vg0/a.p 16', 'vg0/a.p+new 24']);
});
