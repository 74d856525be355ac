import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { MiB, type Edit } from '@mln/core';
import { directory, file, makeImage, open, run, scratch } from './image.js';

/** What a full filesystem is given, and the path that is to be named. */
const full: readonly { name: string; edits: readonly Edit[]; path: string }[] = [
  {
    name: 'a file that is too large',
    edits: [file('/small', 'x'), file('/large', Buffer.alloc(5 * MiB, 'x')), file('/behind', 'x')],
    path: '/large',
  },
  {
    name: 'a copied file that is too large',
    edits: [file('/small', 'x'), { ...file('/copied'), content: { source: scratch('large') } }],
    path: '/copied',
  },
  {
    name: 'one file too many',
    edits: Array.from({ length: 20 }, (_, index) => file(`/${index}`, Buffer.alloc(MiB / 4, 'x'))),
    path: '/1',
  },
];

test.each(full)('a filesystem is full: $name', async ({ edits, path }) => {
  writeFileSync(scratch('large'), Buffer.alloc(5 * MiB, 'x'));
  const image = makeImage('ext4', { options: ['-N', '1024'] });
  await expect(open(image).apply(edits)).rejects.toMatchObject({
    code: 'MLN_NO_SPACE',
    message: expect.stringContaining(`the filesystem of ${image} is full at ${path}`),
    problems: [{ hint: 'give the host more room with free_space' }],
  });
});

test('a filesystem without a free inode is full', async () => {
  const image = makeImage('ext4', { options: ['-N', '32'] });
  const edits = Array.from({ length: 40 }, (_, index) => directory(`/d${index}`));
  await expect(open(image).apply(edits)).rejects.toMatchObject({
    code: 'MLN_NO_SPACE',
    message: expect.stringContaining(`${image} is full at /d`),
  });
});

/** What cannot be carried out, and the path that is to be named. */
const impossible: readonly { name: string; edit: Edit; path: string }[] = [
  { name: 'a file in no directory', edit: file('/nothing/file', 'x'), path: '/nothing/file' },
  { name: 'a directory that is there', edit: directory('/lost+found', 0o711), path: '' },
  { name: 'a file over another', edit: file('/there', 'other content'), path: '/there' },
  { name: 'a file whose source is gone', edit: { ...file('/x'), content: { source: '/nonexistent' } }, path: '/x' },
  { name: 'a directory that is not empty', edit: { do: 'remove', path: '/full', type: 'directory' }, path: '/full' },
  { name: 'nothing to remove', edit: { do: 'remove', path: '/nothing', type: 'file' }, path: '' },
];

test.each(impossible)('an error names image and path: $name', async ({ edit, path }) => {
  const image = makeImage();
  await open(image).apply([file('/there', 'content'), directory('/full'), file('/full/x', 'x')]);
  const attempt = open(image).apply([edit]);
  await expect(attempt).rejects.toMatchObject({ code: 'MLN_GUEST_EDIT' });
  await expect(attempt).rejects.toThrow(`${path === '' ? 'one of its files' : path} in ${image} could not be changed`);
});

test('what cannot be read is told with its path and image', async () => {
  const image = makeImage();
  await expect(open(image).read('/nothing')).rejects.toMatchObject({
    code: 'MLN_GUEST_EDIT',
    message: expect.stringContaining(`/nothing in ${image} cannot be read: `),
  });
});

/** Ways to damage an image, in bytes of 1 KiB blocks. */
const damages: Readonly<Record<string, (image: Buffer) => void>> = {
  'no superblock': (image) => image.fill(0, 1024, 2048),
  'a superblock that is noise': (image) => image.fill(0xaa, 1024 + 60, 2048),
  'no group descriptors': (image) => image.fill(0, 2048, 3072),
};

test.each(Object.keys(damages))('a damaged image: %s', async (name) => {
  const image = makeImage();
  await open(image).apply([directory('/etc'), file('/etc/hostname', 'x')]);
  const bytes = readFileSync(image);
  damages[name]?.(bytes);
  writeFileSync(image, bytes);
  const told = { code: expect.stringMatching(/^MLN_/), message: expect.stringContaining(image) };
  await expect(open(image).check()).rejects.toMatchObject({ ...told, code: 'MLN_GUEST_EDIT' });
  await expect(open(image).list('/etc')).rejects.toMatchObject(told);
  await expect(open(image).read('/etc/hostname')).rejects.toMatchObject(told);
  await expect(open(image).readLink('/etc/hostname')).rejects.toMatchObject(told);
  await expect(open(image).apply([file('/new')])).rejects.toMatchObject(told);
});

test('what e2fsck would mend is told with what it said', async () => {
  const image = makeImage();
  await open(image).apply([directory('/etc')]);
  run('debugfs', '-w', '-R', 'sif /etc links_count 7', image);
  await expect(open(image).check()).rejects.toMatchObject({
    code: 'MLN_GUEST_EDIT',
    message: expect.stringMatching(/is not whole: .*Filesystem still has errors|is not whole: .*count wrong/),
    problems: [{ hint: `e2fsck -f ${image} may mend it` }],
  });
});

test('an image that is cut off is not whole', async () => {
  const image = makeImage();
  await open(image).apply([file('/large', Buffer.alloc(2 * MiB, 'x'))]);
  truncateSync(image, MiB);
  await expect(open(image).check()).rejects.toMatchObject({ code: 'MLN_GUEST_EDIT' });
});
