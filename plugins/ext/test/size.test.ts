import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { MiB } from '@mln/core';
import { runShell } from '../../../core/src/shell.js';
import { talk } from '../../../core/src/dialogue.js';
import { extFilesystem } from '../src/ext-filesystem.js';
import { file, isClean, kinds, makeImage, open, outline, run, scratch, type ImageKind } from './image.js';

const images = Object.keys(kinds) as ImageKind[];

test.each(images)('%s: a grown filesystem keeps its files and has the new room', async (kind) => {
  const image = makeImage(kind);
  await open(image).apply([file('/kept', 'data\n', 0o640)]);
  truncateSync(image, 16 * MiB);
  await open(image).grow();
  const filesystem = open(image);
  expect(await outline(filesystem)).toEqual(['file 0640 0:0 /kept "data\\n"']);
  await filesystem.apply([file('/large', Buffer.alloc(9 * MiB, 'x'))]);
  expect((await filesystem.list('/'))?.get('large')?.size).toBe(9 * MiB);
  expect(isClean(image)).toBe(true);
});

test('who grows a filesystem already is waited for, though its mln is gone', async () => {
  const image = makeImage();
  truncateSync(image, 16 * MiB);
  const [ended, script] = [scratch('ended'), 'echo holds; read line; : >"$0"'];
  const holder = spawn('flock', [image, 'sh', '-c', script, ended], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  const endedBefore: Record<string, boolean> = {};
  const shell: typeof runShell = async (program, ...rest) => {
    endedBefore[program] ??= existsSync(ended);
    const running = runShell(program, ...rest);
    // It is let go once somebody waits for it.
    if (program === 'flock' && !existsSync(ended)) holder.stdin.end('\n');
    return running;
  };
  await extFilesystem(image, shell, talk).grow();
  expect(endedBefore).toEqual({ flock: false, e2fsck: true });
  expect(isClean(image)).toBe(true);
});

test('growing what has no new room changes nothing', async () => {
  const image = makeImage();
  await open(image).apply([file('/kept', 'data\n')]);
  const before = /^Block count:.*$/m.exec(run('dumpe2fs', '-h', image))?.[0];
  await open(image).grow();
  expect(run('dumpe2fs', '-h', image)).toContain(before);
  expect(await outline(open(image))).toEqual(['file 0644 0:0 /kept "data\\n"']);
});

test('the minimum size follows what is in it, and the filesystem can be made that small', async () => {
  const image = makeImage('ext4', { size: 32 * MiB });
  const empty = await open(image).minimumSize();
  await open(image).apply([file('/large', Buffer.alloc(8 * MiB, 'x'))]);
  const filled = await open(image).minimumSize();
  expect(filled).toBeGreaterThan(empty + 7 * MiB);
  expect(filled).toBeLessThan(32 * MiB);
  run('e2fsck', '-fp', image);
  run('resize2fs', image, `${filled / 1024}K`);
  truncateSync(image, filled);
  expect(isClean(image)).toBe(true);
  expect((await open(image).read('/large')).length).toBe(8 * MiB);
});

test.each(images)('%s: a filesystem is made smaller, and keeps its files', async (kind) => {
  const image = makeImage(kind, { size: 16 * MiB });
  await open(image).apply([file('/kept', Buffer.alloc(3 * MiB, 'x'))]);
  await open(image).shrink?.(9 * MiB + 100);
  truncateSync(image, 9 * MiB);
  expect(isClean(image)).toBe(true);
  expect((await open(image).read('/kept')).equals(Buffer.alloc(3 * MiB, 'x'))).toBe(true);
});

test('what holds too much is not made smaller, nor touched', async () => {
  const image = makeImage('ext4', { size: 16 * MiB });
  await open(image).apply([file('/large', Buffer.alloc(8 * MiB, 'x'))]);
  const before = readFileSync(image);
  const least = await open(image).minimumSize();
  await expect(open(image).shrink?.(8 * MiB)).rejects.toMatchObject({
    code: 'MLN_NO_SPACE',
    message: expect.stringContaining(`${image} cannot be made as small as 8 MiB: what it holds takes `),
    problems: [expect.objectContaining({ hint: expect.stringContaining(`at least ${least} bytes`) })],
  });
  expect(readFileSync(image).equals(before)).toBe(true);
});
