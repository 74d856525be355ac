import { expect, test } from '@jest/globals';
import type { Edit } from '@mln/core';
import { directory, file, kinds, makeImage, open, outline, symlink, type ImageKind } from './image.js';

/** What stands in the image before each case. */
const before: readonly Edit[] = [
  directory('/etc'),
  file('/etc/hostname', 'template\n'),
  file('/etc/shadow', 'root::\n', 0o640),
  directory('/srv'),
  directory('/srv/a'),
  directory('/srv/a/b'),
  file('/srv/a/b/deep', 'deep'),
  symlink('/srv/a/link', '../../etc/hostname'),
];
const untouched = [
  'directory 0755 0:0 /etc',
  'directory 0755 0:0 /srv',
  'directory 0755 0:0 /srv/a',
  'directory 0755 0:0 /srv/a/b',
  'file 0640 0:0 /etc/shadow "root::\\n"',
  'file 0644 0:0 /etc/hostname "template\\n"',
  'file 0644 0:0 /srv/a/b/deep "deep"',
  'symlink 0777 0:0 /srv/a/link -> ../../etc/hostname',
];

interface Case {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Lines of the outline that are no longer there, and new ones. */
  readonly gone?: readonly string[];
  readonly come?: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: 'new files, at the top level and deep',
    edits: [file('/top', 'one\n'), file('/srv/a/b/new', 'two\n', 0o600), file('/etc/empty')],
    come: ['file 0644 0:0 /top "one\\n"', 'file 0600 0:0 /srv/a/b/new "two\\n"', 'file 0644 0:0 /etc/empty ""'],
  },
  {
    name: 'a file that takes the place of another',
    edits: [{ ...file('/etc/hostname', 'router1\n'), replaces: true }],
    gone: ['file 0644 0:0 /etc/hostname "template\\n"'],
    come: ['file 0644 0:0 /etc/hostname "router1\\n"'],
  },
  {
    name: 'directories, each made before what is in it',
    edits: [directory('/opt'), directory('/opt/x'), directory('/opt/x/y', 0o700), file('/opt/x/y/z', 'z')],
    come: [
      'directory 0755 0:0 /opt',
      'directory 0755 0:0 /opt/x',
      'directory 0700 0:0 /opt/x/y',
      'file 0644 0:0 /opt/x/y/z "z"',
    ],
  },
  {
    name: 'links with targets of 1, 59, 60, 61 and 900 bytes',
    edits: [1, 59, 60, 61, 900].map((length) => symlink(`/srv/${length}`, 'x'.repeat(length))),
    come: [1, 59, 60, 61, 900].map((length) => `symlink 0777 0:0 /srv/${length} -> ${'x'.repeat(length)}`),
  },
  {
    name: 'other attributes for what is there',
    edits: [
      { do: 'attributes', type: 'file', path: '/etc/shadow', mode: 0o600, owner: 0, group: 42 },
      { do: 'attributes', type: 'directory', path: '/srv/a', mode: 0o1777, owner: 33, group: 33 },
    ],
    gone: ['file 0640 0:0 /etc/shadow "root::\\n"', 'directory 0755 0:0 /srv/a'],
    come: ['file 0600 0:42 /etc/shadow "root::\\n"', 'directory 1777 33:33 /srv/a'],
  },
  {
    name: 'a file, a link and an empty directory removed',
    edits: [
      { do: 'remove', path: '/srv/a/link', type: 'symlink' },
      { do: 'remove', path: '/srv/a/b/deep', type: 'file' },
      { do: 'remove', path: '/srv/a/b', type: 'directory' },
    ],
    gone: [
      'directory 0755 0:0 /srv/a/b',
      'file 0644 0:0 /srv/a/b/deep "deep"',
      'symlink 0777 0:0 /srv/a/link -> ../../etc/hostname',
    ],
  },
  {
    name: 'a whole tree that gives way to a file',
    edits: [
      { do: 'remove', path: '/srv/a/link', type: 'symlink' },
      { do: 'remove', path: '/srv/a/b/deep', type: 'file' },
      { do: 'remove', path: '/srv/a/b', type: 'directory' },
      { do: 'remove', path: '/srv/a', type: 'directory' },
      file('/srv/a', 'now a file'),
    ],
    gone: untouched.filter((line) => line.includes('/srv/a')),
    come: ['file 0644 0:0 /srv/a "now a file"'],
  },
  { name: 'nothing', edits: [] },
];

async function carriesOut(kind: ImageKind, { edits, gone = [], come = [] }: Case): Promise<void> {
  const image = makeImage(kind);
  await open(image).apply(before);
  const filesystem = open(image);
  await filesystem.apply(edits);
  const expected = [...untouched.filter((line) => !gone.includes(line)), ...come].sort();
  expect(await outline(open(image))).toEqual(expected);
  await expect(filesystem.check()).resolves.toBeUndefined();
}

test.each(cases)('$name', (each) => carriesOut('ext4', each));

/** All cases but one, which takes away what others change, at once. */
const together = cases.filter(({ name }) => !name.includes('whole tree') && !name.includes('empty directory'));
const images = Object.keys(kinds) as ImageKind[];

test.each(images)('all kinds of edits in one go: %s', (kind) =>
  carriesOut(kind, {
    name: 'together',
    edits: together.flatMap(({ edits }) => edits),
    gone: together.flatMap(({ gone = [] }) => gone),
    come: together.flatMap(({ come = [] }) => come),
  }),
);

test('what was read before an edit is read again behind it', async () => {
  const filesystem = open(makeImage());
  await filesystem.apply(before);
  expect((await filesystem.read('/etc/hostname')).toString()).toBe('template\n');
  expect([...((await filesystem.list('/srv/a')) ?? [])].map(([name]) => name)).toEqual(['b', 'link']);
  await filesystem.apply([
    { ...file('/etc/hostname', 'router1\n'), replaces: true },
    { do: 'remove', path: '/srv/a/link', type: 'symlink' },
  ]);
  expect((await filesystem.read('/etc/hostname')).toString()).toBe('router1\n');
  expect([...((await filesystem.list('/srv/a')) ?? [])].map(([name]) => name)).toEqual(['b']);
});

test('what is no directory has no list', async () => {
  const filesystem = open(makeImage());
  await filesystem.apply(before);
  expect(await filesystem.list('/nothing')).toBeNull();
  expect(await filesystem.list('/nothing/below')).toBeNull();
  expect(await filesystem.list('/etc/hostname')).toBeNull();
  expect(await filesystem.list('/etc/hostname/below')).toBeNull();
});
