import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLab, until, type Lab, type Result } from './support.js';

/* Disks and memory that are full, images that others use, folders that may not be written: what is said, and what is left. */

let lab: Lab;
/** A folder that a small filesystem can be mounted on. */
let small: string;
const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? test : test.skip;

beforeAll(async () => {
  lab = await openLab();
  small = join(lab.folder, 'small');
  mkdirSync(small);
}, 60_000);
afterAll(async () => {
  await lab.close();
});

/** Two hosts over the template, one with a disk of its own, one over an image of the project's own, one with swap. */
const mixed = `
global { project mixed }
host a { template tiny; memory 64M }
host w { template tiny; memory 64M; cow_filesystem no }
host o { template tiny; memory 64M; size 40M; cow_filesystem base }
host s { template tiny; memory 64M; swap 32M }
`;

/** Works while a filesystem of so many KiB, in memory, is mounted by root on a folder. */
async function onSmall(kib: number, act: (folder: string) => Promise<void>, at = small): Promise<void> {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k,mode=1777`, 'tmpfs', at]);
  try {
    await act(at);
  } finally {
    // A guest that died there lets go of it when its last process has ended.
    await until(() => spawnSync('umount', [at], { stdio: 'ignore' }).status === 0, `${at} to be left`);
  }
}

/** Writes a file until the disk has no room for a byte more. */
function fillUp(folder: string): void {
  spawnSync('dd', ['if=/dev/zero', `of=${folder}/filling`, 'bs=4k'], { stdio: 'ignore' });
}

function withEnvironment(env: Record<string, string>, ...args: readonly string[]): Promise<Result> {
  return lab.run(process.execPath, [lab.program, ...args], { env });
}

const whatWent = (result: Result, code: string, words: RegExp): void => {
  expect(result.stderr).toContain(`error[${code}]`);
  expect(result.stderr).toMatch(words);
  expect(result.code).not.toBe(0);
};

asRoot(
  'whatever a build cannot write any more is named, and nothing of it is left',
  async () => {
    const file = lab.write('mixed.mln', mixed);
    const told = [
      [4, /journal\.ndjson cannot be written: the disk is full/],
      [8, /the scripts in .* cannot be written: the disk is full/],
      [1000, /images\/base cannot be made: the disk is full/],
      [2400, /mixed\.mln:\d:1: .*[aosw]: .*\/root\.img cannot be \w+: the disk is full/],
    ] as const;
    for (const [kib, words] of told)
      await onSmall(kib, async (folder) => {
        const projects = join(folder, 'projects');
        whatWent(await lab.mln('-P', projects, 'build', '-f', file), 'MLN_NO_SPACE', words);
        expect(readdirSync(projects)).toEqual([]);
      });
    // Its journal, scripts and disk fit, and then no more: the swap's first page, the source, the state.
    const swap = lab.write('swap.mln', 'global { project sw }\nhost s { template tiny; memory 64M; swap 32M }\n');
    const said: string[] = [];
    for (let kib = 64; kib < 128; kib += 4)
      await onSmall(kib, async (folder) => {
        const { code, stderr } = await lab.mln('-P', join(folder, 'projects'), 'build', '-f', swap);
        expect(readdirSync(join(folder, 'projects'))).toEqual(code === 0 ? ['sw'] : []);
        if (code !== 0) said.push(/error\[MLN_NO_SPACE\].*: the disk is full/.exec(stderr)?.[0] ?? stderr);
      });
    for (const what of ['root.img', 'swap.img', 'project.mln', 'state.json'])
      expect(said.join('\n')).toMatch(new RegExp(`/${what} cannot be \\w+: the disk is full`));
    expect(said.every((each) => each.startsWith('error[MLN_NO_SPACE]'))).toBe(true);
  },
  60_000,
);

asRoot(
  'a full folder for temporary files is named, with the way out, however far the build came',
  async () => {
    const hosts = [1, 2, 3, 4].map((number) => {
      lab.write(`content${number}`, Buffer.alloc(number * 60_000, number).toString('latin1'));
      return `host h${number} { template tiny; memory 64M; files { content${number} /root/content } }`;
    });
    const file = lab.write('copies.mln', `global { project copies }\n${hosts.join('\n')}\n`);
    for (const kib of [4, 200, 440, 600, 700])
      await onSmall(kib, async (folder) => {
        const built = await withEnvironment({ TMPDIR: folder }, 'build', '-f', file);
        whatWent(built, 'MLN_NO_SPACE', /h\d: the folder for temporary files, .*\/small, is full[^]*TMPDIR/);
        expect(built.stderr).not.toContain('MLN_GUEST_EDIT');
        expect(readdirSync(folder)).toEqual([]);
        expect(existsSync(join(lab.projects, 'copies'))).toBe(false);
      });
  },
  60_000,
);

asRoot(
  'on a full disk nothing is started or made whole, and all is stopped and removed',
  async () => {
    const file = lab.write('mixed.mln', mixed);
    await onSmall(7000, async (folder) => {
      const mln = (...args: readonly string[]): Promise<Result> => lab.mln('-P', join(folder, 'projects'), ...args);
      expect((await mln('build', '-f', file)).code).toBe(0);
      expect((await mln('start', '-p', 'mixed', '-h', 'a', '--wait', '60')).code).toBe(0);
      fillUp(folder);
      expect((await mln('status', '-p', 'mixed')).stdout).toMatch(/ a +up .*the physical disk is full/);
      expect((await mln('stop', '-p', 'mixed', '-w', '20')).code).toBe(0);
      const disk = join(folder, 'projects/mixed/o/root.img');
      const before = readFileSync(disk);
      whatWent(
        await mln('disk', 'flatten', 'o.mixed'),
        'MLN_NO_SPACE',
        /o: its disk cannot be made whole: .*root\.img\.whole/,
      );
      expect(readFileSync(disk).equals(before)).toBe(true);
      expect(readdirSync(join(folder, 'projects/mixed/o')).sort()).toEqual(['guest', 'root.img', 'start', 'stop']);
      whatWent(
        await mln('start', '-p', 'mixed', '-h', 'o'),
        'MLN_NO_SPACE',
        /full|no space left on the disk that holds .*\/o/,
      );
      expect(lab.processes()).toEqual([]);
      expect((await mln('remove', '-p', 'mixed', '-y')).code).toBe(0);
      expect(readdirSync(join(folder, 'projects'))).toEqual([]);
    });
  },
  90_000,
);

asRoot(
  'a guest for which no memory is left says so; others go on, and it can be started again',
  async () => {
    const file = lab.write('two.mln', 'global { project two }\nhost a { memory 64M }\nhost b { memory 64M }\n');
    await lab.ok('build', '-f', file);
    const nowhere = join(lab.folder, 'nowhere');
    whatWent(
      await withEnvironment({ TMPDIR: nowhere }, 'start', '-p', 'two', '-h', 'a'),
      'MLN_SCRIPT_FAILED',
      /a: .*the folder .*nowhere, where it would have its memory, is missing .*TMPDIR/,
    );
    await lab.ok('start', '-p', 'two', '-h', 'a', '--wait', '60');
    await onSmall(300, async (folder) => {
      const started = await withEnvironment({ TMPDIR: folder }, 'start', '-p', 'two', '-h', 'b', '--wait', '20');
      await lab.mln('stop', '-p', 'two', '-h', 'b', '-w', '0');
      expect(started.stderr).toMatch(/b[ :].*no memory (is|was) left/);
      expect(started.code).not.toBe(0);
    });
    expect(await lab.ok('status', '-p', 'two', '-h', 'b', '-d')).toMatch(/ b /);
    expect((await lab.mln('status', '-p', 'two', '-h', 'a', '--check')).code).toBe(0);
    await lab.ok('start', '-p', 'two', '-h', 'b', '--wait', '60');
    await lab.ok('stop', '-p', 'two', '-w', '20');
    await lab.ok('remove', '-p', 'two', '-y');
  },
  90_000,
);

test('an image that was there is edited and started by one at a time', async () => {
  const image = join(lab.folder, 'own.img');
  await lab.run('cp', [join(lab.folder, 'templates/tiny/1.0/image'), image]);
  await lab.run('chmod', ['u+w', image]);
  const host = (name: string): string => `host ${name} { filesystem ${image}; memory 64M }\n`;
  const twice = lab.write('twice.mln', `global { project twice }\n${host('x')}${host('y')}`);
  const before = readFileSync(image);
  whatWent(
    await lab.mln('build', '-f', twice),
    'MLN_IMAGE_IN_USE',
    /y: the image .*own\.img is in use: it is a disk of x/,
  );
  expect(readFileSync(image).equals(before)).toBe(true);
  const other = lab.write('other.mln', `global { project other }\n${host('x')}`);
  await lab.ok('build', '-f', other);
  await lab.ok('build', '-f', lab.write('one.mln', `global { project one }\n${host('x')}`));
  await lab.ok('start', '-p', 'one', '--wait', '60');
  whatWent(
    await lab.mln('build', '-r', '-y', '-f', other),
    'MLN_IMAGE_IN_USE',
    /x: the image .*own\.img is in use: x\.one runs on it/,
  );
  whatWent(
    await lab.mln('start', '-p', 'other'),
    'MLN_SCRIPT_FAILED',
    /x\.other: its disk .*own\.img is in use: process \d+/,
  );
  await lab.ok('stop', '-p', 'one', '-w', '20');
  expect((await lab.run('e2fsck', ['-fn', image])).code).toBe(0);
  await lab.run('chmod', ['a-w', image]);
  whatWent(await lab.mln('build', '-r', '-y', '-f', other), 'MLN_NOT_ALLOWED', /own\.img may not be written/);
}, 90_000);

test('a template that may not be read is named', async () => {
  const file = lab.write('read.mln', 'global { project read }\nhost a { memory 64M }\n');
  const image = join(lab.folder, 'templates/tiny/1.0/image');
  chmodSync(image, 0o000);
  whatWent(await lab.mln('build', '-f', file), 'MLN_NOT_ALLOWED', /read\.mln:2.*\/image may not be read/);
  whatWent(await lab.mln('template', 'verify', 'tiny'), 'MLN_NOT_ALLOWED', /\/image cannot be read/);
  chmodSync(image, 0o444);
  expect(existsSync(join(lab.projects, 'read'))).toBe(false);
}, 60_000);

test('two builds of one project at once: one is made, the other says who works on it', async () => {
  const file = lab.write('once.mln', 'global { project once }\nhost a { memory 64M }\n');
  const both = await Promise.all([lab.mln('build', '-f', file), lab.mln('build', '-f', file)]);
  expect(both.filter(({ code }) => code === 0)).toHaveLength(1);
  const late = both.find(({ code }) => code !== 0);
  expect(late?.stderr).toMatch(/MLN_LOCKED.*build by|once is built already/);
  await lab.ok('start', '-p', 'once', '--wait', '60');
  await lab.ok('stop', '-p', 'once', '-w', '20');
}, 60_000);

test('folders with blanks, quotes and letters of other languages hold copy-on-write disks that boot', async () => {
  const odd = join(lab.folder, `a b's "c", ødd $x`);
  const [projects, templates] = [join(odd, 'projects'), join(odd, 'templates')];
  const mln = (...args: readonly string[]): Promise<Result> => lab.mln('-P', projects, '-T', templates, ...args);
  await lab.run('mkdir', [odd]);
  expect((await mln('template', 'build', 'tiny')).code).toBe(0);
  expect((await mln('build', '-f', lab.write('odd.mln', 'global { project odd }\nhost a { memory 64M }\n'))).code).toBe(
    0,
  );
  expect(readFileSync(join(projects, 'odd/a/root.img')).subarray(0, 4).toString()).toBe('OOOM');
  expect(await mln('start', '-p', 'odd', '--wait', '60')).toMatchObject({ code: 0 });
  expect((await mln('stop', '-p', 'odd', '-w', '20')).code).toBe(0);
  expect((await mln('disk', 'flatten', 'a.odd')).code).toBe(0);
}, 60_000);
