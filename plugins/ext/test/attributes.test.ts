import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { MiB, type Edit } from '@mln/core';
import { isClean, makeImage, open, outline, run, scratch } from './image.js';

const modes = [0o000, 0o400, 0o644, 0o755, 0o1777, 0o2755, 0o4755, 0o6711, 0o7777];
const ids = [0, 1000, 65_535, 65_536, 100_000, 2_147_483_647, 4_294_967_294];

/** Every mode with some owner, and every owner with some mode. */
const pairs = Array.from({ length: 9 }, (_, index) => ({
  mode: modes[index] ?? 0,
  owner: ids[index % ids.length] ?? 0,
  group: ids[(index + 3) % ids.length] ?? 0,
}));

test('modes and owners are read back as they were given, and debugfs says the same', async () => {
  const image = makeImage();
  const edits = pairs.flatMap(({ mode, owner, group }): Edit[] => {
    const path = `/${mode.toString(8)}`;
    return [
      { do: 'directory', path: `${path}-d`, mode, owner, group },
      { do: 'file', path, content: Buffer.from('x'), mode, owner, group, replaces: false },
      { do: 'symlink', path: `${path}-l`, target: 'x', mode: 0o777, owner, group },
      { do: 'file', path: `${path}-c`, content: Buffer.from('y'), mode: 0o644, owner: 5, group: 5, replaces: false },
      { do: 'attributes', type: 'file', path: `${path}-c`, mode, owner, group },
    ];
  });
  await open(image).apply(edits);
  const expected = pairs.flatMap(({ mode, owner, group }) => {
    const path = `/${mode.toString(8)}`;
    const attributes = `${mode.toString(8).padStart(4, '0')} ${owner}:${group}`;
    return [
      `directory ${attributes} ${path}-d`,
      `file ${attributes} ${path} "x"`,
      `file ${attributes} ${path}-c "y"`,
      `symlink 0777 ${owner}:${group} ${path}-l -> x`,
    ];
  });
  expect(await outline(open(image))).toEqual(expected.sort());
  const said = run('debugfs', '-R', 'stat /1777', image);
  expect(said).toMatch(/Type: regular\s+Mode: {2}01777/);
  expect(said).toMatch(/User: 100000\s+Group:\s+0 /);
  expect(isClean(image)).toBe(true);
});

test('a file that replaces another has nothing of its attributes or its other names', async () => {
  const image = makeImage();
  const attributes = { mode: 0o4755, owner: 7, group: 8 };
  await open(image).apply([{ do: 'file', path: '/one', content: Buffer.from('old'), ...attributes, replaces: false }]);
  run('debugfs', '-w', '-R', 'ln /one /other', image);
  run('debugfs', '-w', '-R', 'sif /one links_count 2', image);
  await open(image).apply([
    { do: 'file', path: '/one', content: Buffer.from('new'), mode: 0o600, owner: 0, group: 0, replaces: true },
  ]);
  expect(await outline(open(image))).toEqual(['file 0600 0:0 /one "new"', 'file 4755 7:8 /other "old"']);
  expect(isClean(image)).toBe(true);
});

const contents: Readonly<Record<string, Buffer>> = {
  'all bytes': Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  'debugfs commands': Buffer.from('quit\nrm /etc/passwd\n"\n#\n<12>\n'),
  'no newline': Buffer.from('end'),
  'only zeros': Buffer.alloc(10_000),
  'a hole between data': Buffer.concat([Buffer.from('begin'), Buffer.alloc(100_000), Buffer.from('end')]),
  'a block and one byte': Buffer.alloc(1025, 'x'),
  'a megabyte': Buffer.from(createHash('sha512').update('seed').digest('hex').repeat(8192)),
};

test.each(Object.keys(contents))('content: %s', async (name) => {
  const content = contents[name] ?? Buffer.alloc(0);
  const source = scratch('a "source" with blanks');
  writeFileSync(source, content);
  const image = makeImage();
  const attributes = { mode: 0o644, owner: 0, group: 0, replaces: false };
  await open(image).apply([
    { do: 'file', path: '/given', content, ...attributes },
    { do: 'file', path: '/copied', content: { source }, ...attributes },
  ]);
  const filesystem = open(image);
  expect((await filesystem.read('/given')).equals(content)).toBe(true);
  expect((await filesystem.read('/copied')).equals(content)).toBe(true);
  expect((await filesystem.list('/'))?.get('copied')?.size).toBe(content.length);
  expect(isClean(image)).toBe(true);
});

test('300 files at once, into a directory that e2fsck has indexed', async () => {
  const image = makeImage('ext4', { size: 8 * MiB });
  const many = (begin: string): Edit[] =>
    Array.from({ length: 300 }, (_, index) => ({
      do: 'file',
      path: `/etc/${begin}-${index}-${'x'.repeat(60)}`,
      content: Buffer.from(`${begin} ${index}`),
      mode: 0o644,
      owner: index,
      group: 0,
      replaces: false,
    }));
  await open(image).apply([{ do: 'directory', path: '/etc', mode: 0o755, owner: 0, group: 0 }, ...many('first')]);
  try {
    run('e2fsck', '-fyD', image);
  } catch (error) {
    // 1: it was changed.
    expect(error).toMatchObject({ status: 1 });
  }
  expect(run('debugfs', '-R', 'stat /etc', image)).toMatch(/Flags: 0x81000/);
  await open(image).apply(many('second'));
  const filesystem = open(image);
  expect((await filesystem.list('/etc'))?.size).toBe(600);
  expect((await filesystem.read(`/etc/second-299-${'x'.repeat(60)}`)).toString()).toBe('second 299');
  expect((await filesystem.read(`/etc/first-7-${'x'.repeat(60)}`)).toString()).toBe('first 7');
  expect(isClean(image)).toBe(true);
});
