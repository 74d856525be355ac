import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { noLvm, openLvmLab, OTHERS, type LvmLab } from './lvm-lab.js';

/*
 * Disks as logical volumes, made by mln inside a guest of User-Mode Linux. The tests are one story, as each build takes
 * seconds there. Wherever mln is killed, the next command ends in the old state or in the new one and says in which:
 * there is always one whole volume of a host.
 */

const reason = noLvm();

(reason === null ? describe : describe.skip)(`logical volumes (${reason ?? 'inside a guest'})`, () => {
  let lab: LvmLab;
  const sh = (command: string): Promise<string> => lab.sh(command);

  beforeAll(async () => {
    lab = await openLvmLab([192, 128]);
    await sh('pvcreate -q /dev/ubda /dev/ubdb && vgcreate -q vg0 /dev/ubda && vgcreate -q vg1 /dev/ubdb');
    await sh('lvcreate -q -y --type thin-pool -n pool -L 96M vg1');
  }, 120_000);
  afterAll(async () => {
    await lab.close();
  });

  let version = 0;
  const host = (name: string, more = ''): string => `host ${name} { lvm; memory 64M; ${more} }\n`;
  /** A file of the project p, of a host a that has another /etc/version each time, and of others. */
  const next = (more = '', others = ''): string => {
    version += 1;
    lab.write(`${version}/version`, `version ${version}\n`);
    const text = host('a', `files { version /etc/version }; ${more}`);
    return lab.write(`${version}/p.mln`, `global { project p }\n${text}${others}`);
  };
  /** What is in a volume; fails unless its filesystem is whole. */
  const inside = (volume = 'vg0/a.p', path = '/etc/version'): Promise<string> =>
    sh(`e2fsck -fn /dev/${volume} >&2 && debugfs -R 'cat ${path}' /dev/${volume}`);
  const digest = (volume = 'vg0/a.p'): Promise<string> => sh(`md5sum </dev/${volume}`);
  const volumes = (): Promise<readonly string[]> => lab.volumes('vg0');
  /** All that mln could have changed: volumes, and the names in the folders of projects and of temporary files. */
  const everything = (): Promise<string> =>
    sh(`lvs --noheadings -o vg_name,lv_name,lv_size,lv_tags; ls -A ${lab.home}/projects; ls -A /run/tmp`);
  /** What the next command says of what was cut off. */
  const cleaned = async (): Promise<string> => {
    const { code, stdout, stderr } = await lab.mln('clean');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    return stderr;
  };
  const refuses = async (told: string, ...args: readonly string[]): Promise<void> => {
    const before = await everything();
    const { code, stderr } = await lab.mln(...args);
    expect(stderr).toContain(told);
    expect(code).toBe(1);
    expect(await everything()).toEqual(before);
  };

  test('a volume that was there is edited where it is', async () => {
    await sh(`lvcreate -q -y -n mine -L 32M vg0 && dd if=${lab.home}/templates/tiny/1.0/image of=/dev/vg0/mine bs=1M`);
    const file = lab.write('m/m.mln', 'global { project m }\nhost a { memory 64M; filesystem /dev/vg0/mine }\n');
    await sh('mount -o ro -t ext4 /dev/vg0/mine /run/mnt');
    const digest = await sh('md5sum /dev/vg0/mine');
    await refuses('is in use: it is mounted, or a guest has it', 'build', '-f', file);
    expect(await sh('md5sum /dev/vg0/mine')).toBe(digest);
    await sh('umount /run/mnt');
    await lab.ok('build', '-f', file);
    expect(await inside('vg0/mine', '/etc/hostname')).toBe('a\n');
    await lab.ok('remove', '-y', '-p', 'm');
    expect(await volumes()).toEqual(['mine 32']);
    await sh('lvremove -q -y vg0/mine');
  }, 60_000);

  test('where no group or no room is, that is said, and nothing is made', async () => {
    await refuses(
      'error[MLN_NO_GROUP]: there is no volume group nowhere, where the disks of a are to be; there are: ',
      'build',
      '-f',
      next('lvm_vg nowhere'),
    );
    await refuses('error[MLN_NO_SPACE]: ', 'build', '-f', next('swap 400M'));
  }, 60_000);

  test('a copy that is cut off is made again, as large as is said, and holds nothing of what was there before', async () => {
    const file = next('free_space 16M; swap 8M');
    await lab.killed('amid', 'dd *', 'build', '-f', file);
    expect(await volumes()).not.toEqual([]);
    const { code, stderr } = await lab.mln('build', '-f', file);
    expect(stderr).toContain('the build of p that was cut off is taken back: nothing of it is left\n');
    expect(code).toBe(0);
    expect(await volumes()).toEqual(['a.p 32', 'a.p-swap 8']);
    expect(await inside()).toBe(`version ${version}\n`);
    expect(await sh('dumpe2fs -h /dev/vg0/a.p')).toMatch(/^Block count: +8192$/m);
    expect(await sh(`grep -c '${OTHERS}' /dev/vg0/a.p /dev/vg0/a.p-swap || true`)).toBe(
      '/dev/vg0/a.p:0\n/dev/vg0/a.p-swap:0\n',
    );
    expect(await sh('blkid -o value -s TYPE /dev/vg0/a.p-swap')).toBe('swap\n');
    const ours = /^ *mln-id:[0-9a-f]{16},mln:p:a$|^ *mln:p:a,mln-id:[0-9a-f]{16}$/;
    const tags = (await sh('lvs --noheadings -o lv_tags vg0')).trimEnd().split('\n');
    expect(tags.map((each) => ours.test(each))).toEqual([true, true]);
    expect(await lab.ok('status', '-p', 'p')).toBe('p  host  a  down\n');
  }, 60_000);

  test('a volume that is mounted is neither replaced nor removed', async () => {
    await sh('mount -t ext4 /dev/vg0/a.p /run/mnt');
    const before = await sh('cat /run/mnt/etc/version');
    const told = 'error[MLN_IMAGE_IN_USE]: a: its volume vg0/a.p is in use';
    await refuses(told, 'build', '-y', '-f', next());
    await refuses(told, 'remove', '-y', '-p', 'p');
    expect(await sh('cat /run/mnt/etc/version; umount /run/mnt')).toBe(before);
  }, 60_000);

  test('a build that fails when the disk is made leaves the old one as it was', async () => {
    const before = await digest();
    await refuses('no-such-user', 'build', '-y', '-f', next('owner no-such-user'));
    expect(await digest()).toBe(before);
  }, 60_000);

  test.each([
    ['amid', 'dd *', 'old'],
    ['at', 'build moveNew', 'new'],
    ['after', 'lvremove *', 'new'],
  ] as const)(
    'a build that is killed %s %s: the %s disk is there',
    async (when, what, found) => {
      const before = await inside();
      await lab.killed(when, what, 'build', '-y', '-f', next());
      const told =
        found === 'old' ? 'taken back: the old project is as it was' : 'finished: the new project is in place';
      expect(await cleaned()).toBe(`the build of p that was cut off is ${told}\n`);
      expect(await volumes()).toEqual(found === 'old' ? ['a.p 32', 'a.p-swap 8'] : ['a.p 16']);
      expect(await inside()).toBe(found === 'old' ? before : `version ${version}\n`);
    },
    60_000,
  );

  test('disk resize that is killed between volume and filesystem: the same again does the rest', async () => {
    const before = await inside();
    await lab.killed('after', 'lvextend *', 'disk', 'resize', 'a', '32M', '-p', 'p');
    expect(await inside()).toBe(before);
    await lab.ok('disk', 'resize', 'a', '32M', '-p', 'p');
    expect(await volumes()).toEqual(['a.p 32']);
    expect(await inside()).toBe(before);
    expect(await sh(`grep -c '${OTHERS}' /dev/vg0/a.p || true`)).toBe('0\n');
    expect(await sh('dumpe2fs -h /dev/vg0/a.p')).toMatch(/^Block count: +8192$/m);
  }, 60_000);

  test('a volume that somebody has removed is told of, and what he has put there is his', async () => {
    await sh('lvremove -q -y vg0/a.p');
    expect(await lab.ok('status', '-p', 'p')).toBe('p  host  a  down  its volume vg0/a.p is missing\n');
    await sh('lvcreate -q -y -n a.p -L 16M --addtag precious vg0 && yes mine | dd of=/dev/vg0/a.p bs=1M count=16');
    const before = await digest();
    const told = 'the volume vg0/a.p (16 MiB) is not of this project: it is tagged precious';
    expect(await lab.ok('status', '-p', 'p')).toBe(`p  host  a  down  ${told}\n`);
    await refuses(`error[MLN_NOT_OURS]: a: ${told}`, 'build', '-y', '-f', next());
    await lab.ok('remove', '-y', '-p', 'p');
    await refuses(`error[MLN_NOT_OURS]: a: ${told}`, 'build', '-f', next());
    expect(await volumes()).toEqual(['a.p 16']);
    expect(await digest()).toBe(before);
    await sh('lvremove -q -y vg0/a.p');
  }, 60_000);

  test('snapshots share one volume of their template, however often its import is cut off', async () => {
    const file = next('lvm_snapshot', host('b', 'lvm_snapshot'));
    await lab.killed('amid', 'dd *', 'build', '-f', file);
    await lab.ok('build', '-f', file);
    const [template = '', ...others] = (await volumes()).filter((each) => each.startsWith('template+'));
    expect(others).toEqual([]);
    const [origin = ''] = template.split(' ');
    expect(origin).toMatch(/^template\+tiny\+1\.0\+[0-9a-f]{8}$/);
    expect((await volumes()).map((each) => each.replace(/ \d+/, ''))).toEqual([
      `a.p of ${origin}`,
      `b.p of ${origin}`,
      origin,
    ]);
    expect(await sh(`cmp /dev/vg0/${origin} ${lab.home}/templates/tiny/1.0/image`)).toBe('');
    expect([await inside('vg0/a.p', '/etc/hostname'), await inside('vg0/b.p', '/etc/hostname')]).toEqual([
      'a\n',
      'b\n',
    ]);

    await lab.killed('after', 'lvremove *', 'remove', '-y', '-p', 'p');
    expect(await volumes()).toHaveLength(2);
    expect(await cleaned()).toBe('the removal of an earlier p, which was cut off, is finished\n');
    expect(await volumes()).toEqual([template]);
    await lab.ok('lvm', 'prune', '-y');
    expect(await volumes()).toEqual([]);
  }, 60_000);

  test('in a thin pool a copy takes no more than it holds, and a snapshot stands on its template', async () => {
    const file = next('free_space 64M', host('b', 'lvm_snapshot'));
    await lab.ok('build', '--config', lab.thin, '-f', file);
    const told = await sh(
      'lvs --noheadings --separator " " --units m -o lv_name,data_percent,lv_size,pool_lv,origin vg1',
    );
    const [template = ''] = /template\S+/.exec(told) ?? [];
    const [, percent] = /^ *a\.p (\S+) 80\.00m pool *$/m.exec(told) ?? [];
    expect(Number(percent)).toBeLessThan(20);
    expect(told).toMatch(/^ *b\.p \S+ 16\.00m pool template\+tiny\+1\.0\+[0-9a-f]{8} *$/m);
    const listed = await lab.ok('lvm', 'list');
    for (const name of ['a.p', 'b.p', template]) expect(listed).toContain(`vg1/${name} `);
    expect([await inside('vg1/a.p'), await inside('vg1/b.p', '/etc/hostname')]).toEqual([
      `version ${version}\n`,
      'b\n',
    ]);
    await lab.ok('remove', '-y', '-p', 'p');
    await lab.ok('lvm', 'prune', '-y');
    expect(await everything()).toMatch(/^ *vg1 +pool +96\.00m\s*$/);
  }, 60_000);

  test('a disk goes from a file to a volume and back, larger and smaller, with its data; volumes are renamed and kept', async () => {
    const [built] = buildSync({
      entryPoints: [fileURLToPath(new URL('./lvm-disks.ts', import.meta.url))],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      alias: {
        '@mln/core': './core/src/index.ts',
        '@mln/plugin-ext': './plugins/ext/src/index.ts',
        '@mln/plugin-lvm': './plugins/lvm/src/index.ts',
      },
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    }).outputFiles;
    const program = lab.write('disks.mjs', built?.text ?? '');
    const image = `${lab.home}/templates/tiny/1.0/image`;
    const told = await sh(`"$NODE" ${program} ${image} /run/home/disks`);
    expect(JSON.parse(told)).toEqual([
      ['put back', false, true],
      ['file to volume, larger, edited', 'one', 24, ['a.p 24.00 mln:p:a']],
      ['kept aside, and a copy in its place', 'one', 24, ['a.p 24.00 mln:p:a', 'a.p+kept.1 24.00 mln:p:a']],
      ['file', 16],
      ['of another host', 'one', 24, ['b.p 24.00 mln:p:b']],
      ['volume to file, smaller', 'one', 16, ['b.p 24.00 mln:p:b']],
      ['left', ''],
    ]);
    expect(await sh('ls -A /run/home/disks /run/home/disks/p/a; rm -r /run/home/disks')).toBe(
      '/run/home/disks:\np\n\n/run/home/disks/p/a:\nroot.img\n',
    );
  }, 180_000);
});
