import type { Host, View } from '@mln/core';
import { oldHash } from './hashes.js';
import { rowAt } from './row-at.js';

/** Warns of DES hashes: they are used as they are, as the paper does, but anybody can guess what they are made of. */
export function warnOfOldPasswords({ name, keywords, lists }: Host, block: View): void {
  const warn = (who: string, keyword: Parameters<View['warning']>[2]): void => {
    block.warning(
      'MLN_OLD_PASSWORD',
      `the password of ${who} on ${name} is a hash of the weak DES kind`,
      keyword,
      'where it is meant as it is written, write plain: before it',
    );
  };
  if (oldHash.test(String(keywords['root_password'] ?? '')))
    warn('root', block.has('root_password') ? 'root_password' : 'root_passwd');
  for (const { words, place } of lists['users'] ?? []) {
    if (oldHash.test(words[1] ?? '')) warn(words[0] ?? '', rowAt(block, 'users', place));
  }
}
