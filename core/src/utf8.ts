/** Reads bytes as UTF-8; gives line and column of the first ones that are not. */
export function decodeUtf8(bytes: Buffer): string | { readonly line: number; readonly column: number } {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return firstBadPlace(bytes);
  }
}

function firstBadPlace(bytes: Buffer): { line: number; column: number } {
  let line = 1;
  for (let from = 0; ; line += 1) {
    const end = bytes.indexOf(0x0a, from);
    const found = bytes.subarray(from, end < 0 ? bytes.length : end);
    const text = found.toString('utf8');
    if (end < 0 || !Buffer.from(text).equals(found)) return { line, column: text.indexOf('\ufffd') + 1 };
    from = end + 1;
  }
}
