import { encrypt } from 'unixcrypt';
import { oldHash } from './old-passwords.js';

/** A password as it stands in shadow(5): hashed where it is plain. */
export type Hasher = (password: string, salt: (password: string) => string) => string;

/** A hash takes some 10 ms, and guests share passwords: each is made once. */
export function createHasher(): Hasher {
  const known = new Map<string, string>();
  return (password, salt) => {
    const asIs = password.startsWith('crypt:') ? password.slice('crypt:'.length) : isHash(password) ? password : null;
    if (asIs !== null) return asIs;
    const plain = password.startsWith('plain:') ? password.slice('plain:'.length) : password;
    const key = `${salt(plain)}\0${plain}`;
    const hash = known.get(key) ?? encrypt(plain, `$6$${salt(plain)}`);
    known.set(key, hash);
    return hash;
  };
}

/** crypt(5) hashes, the 13 characters of the old DES kind, and the marks of a locked account. */
function isHash(password: string): boolean {
  return /^\$(?:1|2a|2b|2y|5|6|y|gy|7)\$/.test(password) || oldHash.test(password) || /^(?:\*+|!+)$/.test(password);
}
