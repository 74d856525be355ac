import type { Host, View } from '@mln/core';
import { givenHash } from './hashes.js';
import { rowAt } from './row-at.js';

/** Tells what no guest can have, whatever its template: paths outside of it, and what would break a line of passwd(5). */
export function checkValues({ keywords, lists, disks }: Host, block: View): void {
  const bad = (message: string, keyword: Parameters<View['error']>[2]): void => {
    block.error('MLN_BAD_VALUE', message, keyword);
  };
  const root = keywords['root_password'];
  if (typeof root === 'string' && breaksLine(givenHash(root)))
    bad(
      'the password hash of root has a colon or a blank',
      block.has('root_password') ? 'root_password' : 'root_passwd',
    );
  for (const { words, place } of lists['users'] ?? []) {
    const [name = '', password = '', home = ''] = words;
    if (breaksLine(givenHash(password)))
      bad(`the password hash of ${name} has a colon or a blank`, rowAt(block, 'users', place));
    if (home.includes(':') || leavesGuest(home))
      bad(`the home of ${name} has a colon, or leaves the guest`, rowAt(block, 'users', place));
  }
  for (const { words, place } of lists['files'] ?? []) {
    const [, destination = ''] = words;
    if (leavesGuest(destination))
      bad(`files: the destination ${destination} leaves the guest`, rowAt(block, 'files', place));
  }
  for (const { mount } of disks)
    if (mount && leavesGuest(mount.point)) bad(`mount: the mountpoint ${mount.point} leaves the guest`, 'mount');
}

/** A colon would begin the next field, and a line end the next account. */
function breaksLine(hash: string | null): boolean {
  return hash !== null && /[\s:]/.test(hash);
}

/** Whether the .. of an absolute path lead above the root. */
function leavesGuest(path: string): boolean {
  let depth = 0;
  for (const part of /^\/.*\.\./.test(path) ? path.split('/') : []) {
    if (part === '' || part === '.') continue;
    depth += part === '..' ? -1 : 1;
    if (depth < 0) return true;
  }
  return false;
}
