import { encrypt } from 'unixcrypt';
import { givenHash } from './hashes.js';

/** A password as it stands in shadow(5): hashed where it is plain. */
export type Hasher = (password: string, salt: (password: string) => string) => string;

/** A hash takes some 10 ms, and guests share passwords: each is made once. */
export function createHasher(): Hasher {
  const known = new Map<string, string>();
  return (password, salt) => {
    const asIs = givenHash(password);
    if (asIs !== null) return asIs;
    const plain = password.startsWith('plain:') ? password.slice('plain:'.length) : password;
    const key = `${salt(plain)}\0${plain}`;
    const hash = known.get(key) ?? encrypt(plain, `$6$${salt(plain)}`);
    known.set(key, hash);
    return hash;
  };
}
