/**
 * A text as every format can show it: control characters as pictures of them, and what is no character as a replacement.
 * Words of a project may hold anything.
 */
export function visible(text: string): string {
  return text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\p{Surrogate}]/gu, (sign) => {
    const code = sign.codePointAt(0) ?? 0;
    if (code < 32) return String.fromCodePoint(0x2400 + code);
    return code === 127 ? '␡' : '�';
  });
}
