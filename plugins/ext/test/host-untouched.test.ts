import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createGuest, type Project } from '@mln/core';
import { directory, file, isClean, makeImage, open, outline, scratch, symlink } from './image.js';

const project: Project = {
  name: 'lab',
  home: null,
  source: '/',
  directory: '/',
  switches: [],
  hosts: [],
  hookBlocks: {},
  variables: {},
  secret: 'fixed',
};

test('absolute links inside an image lead to places inside the image', async () => {
  const outside = scratch('outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'precious'), 'of the host');
  const image = makeImage();
  await open(image).apply([
    symlink('/folder', outside),
    symlink('/file', join(outside, 'precious')),
    symlink('/up', '../../../../../../../..' + outside),
  ]);
  const guest = createGuest(open(image), project);
  expect(await guest.read('/file')).toBeNull();
  expect(await guest.read('/folder/precious')).toBeNull();
  await guest.write('/file', 'of the guest');
  await guest.write('/folder/new', 'one');
  await guest.write('/up/other', 'two');
  await guest.remove('/folder/nothing');
  await open(image).apply(await guest.edits());

  expect(readdirSync(outside)).toEqual(['precious']);
  expect(readFileSync(join(outside, 'precious'), 'utf8')).toBe('of the host');
  const filesystem = open(image);
  expect((await filesystem.read(join(outside, 'precious'))).toString()).toBe('of the guest');
  expect((await filesystem.read(join(outside, 'new'))).toString()).toBe('one');
  expect((await filesystem.read(join(outside, 'other'))).toString()).toBe('two');
  expect(isClean(image)).toBe(true);
});

test('an edit at a link takes the link itself', async () => {
  const outside = scratch('precious');
  writeFileSync(outside, 'of the host');
  const image = makeImage();
  await open(image).apply([directory('/etc'), file('/etc/target', 'target'), symlink('/etc/link', outside)]);
  await open(image).apply([{ do: 'remove', path: '/etc/link', type: 'symlink' }, file('/etc/link', 'a file now')]);
  expect(await outline(open(image))).toEqual([
    'directory 0755 0:0 /etc',
    'file 0644 0:0 /etc/link "a file now"',
    'file 0644 0:0 /etc/target "target"',
  ]);
  expect(readFileSync(outside, 'utf8')).toBe('of the host');
  expect(readdirSync(dirname(outside))).toContain('precious');
});
