import { expect, test } from '@jest/globals';
import { posix } from 'node:path';
import type { Edit } from '@mln/core';
import { word } from '../src/debugfs.js';
import { directory, file, isClean, makeImage, open, outline, symlink } from './image.js';

/** Names that debugfs, or a shell, would read as something else. */
const names = [
  'two words',
  ' blank first and last ',
  '"quoted"',
  'a " in the middle',
  '""',
  "it's",
  '<12>',
  '<2>',
  '-d',
  '--',
  '-p',
  '#hash',
  '# hash',
  'a;b',
  ';',
  'back\\slash',
  '\\',
  '\\"',
  '$(reboot)',
  '`reboot`',
  '*',
  '?',
  '!',
  '&',
  '|',
  '~',
  '{a,b}',
  '%s%n',
  '...',
  'cd',
  'quit',
  'debugfs:  ',
  'debugfs:  x',
  'ærlig, 名前, 🦊',
  'n'.repeat(255),
  'é'.repeat(127),
];

/** The same names as files in a directory, as directories with a file in them, and as links with that target. */
const edits: readonly Edit[] = names.flatMap((name) => [
  file(`/files/${name}`, name),
  directory(`/folders/${name}`),
  file(`/folders/${name}/${name}`, name, 0o600),
  symlink(`/links/${name}`, name),
]);

const start = [directory('/files'), directory('/folders'), directory('/links')];

test('a name is a name, whatever it would mean to debugfs', async () => {
  const image = makeImage();
  await open(image).apply([...start, ...edits]);
  const expected = [
    ...start.map(({ path }) => `directory 0755 0:0 ${path}`),
    ...names.flatMap((name) => [
      `file 0644 0:0 /files/${name} ${JSON.stringify(name)}`,
      `directory 0755 0:0 /folders/${name}`,
      `file 0600 0:0 /folders/${name}/${name} ${JSON.stringify(name)}`,
      `symlink 0777 0:0 /links/${name} -> ${name}`,
    ]),
  ].sort();
  expect(await outline(open(image))).toEqual(expected);
  expect(isClean(image)).toBe(true);
});

test('and it can be replaced, changed and removed under that name', async () => {
  const image = makeImage();
  await open(image).apply([...start, ...edits]);
  await open(image).apply(
    names.flatMap((name): Edit[] => [
      { ...file(`/files/${name}`, 'new'), replaces: true },
      { do: 'attributes', type: 'directory', path: `/folders/${name}`, mode: 0o750, owner: 1, group: 2 },
      { do: 'remove', path: `/folders/${name}/${name}`, type: 'file' },
      { do: 'remove', path: `/links/${name}`, type: 'symlink' },
    ]),
  );
  const expected = [
    ...start.map(({ path }) => `directory 0755 0:0 ${path}`),
    ...names.flatMap((name) => [`file 0644 0:0 /files/${name} "new"`, `directory 0750 1:2 /folders/${name}`]),
  ].sort();
  expect(await outline(open(image))).toEqual(expected);
  await open(image).apply(
    names.flatMap((name): Edit[] => [
      { do: 'remove', path: `/files/${name}`, type: 'file' },
      { do: 'remove', path: `/folders/${name}`, type: 'directory' },
    ]),
  );
  expect(await outline(open(image))).toEqual(start.map(({ path }) => `directory 0755 0:0 ${path}`));
  expect(isClean(image)).toBe(true);
});

test('names at the top level are not options and not inodes', async () => {
  const image = makeImage();
  await open(image).apply(names.map((name) => file(`/${name}`, name)));
  expect(await outline(open(image))).toEqual(
    names.map((name) => `file 0644 0:0 ${posix.join('/', name)} ${JSON.stringify(name)}`).sort(),
  );
  expect(isClean(image)).toBe(true);
});

const targets = ['"', 'a "quoted" word', "it's", '-s', '<12>', '#', 'a b', '/etc/ærlig', '\\', '"'.repeat(70)];

test.each(targets)('a link that points to %s', async (target) => {
  const image = makeImage();
  await open(image).apply([symlink('/link', target)]);
  expect(await open(image).readLink('/link')).toBe(target);
});

const refused = ['a\nrm /etc/passwd', 'a\rb', 'a\tb', 'a\0b', 'a\x7fb'];

test.each(refused)('a control character is refused before anything is written: %j', async (name) => {
  const image = makeImage();
  await open(image).apply([directory('/etc'), file('/etc/passwd', 'root')]);
  const attempts: Edit[] = [
    file(`/${name}`),
    directory(`/${name}`),
    symlink('/link', name),
    { do: 'remove', path: `/${name}`, type: 'file' },
    { do: 'attributes', type: 'file', path: `/${name}`, mode: 0o644, owner: 0, group: 0 },
    { ...file('/x'), content: { source: `/tmp/${name}` } },
  ];
  for (const edit of attempts)
    await expect(open(image).apply([file('/before'), edit])).rejects.toMatchObject({
      code: 'MLN_GUEST_PATH',
      message: expect.stringContaining('control characters'),
    });
  await expect(open(image).list(`/${name}`)).rejects.toMatchObject({ code: 'MLN_GUEST_PATH' });
  await expect(open(image).read(`/${name}`)).rejects.toMatchObject({ code: 'MLN_GUEST_PATH' });
  expect(await outline(open(image))).toEqual(['directory 0755 0:0 /etc', 'file 0644 0:0 /etc/passwd "root"']);
});

test.each(['x'.repeat(8000), '€'.repeat(2800), '"'.repeat(4100)])(
  'a line that debugfs would cut in two is refused (%#)',
  async (target) => {
    const image = makeImage();
    await expect(open(image).apply([file('/before'), symlink('/link', target)])).rejects.toMatchObject({
      code: 'MLN_GUEST_PATH',
    });
    expect(await outline(open(image))).toEqual([]);
  },
);

test.each([
  ['/etc/hostname', '"/etc/hostname"'],
  ['/a "b" c', '"/a ""b"" c"'],
  ['', '""'],
])('%s is written as one word', (text, expected) => {
  expect(word(text)).toBe(expected);
});
