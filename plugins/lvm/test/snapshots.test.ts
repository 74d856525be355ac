import { utimesSync } from 'node:fs';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { makerTag } from '@mln/core';
import { findVolumes } from '../src/volumes.js';
import { removeTemplate } from '../src/template-volumes.js';
import { fakeLvm, type FakeLvm } from './fake-lvm.js';
import { MiB, openWorld, scratch, refused, type World } from './world.js';

/* Disks that stand on a volume of their template, and how that comes and goes. */

const { folder, template } = scratch();

let machine: FakeLvm;
beforeEach(() => {
  machine = fakeLvm({ vg0: 100 * MiB });
});
const open = (): Promise<World> => openWorld(machine.shell, folder, 'lvm_vg vg0; lvm_snapshot', {}, 'fixed');
/** What a first build makes. */
const imported = async (): Promise<string> => {
  const { store } = await open();
  await store().create(template, 16 * MiB);
  return [...machine.volumes.values()].find(({ name }) => name.startsWith('template+'))?.name ?? '';
};

describe('a snapshot', () => {
  test('stands on a volume of its template and size, imported once and read-only', async () => {
    const { store } = await open();
    await store().create(template, 20 * MiB);
    const [origin = ''] = machine.volumes.keys();
    expect(origin).toMatch(/^vg0\/template\+template\.img\+[0-9a-f]{8}$/);
    expect(machine.list()).toEqual([`${origin} 20`, `vg0/a.p+new 20 of ${origin.slice(4)}`]);
    expect(machine.calls.map((call) => call.replaceAll(/(\+new)\.[0-9a-f]{8}/g, '$1.X'))).toEqual([
      expect.stringMatching(/^lvcreate .* --name template\S+\+new\.X --addtag mln-template:template\.img --addtag /),
      `blkdiscard --zeroout /dev/${origin}+new.X`,
      expect.stringMatching(/^dd if=/),
      `lvchange --permission r ${origin}+new.X`,
      `lvrename vg0 ${origin.slice(4)}+new.X ${origin.slice(4)}`,
      expect.stringMatching(/^lvcreate --yes --snapshot --extents 100%ORIGIN --name a\.p\+new /),
    ]);
    expect(machine.volumes.get('vg0/a.p+new')?.image).toBe(template);
    await store().remove();
    await store().create(template, 20 * MiB);
    expect(machine.calls.filter((call) => call.startsWith('dd '))).toHaveLength(1);
  });

  test.each(['lvcreate', 'blkdiscard', 'dd', 'lvchange', 'lvrename'])(
    'of a template whose import fails at %s leaves nothing',
    async (call) => {
      const { store } = await open();
      machine.fail = { call };
      await expect(store().create(template, 16 * MiB)).rejects.toThrow('it fails');
      expect(machine.list()).toEqual([]);
    },
  );

  test('of a template whose import was killed begins the import anew', async () => {
    const origin = await imported();
    machine.volumes.clear();
    const dead = makerTag().replace(/^\.\d+-\d+/, '.1-1');
    machine.add(`vg0/${origin}+new.00000000`, { tags: ['mln-template:template.img', `mln-maker:${dead}`] });
    await imported();
    expect(machine.list()).toEqual([`vg0/${origin} 16`, `vg0/a.p+new 16 of ${origin}`]);
  });

  test('waits for another process that imports the same template', async () => {
    const origin = await imported();
    machine.volumes.clear();
    machine.calls.length = 0;
    const begun = `vg0/${origin}+new.00000000`;
    machine.add(begun, { tags: ['mln-template:template.img', `mln-maker:${makerTag()}`] });
    const { shell } = machine;
    let looks = 0;
    machine.shell = (program, args, options) => {
      looks += program === 'lvs' ? 1 : 0;
      // It has become whole between two looks.
      if (looks === 2) {
        machine.volumes.delete(begun);
        machine.add(`vg0/${origin}`, { tags: ['mln-template:template.img'], size: 16 * MiB });
      }
      return shell(program, args, options);
    };
    await imported();
    expect(machine.calls).toEqual([expect.stringMatching(/^lvcreate --yes --snapshot /)]);
  });

  test('stands on what another process has imported a little sooner', async () => {
    const origin = await imported();
    machine.volumes.clear();
    const { shell } = machine;
    machine.shell = (program, args, options) => {
      if (program === 'lvrename') machine.add(`vg0/${origin}`, { tags: ['mln-template:template.img'], size: 16 * MiB });
      return shell(program, args, options);
    };
    await imported();
    expect(machine.list().sort()).toEqual([`vg0/a.p+new 16 of ${origin}`, `vg0/${origin} 16`].sort());
  });

  test('has its template imported again where that is removed in the last moment', async () => {
    const origin = await imported();
    machine.volumes.delete('vg0/a.p+new');
    const { shell } = machine;
    machine.shell = (program, args, options) => {
      if (args.includes('--snapshot') && machine.calls.filter((call) => call.startsWith('dd ')).length === 1)
        machine.volumes.delete(`vg0/${origin}`);
      return shell(program, args, options);
    };
    await imported();
    expect(machine.list()).toEqual([`vg0/${origin} 16`, `vg0/a.p+new 16 of ${origin}`]);
  });

  test('of a template that has changed stands on a volume of its own', async () => {
    const first = await imported();
    machine.volumes.clear();
    utimesSync(template, 1, 1);
    expect(await imported()).not.toBe(first);
  });

  test('does not stand on somebody else’s volume', async () => {
    const origin = await imported();
    machine.volumes.clear();
    machine.add(`vg0/${origin}`, { tags: ['precious'] });
    const { store } = await open();
    expect(await refused(store().create(template, 16 * MiB))).toMatch(
      /^MLN_NOT_OURS the volume vg0\/template.* is tagged precious$/,
    );
    expect(machine.list()).toEqual([`vg0/${origin} 4`]);
  });

  test('is not made larger: that would be its own area alone', async () => {
    await imported();
    const { store } = await open();
    await store(false).place?.();
    expect(await refused(store(false).grow(32 * MiB))).toMatch(/^MLN_UNSUPPORTED the volume vg0\/a\.p cannot be made/);
  });

  test('that somebody has made of a host’s volume keeps it from being removed', async () => {
    await imported();
    const { store } = await open();
    await store(false).place?.();
    machine.add('vg0/backup', { origin: 'a.p' });
    await store().create(template, 16 * MiB);
    const words =
      'MLN_IMAGE_IN_USE the volume vg0/a.p is neither removed nor made larger: snapshots stand on it: backup';
    expect(await refused(store(false).remove())).toBe(words);
    expect(await refused(store(false).place?.() ?? Promise.resolve())).toBe(words);
    expect([...machine.volumes.keys()]).toEqual(expect.arrayContaining(['vg0/a.p', 'vg0/backup', 'vg0/a.p+new']));
  });
});

describe('a template’s volume that goes', () => {
  test('takes no snapshot with it that has just been made', async () => {
    const origin = await imported();
    const [volume] = await findVolumes(machine.shell, `lv_name="${origin}"`);
    expect(volume && (await removeTemplate(machine.shell, volume))).toBe(false);
    expect(machine.list()).toEqual([`vg0/a.p+new 16 of ${origin}`, `vg0/${origin} 16`]);
    machine.volumes.delete('vg0/a.p+new');
    expect(volume && (await removeTemplate(machine.shell, volume))).toBe(true);
    expect(machine.list()).toEqual([]);
  });
});
