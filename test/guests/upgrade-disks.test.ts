import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLab, processesIn, typeIn, until, type Lab, type Result } from './support.js';

/* What upgrades do with disks: another platform and back, no room, what is stopped. Judged by debugfs, e2fsck and cmp. */

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
}, 60_000);
afterAll(async () => {
  await lab.close();
});
const asRoot = process.getuid?.() === 0 ? test : test.skip;

/** What is on a disk, whatever of it stands in the image that it is made over. */
async function digest(path: string): Promise<string> {
  let image = path;
  if (readFileSync(path).subarray(0, 4).toString() === 'OOOM') {
    image = join(lab.folder, 'joined');
    await lab.run('rm', ['-f', image]);
    expect(await lab.run('uml_moo', [path, image], { cwd: dirname(path) })).toMatchObject({ code: 0 });
  }
  return createHash('sha256').update(readFileSync(image)).digest('hex');
}
const digests = async (paths: readonly string[]): Promise<readonly string[]> => [
  await digest(paths[0] ?? ''),
  await digest(paths[1] ?? ''),
];
const versionIn = (folder: string): number =>
  (JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')) as { version: number }).version;

/** A folder of a guest's filesystem, each file with its digest and its owner; given is a whole image. */
async function tree(image: string, folder: string): Promise<string> {
  const place = join(lab.folder, 'tree');
  await lab.run('rm', ['-rf', place]);
  await lab.run('mkdir', [place]);
  const { stderr } = await lab.run('debugfs', ['-R', `rdump ${folder} ${place}`, image]);
  // Files are another user's then: debugfs says that it cannot give them away.
  expect(stderr.replaceAll(/^debugfs [^\n]*\n|^dump_file: [^\n]*while changing ownership[^\n]*\n/gm, '')).not.toMatch(
    /not found|corrupt/,
  );
  const { stdout } = await lab.run('sh', ['-c', 'find . -type f -exec sha256sum {} +; find . | sort'], { cwd: place });
  return stdout.split('\n').sort().join('\n');
}

async function whole(image: string): Promise<void> {
  const { code, stdout } = await lab.run('e2fsck', ['-fn', image]);
  expect({ code, stdout }).toMatchObject({ code: 0 });
}

const platform = (how: string, more = ''): string => `global { project plat }
host u {
  ${how}
  template tiny
  memory 96M
  size 24M
  users { ann }
  modules { nbd }
  ${more}
  network eth0 { switch lan; address 10.7.0.1/24 }
}
switch lan { }
`;

test('from User-Mode Linux to Xen and back: scripts and files of the guest are as built anew, what is in /home is as it was', async () => {
  const disk = join(lab.projects, 'plat/u/root.img');
  const [uml, xen] = [lab.write('uml.mln', platform('')), lab.write('xen.mln', platform('xen'))];
  const fresh = async (file: string): Promise<string> => {
    const projects = join(lab.folder, 'fresh');
    await lab.ok('-P', projects, 'build', '-y', '-r', '-f', file);
    return tree(join(projects, 'plat/u/root.img'), '/etc');
  };
  await lab.ok('build', '-f', uml);
  await lab.ok('start', '-p', 'plat', '--wait', '60');
  await lab.type('plat', 'u', 'head -c 900k /dev/urandom >/home/ann/data');
  await lab.type('plat', 'u', 'ln -s data /home/ann/link; chmod 600 /home/ann/data');
  await lab.type('plat', 'u', 'chown ann /home/ann/data; echo kept >/root/note');
  const ids = await lab.type('plat', 'u', 'ls -ln /home/ann');
  await lab.ok('stop', '-p', 'plat', '-w', '40');
  const home = await tree(disk, '/home');
  expect(home).toContain('ann/data');
  const asUml = await tree(disk, '/etc');

  await lab.ok('upgrade', '-f', xen);
  expect(readFileSync(join(lab.projects, 'plat/u/domain.cfg'), 'utf8')).toContain('xvda');
  expect(await tree(disk, '/home')).toBe(home);
  expect(await tree(disk, '/etc')).toBe(await fresh(xen));
  expect((await lab.run('debugfs', ['-R', 'cat /etc/fstab', disk])).stdout).toContain('/dev/xvda');
  await whole(disk);

  await lab.ok('upgrade', '-f', uml);
  expect(existsSync(join(lab.projects, 'plat/u/domain.cfg'))).toBe(false);
  expect(await tree(disk, '/home')).toBe(home);
  expect(await tree(disk, '/etc')).toBe(asUml);
  expect(asUml).toBe(await fresh(uml));
  await whole(disk);
  await lab.ok('start', '-p', 'plat', '--wait', '60');
  expect(await lab.type('plat', 'u', 'ls -ln /home/ann')).toBe(ids);
  expect(await lab.type('plat', 'u', 'cat /root/note')).toBe('kept\n');
}, 120_000);

test('a smaller disk only where it is asked for and what is on it fits; a template changes only with --rebuild', async () => {
  const folder = join(lab.projects, 'plat');
  const pid = readFileSync(join(folder, 'u/pid'), 'utf8');
  const smaller = lab.write('smaller.mln', platform('').replace('size 24M', 'size 20M'));
  expect(await lab.mln('upgrade', '-f', smaller)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/MLN_DATA_LOSS.*u[^]*--shrink u/),
  });
  expect(readFileSync(join(folder, 'u/pid'), 'utf8')).toBe(pid);
  await lab.type('plat', 'u', 'head -c 12m /dev/urandom >/root/large');
  const tooSmall = lab.write('small.mln', platform('').replace('size 24M', 'size 16M'));
  const refused = await lab.mln('upgrade', '-f', tooSmall, '--shrink', 'u');
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toMatch(/MLN_NO_SPACE.*cannot be made as small as/);
  expect(await lab.type('plat', 'u', 'ls -l /root/large')).toContain('12582912');
  await lab.type('plat', 'u', 'rm /root/large');
  await lab.ok('upgrade', '-f', smaller, '--shrink', 'u');
  expect(statSync(join(folder, 'u/root.img')).size).toBe(20 * 1024 * 1024);
  expect(await lab.type('plat', 'u', 'cat /root/note')).toBe('kept\n');

  await lab.ok('template', 'add', join(lab.folder, 'templates/tiny/1.0/image'), '--name', 'other');
  const other = lab.write('other.mln', platform('').replace('template tiny', 'template other'));
  expect((await lab.mln('upgrade', '-f', other)).stderr).toMatch(/MLN_DATA_LOSS.*u[^]*--rebuild u/);
  await lab.ok('upgrade', '-f', other, '--rebuild', 'u');
  expect(await lab.type('plat', 'u', 'ls /root')).not.toContain('note');
  await lab.ok('undo', '-p', 'plat', '-y');
  expect(await lab.type('plat', 'u', 'cat /root/note')).toBe('kept\n');
  await lab.ok('stop', '-p', 'plat', '-w', '40');
  await whole(join(folder, 'u/root.img'));
  await lab.ok('remove', '-p', 'plat', '-y');
}, 120_000);

/** Works while a filesystem of so many MiB, in memory, is mounted by root on a folder. */
async function onSmall(mib: number, act: (folder: string) => Promise<void>): Promise<void> {
  const folder = join(lab.folder, 'small');
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=1777`, 'tmpfs', folder]);
  try {
    await act(folder);
  } finally {
    // What is left there has failed.
    for (const { pid } of processesIn(folder)) process.kill(pid, 'SIGKILL');
    await until(() => spawnSync('umount', [folder], { stdio: 'ignore' }).status === 0, `${folder} to be left`);
  }
}

asRoot(
  'a disk grows and none is left: whatever cannot be written is named, every guest is as it was, and its data is there',
  async () => {
    const two = (size: string): string => `global { project full }
host w { template tiny; memory 64M; cow_filesystem no; ${size} }
host c { template tiny; memory 64M; users { ann${size === '' ? '' : '; mary'} } }
`;
    const [one, other] = [lab.write('full.mln', two('')), lab.write('fuller.mln', two('size 40M'))];
    await onSmall(48, async (folder) => {
      const projects = join(folder, 'projects');
      const at = (...path: readonly string[]): string => join(projects, 'full', ...path);
      const mln = (...args: readonly string[]): Promise<Result> => lab.mln('-P', projects, ...args);
      const done = async (...args: readonly string[]): Promise<void> => {
        expect(await mln(...args)).toMatchObject({ code: 0 });
      };
      /** Leaves so many KiB. */
      const fill = (kib: number): void => {
        const filling = join(folder, 'filling');
        spawnSync('dd', ['if=/dev/zero', `of=${filling}`, 'bs=4k'], { stdio: 'ignore' });
        truncateSync(filling, statSync(filling).size - kib * 1024);
      };
      await done('build', '-f', one);
      await done('start', '-p', 'full', '--wait', '60');
      for (const host of ['w', 'c']) await typeIn(at(host), 'head -c 300k /dev/urandom >/home/data');
      const sums = await Promise.all(['w', 'c'].map((host) => typeIn(at(host), 'md5sum /home/data')));
      // While they run: both are stopped, the copy has no room, both run again.
      fill(1200);
      const running = await mln('upgrade', '-f', other, '-w', '30');
      expect(running.stderr).toMatch(/taken back everywhere[^]*MLN_NO_SPACE/);
      expect(versionIn(at())).toBe(1);
      execFileSync('rm', [join(folder, 'filling')]);
      expect(await Promise.all(['w', 'c'].map((host) => typeIn(at(host), 'md5sum /home/data')))).toEqual(sums);
      await done('stop', '-p', 'full', '-w', '30');
      const disks = ['w', 'c'].map((host) => at(host, 'root.img'));
      const before = await digests(disks);
      const said = new Set<string>();
      for (const kib of [0, 16, 1200, 3600]) {
        fill(kib);
        const { code, stderr } = await mln('upgrade', '-f', other);
        expect({ kib, code, stderr }).not.toMatchObject({ code: 0 });
        said.add(/error\[MLN_NO_SPACE\].*/.exec(stderr)?.[0].replace(/.*projects\//, '') ?? stderr);
        expect({ kib, disks: await digests(disks), version: versionIn(at()) }).toEqual({
          kib,
          disks: before,
          version: 1,
        });
        expect(existsSync(at('.upgrade'))).toBe(false);
        execFileSync('rm', [join(folder, 'filling')]);
      }
      const all = [...said].join('\n');
      for (const what of ['upgrade/c cannot be written', '.scratch/c', 'w/root.img cannot be made'])
        expect(all).toContain(what);
      await done('upgrade', '-f', other);
      expect(versionIn(at())).toBe(2);
      await done('start', '-p', 'full', '--wait', '60');
      expect(await Promise.all(['w', 'c'].map((host) => typeIn(at(host), 'md5sum /home/data')))).toEqual(sums);
      await done('stop', '-p', 'full', '-w', '30');
      await whole(at('w/root.img'));
    });
  },
  120_000,
);
