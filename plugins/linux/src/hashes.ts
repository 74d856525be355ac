/** Password hashes of the DES kind, see crypt(5): two characters of salt, and eleven of hash. */
export const oldHash = /^[./0-9A-Za-z]{13}$/;

/** The hash that a password is given as: crypt(5)’s, one of the old DES kind, or the mark of a locked account. Null where it is plain. */
export function givenHash(password: string): string | null {
  if (password.startsWith('crypt:')) return password.slice('crypt:'.length);
  const isHash =
    /^\$(?:1|2a|2b|2y|5|6|y|gy|7)\$/.test(password) || oldHash.test(password) || /^(?:\*+|!+)$/.test(password);
  return isHash ? password : null;
}
