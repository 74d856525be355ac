import { expect, test } from '@jest/globals';
import { createGuest, type Guest } from '../src/guest.js';
import { memoryFilesystem } from '../src/testing/memory-filesystem.js';
import { after, editsOf, guestOf } from './fake-guest.js';
import { fakeProject } from './fake-project.js';

test('what is read shows what was written before', async () => {
  const guest = guestOf({ '/etc/hosts': 'a\n' });
  await guest.append('/etc/hosts', 'b\n');
  await guest.append('/etc/new', 'c');
  await guest.append('/etc/new', 'd');
  expect(await guest.text('/etc/hosts')).toBe('a\nb\n');
  expect(await guest.text('/etc/new')).toBe('c\nd');
  expect(await guest.list('/etc')).toEqual(['hosts', 'new']);
  await guest.remove('/etc/hosts');
  expect(await guest.read('/etc/hosts')).toBeNull();
  expect(await guest.text('/etc/hosts')).toBe('');
  expect(await guest.exists('/etc/hosts')).toBe(false);
  expect(await guest.list('/etc')).toEqual(['new']);
});

test('a file keeps its mode and owners where no others are given', async () => {
  const files = { '/etc/a': 'a', '/etc/b': 'b', '/etc/c': 'c' };
  const changed = await after(files, async (guest) => {
    await guest.write('/etc/a', 'A', { mode: 0o600, owner: 5, group: 6 });
    await guest.write('/etc/a', 'AA');
    await guest.write('/etc/b', 'b', { mode: 0o755 });
    await guest.write('/etc/c', 'c');
    await guest.directory('/etc', { owner: 7 });
    await guest.directory('/var/lib/x', { mode: 0o700 });
  });
  expect(changed).toEqual([
    '/etc/ 7:0',
    '/etc/a 600 5:6 "AA"',
    '/etc/b 755 "b"',
    '/etc/c "c"',
    '/var/',
    '/var/lib/',
    '/var/lib/x/ 700',
  ]);
});

test('only what differs is edited', async () => {
  const files = { '/etc/same': 's', '/etc/mode': 'm', '/etc/link': '→same', '/dir/': '', '/etc/gone': 'g' };
  const edits = await editsOf(files, async (guest) => {
    await guest.write('/etc/same', 's');
    await guest.write('/etc/mode', 'm', { mode: 0o600 });
    await guest.symlink('/etc/link', 'same');
    await guest.directory('/dir');
    await guest.remove('/etc/gone');
    await guest.remove('/etc/none');
    await guest.write('/etc/new', 'n');
    await guest.remove('/etc/new');
    await guest.region('/etc/none', 'x', null);
  });
  expect(edits).toEqual(['remove /etc/gone', 'attributes /etc/mode']);
});

test('directories are made before what is in them, and emptied before they are removed', async () => {
  const edits = await editsOf({ '/old/a/b': '1', '/old/c': '2', '/old/a/link': '→/etc' }, async (guest) => {
    await guest.write('/new/a/b', '3');
    await guest.remove('/old');
  });
  expect(edits).toEqual([
    'remove /old/c',
    'remove /old/a/link',
    'remove /old/a/b',
    'remove /old/a',
    'remove /old',
    'directory /new',
    'directory /new/a',
    'file /new/a/b',
  ]);
});

test('a tree that is removed and made again holds nothing of what it held', async () => {
  const files = { '/srv/a/b': '1', '/srv/a/c/d': '2', '/srv/e': '3', '/srv/f': '4' };
  const change = async (guest: Guest): Promise<void> => {
    await guest.remove('/srv/a/b');
    await guest.remove('/srv');
    await guest.remove('/srv/e');
    await guest.write('/srv/a/c/new', '5');
    await guest.write('/srv/f', '4');
    expect(await guest.list('/srv')).toEqual(['a', 'f']);
    expect(await guest.list('/srv/a')).toEqual(['c']);
    expect(await guest.exists('/srv/a/c/d')).toBe(false);
  };
  expect(await after(files, change)).toEqual(['/srv/', '/srv/a/', '/srv/a/c/', '/srv/a/c/new "5"', '/srv/f "4"']);
});

test('what is removed may become something of another kind', async () => {
  const files = { '/a/b': '1', '/c': '2', '/d': '→c' };
  const changed = await after(files, async (guest) => {
    await guest.remove('/a');
    await guest.write('/a', 'file');
    expect(await guest.exists('/a/b')).toBe(false);
    await guest.remove('/c');
    await guest.directory('/c');
    await guest.symlink('/d', '/a');
  });
  expect(changed).toEqual(['/a "file"', '/c/', '/d →/a']);
});

test.each<[string, (guest: Guest) => Promise<void>]>([
  ['a directory as a file', (guest) => guest.write('/etc', 'x')],
  ['a file as a directory', (guest) => guest.directory('/etc/hosts')],
  ['a file as a directory on the way', (guest) => guest.write('/etc/hosts/x', 'x')],
  ['a directory as a link', (guest) => guest.symlink('/etc', '/x')],
  ['the root as a file', (guest) => guest.write('/', 'x')],
  ['the root as nothing', (guest) => guest.remove('/')],
])('nobody overwrites %s', async (_, change) => {
  await expect(change(guestOf({ '/etc/hosts': 'h' }))).rejects.toMatchObject({ code: 'MLN_GUEST_PATH' });
});

test.each<[before: string, text: string | null, expected: string]>([
  ['', 'x', '# mln net begin\nx\n# mln net end\n'],
  ['a', 'x\n', 'a\n# mln net begin\nx\n# mln net end\n'],
  ['a\n# mln net begin\nold\n# mln net end\nb\n', 'x\ny', 'a\n# mln net begin\nx\ny\n# mln net end\nb\n'],
  ['a\n# mln net begin\nold\n# mln net end\nb\n', null, 'a\nb\n'],
  ['a\n# mln other begin\no\n# mln other end\n', null, 'a\n# mln other begin\no\n# mln other end\n'],
  [
    '# mln other begin\no\n# mln other end\n',
    'x',
    '# mln other begin\no\n# mln other end\n# mln net begin\nx\n# mln net end\n',
  ],
])('a region in %j', async (before, text, expected) => {
  const guest = guestOf({ '/etc/hosts': before });
  for (let time = 1; time <= 2; time += 1) {
    await guest.region('/etc/hosts', 'net', text);
    expect(await guest.text('/etc/hosts')).toBe(expected);
  }
});

test('a salt is the same for one project and password, and differs for others', () => {
  const salt = (secret: string, password: string): string =>
    createGuest(memoryFilesystem({}), fakeProject({ secret })).salt(password);
  expect(salt('s', 'p')).toBe(salt('s', 'p'));
  expect(salt('s', 'p')).toMatch(/^[A-Za-z0-9]{16}$/);
  expect(new Set([salt('s', 'p'), salt('s', 'q'), salt('t', 'p')]).size).toBe(3);
});

test('guests with the same region share its file', async () => {
  const project = fakeProject();
  const region = async (before: string, text: string): Promise<Buffer | null> => {
    const guest = createGuest(memoryFilesystem({ '/etc/hosts': before }), project);
    await guest.region('/etc/hosts', 'hosts', text);
    return guest.read('/etc/hosts');
  };
  const first = await region('a\n', 'b');
  expect(await region('a\n', 'b')).toBe(first);
  const other = await region('A\n', 'b');
  expect([first, other].map(String)).toEqual([
    'a\n# mln hosts begin\nb\n# mln hosts end\n',
    'A\n# mln hosts begin\nb\n# mln hosts end\n',
  ]);
});

test('a change that nobody awaited is made all the same', async () => {
  const edits = await editsOf({ '/etc/': '' }, (guest) => {
    void guest.write('/etc/motd', 'hello');
    return Promise.resolve();
  });
  expect(edits).toEqual(['file /etc/motd']);
});
