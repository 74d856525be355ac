import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createHasher } from '../src/password.js';

const salt = (): string => 'abcdefgh';

/** What crypt(3) of the C library makes of them. */
const hashes = {
  secret: '$6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2CKPPrVACtLtip/cZ/1GM/O6IND4WQhG.',
  '': '$6$abcdefgh$v7sYNA18/BerGOYQLppYLyjH4yJilp8kqe/ef3KYMK9hOIdzH1yzcmP74Ay.m51y1jP3QqxM7Jl75S4CxDhBq.',
  'pässwörd 🦊': '$6$abcdefgh$PojsjdfAZAot4raIUsL4VrJZBK72w3YywUAxFeBTnRUeJDn6r94p0SrE3DD7r3zfNTlQXsDGZBRt7zf/h06gy.',
};

const cases: readonly (readonly [password: string, expected: string])[] = [
  ...Object.entries(hashes),
  ['plain:secret', hashes.secret],
  ['crypt:anything', 'anything'],
  ['crypt:secret', 'secret'],
  ['$6$salt$hash', '$6$salt$hash'],
  ['$1$salt$hash', '$1$salt$hash'],
  ['$5$salt$hash', '$5$salt$hash'],
  ['$y$j9T$salt$hash', '$y$j9T$salt$hash'],
  ['$2b$12$hash', '$2b$12$hash'],
  ['2mf9fmcaioa8w', '2mf9fmcaioa8w'],
  ['*', '*'],
  ['!', '!'],
  ['!!', '!!'],
  ['********', '********'],
];

test.each(cases)('%s', (password, expected) => {
  expect(createHasher()(password, salt)).toBe(expected);
});

/** What looks like a hash and is plain text all the same. */
const plain = ['plain:*', 'plain:$6$salt$hash', 'plain:2mf9fmcaioa8w', '$9$salt$hash', 'thirteen-chars', '*!', '6$a$b'];

test.each(plain)('%s is hashed', (password) => {
  expect(createHasher()(password, salt)).toMatch(/^\$6\$abcdefgh\$[./0-9A-Za-z]{86}$/);
});

test('a hash is the same twice, and another with another salt', () => {
  const hash = createHasher();
  const other = (password: string): string => createHash('md5').update(password).digest('hex').slice(0, 16);
  expect(hash('secret', salt)).toBe(hash('secret', salt));
  expect(hash('secret', salt)).toBe(createHasher()('secret', salt));
  expect(hash('secret', other)).not.toBe(hash('secret', salt));
  expect(hash('secret', other)).not.toBe(hash('Secret', other));
});
