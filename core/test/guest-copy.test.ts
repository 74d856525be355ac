import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { after, guestOf } from './fake-guest.js';
import { scratchFolder } from './scratch.js';

/** A folder of the physical host: files, a folder in it, a link, an empty folder. */
function hostFolder(): string {
  const folder = join(scratchFolder(), 'www');
  mkdirSync(join(folder, 'sub', 'deep'), { recursive: true });
  mkdirSync(join(folder, 'empty'));
  writeFileSync(join(folder, 'index.html'), 'hello', { mode: 0o640 });
  writeFileSync(join(folder, 'sub', 'deep', 'run'), '#!', { mode: 0o755 });
  writeFileSync(join(folder, '.hidden'), 'h');
  symlinkSync('index.html', join(folder, 'link'));
  return folder;
}

test('a folder’s contents go onto the destination, links as links', async () => {
  const folder = hostFolder();
  const changed = await after({ '/var/www/index.html': 'old', '/var/www/kept': 'k' }, (guest) =>
    guest.copyIn(folder, '/var/www'),
  );
  expect(changed).toEqual([
    '/var/',
    '/var/www/',
    '/var/www/.hidden "h"',
    '/var/www/empty/',
    '/var/www/index.html 640 "hello"',
    '/var/www/kept "k"',
    '/var/www/link →index.html',
    '/var/www/sub/',
    '/var/www/sub/deep/',
    '/var/www/sub/deep/run 755 "#!"',
  ]);
});

test('owners and mode that are given count for all files of a folder', async () => {
  const changed = await after({}, (guest) => guest.copyIn(hostFolder(), '/www', { mode: 0o600, owner: 33, group: 33 }));
  expect(changed).toContain('/www/sub/deep/run 600 33:33 "#!"');
  expect(changed).toContain('/www/index.html 600 33:33 "hello"');
  expect(changed).toContain('/www/sub/');
});

test.each([
  ['/etc/motd', '/etc/motd'],
  ['/etc/', '/etc/index.html'],
  ['/etc', '/etc/index.html'],
  ['/new/', '/new/index.html'],
  ['/folder', '/etc/index.html'],
])('a file that is copied to %s is %s', async (path, expected) => {
  const guest = guestOf({ '/etc/hosts': 'h', '/folder': '→etc' });
  await guest.copyIn(join(hostFolder(), 'index.html'), path);
  expect(await guest.text(expected)).toBe('hello');
});

test('what is neither a file nor a folder is not copied', async () => {
  await expect(guestOf({}).copyIn('/dev/null', '/x')).rejects.toMatchObject({ code: 'MLN_GUEST_PATH' });
});
