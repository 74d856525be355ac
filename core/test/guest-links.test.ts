import { expect, test } from '@jest/globals';
import { after, editsOf, guestOf } from './fake-guest.js';

const links = {
  '/etc/real': 'real',
  '/etc/relative': '→real',
  '/etc/absolute': '→/etc/real',
  '/etc/up': '→../etc/./real',
  '/etc/beyond': '→../../../../etc/real',
  '/etc/chain': '→up',
  '/folder': '→etc',
  '/etc/back': '→/folder/real',
  '/etc/dangling': '→/var/none',
  '/etc/loop': '→loop',
  '/etc/one': '→other',
  '/etc/other': '→one',
};

test.each([
  '/etc/real',
  '/etc/relative',
  '/etc/absolute',
  '/etc/up',
  '/etc/beyond',
  '/etc/chain',
  '/folder/real',
  '/folder/../etc/real',
  '/folder/relative',
  '/etc/back',
  '//etc///./real',
  '/../etc/real',
])('%s is read and written where it leads to inside the guest', async (path) => {
  const guest = guestOf(links);
  expect(await guest.text(path)).toBe('real');
  await guest.write(path, 'new');
  expect(await guest.text('/etc/real')).toBe('new');
  expect((await guest.edits()).map((edit) => edit.path)).toEqual(['/etc/real']);
});

test('a link to nothing is written through, and makes the directories that it names', async () => {
  expect(await editsOf(links, (guest) => guest.write('/etc/dangling', 'x'))).toEqual([
    'directory /var',
    'file /var/none',
  ]);
});

test.each(['/etc/loop', '/etc/one', '/etc/loop/below'])('%s never ends', async (path) => {
  for (const attempt of [guestOf(links).read(path), guestOf(links).write(path, 'x'), guestOf(links).exists(path)])
    await expect(attempt).rejects.toMatchObject({ code: 'MLN_GUEST_PATH' });
});

test('a loop can be removed, and a link can be replaced', async () => {
  const changed = await after({ '/loop': '→loop', '/link': '→/real', '/real': 'real' }, async (guest) => {
    await guest.remove('/loop');
    await guest.write('/link', 'file', { replaceLink: true });
  });
  expect(changed).toEqual(['/link "file"', '/real "real"']);
});

test('a link that was made is followed', async () => {
  const guest = guestOf({ '/etc/hosts': 'h' });
  await guest.symlink('/link', '/etc');
  expect(await guest.text('/link/hosts')).toBe('h');
  expect(await guest.list('/link')).toEqual(['hosts']);
});

test.each(['', 'etc/hosts', './x', '/a\nb', '/a\0b', '/\u001b[2J', '/\u007f', `/${'x'.repeat(3000)}`])(
  'the path %j is refused',
  async (path) => {
    for (const attempt of [
      guestOf({}).write(path, 'x'),
      guestOf({}).read(path),
      guestOf({}).remove(path),
      guestOf({}).directory(path),
      guestOf({}).symlink(path, 'x'),
    ])
      await expect(attempt).rejects.toMatchObject({ code: 'MLN_GUEST_PATH' });
  },
);

test('a link to a path with control characters is neither made nor followed', async () => {
  await expect(guestOf({}).symlink('/link', 'a\nb')).rejects.toMatchObject({ code: 'MLN_GUEST_PATH' });
  await expect(guestOf({ '/link': '→a\nb' }).read('/link')).rejects.toMatchObject({ code: 'MLN_GUEST_PATH' });
});
