import { existsSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLab, type Lab } from './support.js';

/* Copy-on-write disks: twenty guests of one template, what they write, and what they stand on. Judged by uml_moo and e2fsck. */

const COUNT = 20;
const names = Array.from({ length: COUNT }, (_, index) => `h${index + 1}`);

/** Each guest greets the first one, and writes a lot: what it reads back after another boot must be the same. */
const project = `
global { project class }
superclass common {
  template tiny
  memory 64M
  startup {
    if [ -f /root/sums ]; then
      md5sum -c /root/sums >/root/checked || echo bad >>/root/checked
    else
      until ping -c 1 -W 1 10.8.0.1 >/dev/null; do sleep 1; done
      echo $hostname reached it >/root/reached
      i=0
      while [ "$i" -lt 60 ]; do
        i=$((i + 1))
        head -c $((i * 500)) /dev/urandom >/root/random$i
      done
      md5sum /root/random* >/root/sums
    fi
  }
}
${names
  .map(
    (name, index) => `host ${name} { superclass common; network eth0 { switch lan; address 10.8.0.${index + 1}/24 } }`,
  )
  .join('\n')}
switch lan { }
`;

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
  await lab.ok('build', '-f', lab.write('class.mln', project));
}, 120_000);
afterAll(async () => {
  await lab.close();
});

const disk = (host: string, of = 'class'): string => join(lab.projects, of, host, 'root.img');
const image = (): string => join(lab.folder, 'templates/tiny/1.0/image');

/** A disk as one image, which e2fsck finds whole. */
async function joined(host: string, of = 'class'): Promise<string> {
  const whole = await lab.whole(of, host);
  const { code, stdout } = await lab.run('e2fsck', ['-fn', whole]);
  expect({ code, stdout }).toMatchObject({ code: 0 });
  return whole;
}

async function contentOf(whole: string, path: string): Promise<string> {
  return (await lab.run('debugfs', ['-R', `cat ${path}`, whole])).stdout;
}

test('before it boots a disk is small, whole when joined with its template, and reads as configured', async () => {
  for (const name of ['h1', 'h7', 'h20']) {
    expect(statSync(disk(name)).blocks * 512).toBeLessThan(110_000);
    const whole = await joined(name);
    expect(await contentOf(whole, '/etc/hostname')).toBe(`${name}\n`);
    expect(await contentOf(whole, '/etc/hosts')).toContain('10.8.0.20 h20');
    expect(await contentOf(whole, '/etc/network/interfaces')).toContain(`10.8.0.${name.slice(1)}\n`);
  }
});

test('twenty guests boot from their disks, and each reaches the first', async () => {
  await lab.ok('start', '-p', 'class', '--wait', '120');
  expect((await lab.mln('status', '-p', 'class', '--check')).code).toBe(0);
  await lab.ok('stop', '-p', 'class', '-w', '40');
  for (const name of names) expect(await contentOf(await joined(name), '/root/reached')).toBe(`${name} reached it\n`);
}, 240_000);

test('what a guest has written it reads again after another boot; the template is as it was', async () => {
  await lab.ok('start', '-p', 'class', '-h', 'h2,h3,h4', '--wait', '60');
  await lab.ok('stop', '-p', 'class', '-h', 'h2,h3,h4', '-w', '40');
  for (const name of ['h2', 'h3', 'h4']) {
    const checked = await contentOf(await joined(name), '/root/checked');
    expect(checked.match(/: OK$/gm)).toHaveLength(60);
    expect(checked).not.toMatch(/bad|FAILED/);
  }
  await lab.ok('template', 'verify', 'tiny');
}, 120_000);

test('what disks stand on cannot be removed, and a changed one is said before a start', async () => {
  expect(await lab.mln('template', 'remove', 'tiny', '-y')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/class/),
  });
  const { mtimeMs } = statSync(image());
  utimesSync(image(), 1, 1);
  expect(await lab.mln('start', '-p', 'class', '-h', 'h5')).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/h5.*has changed since the disk root\.img was made from it.*touch -d @\d+/),
  });
  const back = /touch -d @(\d+) /.exec((await lab.mln('start', '-p', 'class', '-h', 'h5')).stderr)?.[1];
  expect(Number(back)).toBe(Math.floor(mtimeMs / 1000));
  await lab.run('touch', ['-d', `@${back ?? ''}`, image()]);
  await lab.ok('start', '-p', 'class', '-h', 'h5', '--wait', '60');
  expect(await lab.mln('disk', 'flatten', 'h5.class')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/runs/),
  });
  await lab.ok('stop', '-p', 'class', '-h', 'h5', '-w', '40');
}, 120_000);

const shared = `
global { project shared }
superclass all { template tiny; memory 64M; size 40M; cow_filesystem base }
host a { superclass all }
host b { superclass all }
host c { template tiny; memory 64M; cow_filesystem no }
`;

test('an image of the project’s own: larger than the template, shared by name; no is a disk of its own', async () => {
  await lab.ok('build', '-f', lab.write('shared.mln', shared));
  expect(statSync(join(lab.projects, 'shared/images/base')).size).toBe(40 * 1024 * 1024);
  expect(statSync(await joined('a', 'shared')).size).toBe(40 * 1024 * 1024);
  expect(readFileSync(disk('c', 'shared')).subarray(0, 4).toString()).not.toBe('OOOM');
  await lab.ok('start', '-p', 'shared', '--wait', '60');
  await lab.ok('stop', '-p', 'shared', '-w', '40');
  const clash = shared.replace('host b { superclass all }', 'host b { superclass all; size 50M }');
  expect(await lab.mln('build', '-r', '-f', lab.write('clash.mln', clash))).toMatchObject({
    code: 65,
    stderr: expect.stringMatching(/MLN_BAD_VALUE.*b: all disks that share the image base/),
  });
}, 120_000);

test('a disk that is made whole stands on nothing, boots, and holds what it held', async () => {
  const before = await joined('a', 'shared');
  await lab.ok('disk', 'flatten', 'a.shared');
  expect(readFileSync(disk('a', 'shared')).equals(readFileSync(before))).toBe(true);
  expect(existsSync(join(lab.projects, 'shared/images/base'))).toBe(true);
  expect((await lab.mln('disk', 'resize', 'b.shared', '+60M')).stderr).toContain('mln disk flatten b.shared');
  await lab.ok('disk', 'flatten', 'b.shared');
  expect(existsSync(join(lab.projects, 'shared/images/base'))).toBe(false);
  // What is whole can be made larger; the guest finds the room, and what it held.
  expect((await lab.mln('disk', 'resize', 'b.shared', '+60M')).stderr).toMatch(
    /^the disk of b has 100 MiB\nanother build .*write "size 100M" in the block of host b \(shared\.mln:5:1\) to keep this\n$/,
  );
  expect(await contentOf(await joined('b', 'shared'), '/etc/hostname')).toBe('b\n');
  await lab.ok('start', '-p', 'shared', '-h', 'a,b', '--wait', '60');
  expect((await lab.mln('disk', 'resize', 'b.shared', '2G')).stderr).toContain('MLN_PROJECT_RUNS');
  const room = async (host: string): Promise<number> =>
    Number(/(\d+) +\d+ +\d+ +\d+% \/$/m.exec(await lab.type('shared', host, 'df -k /'))?.[1]);
  expect((await room('b')) - (await room('a'))).toBeGreaterThan(50 * 1024);
  await lab.ok('stop', '-p', 'shared', '-w', '40');
  await lab.ok('stop', '-p', 'class');
  await lab.ok('remove', '-p', 'class', '-y');
  await lab.ok('template', 'remove', 'tiny', '-y');
  await lab.ok('start', '-p', 'shared', '-h', 'a', '--wait', '60');
  await lab.ok('stop', '-p', 'shared', '-w', '40');
}, 120_000);
