import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { MiB } from '@mln/core';
import { file, isClean, makeImage, open, run, scratch } from './image.js';

/* What is left in an image when its guest is killed, and how it is carried out. */

test('what stands in the journal is carried out, once', async () => {
  const image = makeImage('ext4', { size: 8 * MiB });
  await open(image).apply([file('/data', 'a'.repeat(1024))]);
  const block = /\d+/.exec(run('debugfs', '-R', 'blocks /data', image))?.[0] ?? '';
  const [letters, script] = [scratch('letters'), scratch('script')];
  writeFileSync(letters, 'b'.repeat(1024));
  writeFileSync(script, ['journal_open', `journal_write -b ${block} ${letters}`, 'journal_close', ''].join('\n'));
  run('debugfs', '-w', '-f', script, image);
  const filesystem = open(image);
  expect((await filesystem.read('/data')).toString()).toBe('a'.repeat(1024));
  expect(await filesystem.replay?.()).toBe(true);
  // What was read before is not remembered.
  expect((await filesystem.read('/data')).toString()).toBe('b'.repeat(1024));
  await filesystem.check();
  const after = readFileSync(image);
  expect(await filesystem.replay?.()).toBe(false);
  expect(readFileSync(image).equals(after)).toBe(true);
});

test('a file that was deleted and still open is removed', async () => {
  const image = makeImage('ext4', { size: 8 * MiB });
  await open(image).apply([file('/open', 'x'.repeat(5000))]);
  const inode = /Inode: (\d+)/.exec(run('debugfs', '-R', 'stat /open', image))?.[1] ?? '';
  const free = /^Free blocks: +\d+$/m.exec(run('dumpe2fs', '-h', image))?.[0];
  for (const line of [
    'unlink /open',
    `sif <${inode}> links_count 0`,
    `sif <${inode}> dtime 0`,
    `ssv last_orphan ${inode}`,
  ])
    run('debugfs', '-w', '-R', line, image);
  expect(await open(image).replay?.()).toBe(true);
  expect(isClean(image)).toBe(true);
  expect(run('dumpe2fs', '-h', image)).not.toContain(free);
});

test('one without a journal that was not unmounted is put right', async () => {
  const image = makeImage('ext2');
  run('debugfs', '-w', '-R', 'ssv state 0', image);
  expect(await open(image).replay?.()).toBe(true);
  expect([isClean(image), await open(image).replay?.()]).toEqual([true, false]);
});

test('damage that is not mended unasked is told of, with what to do', async () => {
  const image = makeImage('ext4');
  run('debugfs', '-w', '-R', 'clri <2>', image);
  run('debugfs', '-w', '-R', 'ssv state 0', image);
  await expect(open(image).replay?.()).rejects.toMatchObject({
    code: 'MLN_GUEST_EDIT',
    message: expect.stringContaining(`the filesystem of ${image} is damaged: `),
    problems: [expect.objectContaining({ hint: expect.stringContaining(`e2fsck -f ${image}`) })],
  });
});
