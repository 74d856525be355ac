import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runShell } from '../src/shell.js';
import { digestFromIndex } from '../src/template-index.js';
import { scratchFolder } from './scratch.js';

/*
 * index-cases: keys that gpg 2.4 made, a list that sha256sum might have, and its signatures. `publisher` signed
 * SHA256SUMS.gpg; `expired` signed SHA256SUMS.expired.asc on the one day that its key was good.
 */
const cases = join(import.meta.dirname, 'index-cases');
const digest = createHash('sha256').update('template\n').digest('hex');

/** A folder with the index, changed as is said, and one signature beside it. */
function signed(signature: string | null, ending = '.gpg', change = (text: string): string => text): string {
  const index = join(scratchFolder(), 'SHA256SUMS');
  writeFileSync(index, change(readFileSync(join(cases, 'SHA256SUMS'), 'utf8')));
  if (signature !== null) copyFileSync(join(cases, signature), `${index}${ending}`);
  return index;
}

const look = (index: string, key: string, wanted = 'https://host/images/image.ext4?token=1'): Promise<string> =>
  digestFromIndex(runShell, index, join(cases, key), wanted);

test.each(['publisher.asc', 'publisher.gpg'])('a signed index gives the digest of a file: key %s', async (key) => {
  for (const ending of ['.gpg', '.asc', '.sign'])
    expect(await look(signed('SHA256SUMS.gpg', ending), key)).toBe(digest);
  expect(await look(signed('SHA256SUMS.gpg'), key, '/anywhere/image.ext4')).toBe(digest);
});

test.each<[string, string, string, string]>([
  [
    'that was changed',
    signed('SHA256SUMS.gpg', '.gpg', (text) => `${text}\n`),
    'publisher.asc',
    'it was changed since',
  ],
  ['of another key', signed('SHA256SUMS.gpg'), 'else.asc', 'by a key that is not in'],
  ['of a key that has expired', signed('SHA256SUMS.expired.asc', '.asc'), 'expired.asc', 'has expired'],
  ['without a signature', signed(null), 'publisher.asc', 'is not signed: there is none of .gpg, .asc, .sign'],
  ['with anything for a signature', signed('SHA256SUMS'), 'publisher.asc', 'no signature that gpgv understands'],
])('an index %s is not believed', async (_, index, key, message) => {
  await expect(look(index, key)).rejects.toMatchObject({
    code: 'MLN_BAD_SIGNATURE',
    message: expect.stringContaining(message) as unknown,
  });
});

test.each([
  ['none.ext4', 'has no SHA-256 for none.ext4'],
  ['twice.ext4', 'has several digests for twice.ext4'],
])('an index without one digest for %s', async (file, message) => {
  await expect(look(signed('SHA256SUMS.gpg'), 'publisher.asc', file)).rejects.toMatchObject({
    code: 'MLN_WRONG_DIGEST',
    message: expect.stringContaining(message) as unknown,
  });
});

test('an index or a key that is missing', async () => {
  await expect(look(join(cases, 'NONE'), 'publisher.asc')).rejects.toMatchObject({ code: 'MLN_NO_FILE' });
  await expect(look(signed('SHA256SUMS.gpg'), 'none.asc')).rejects.toMatchObject({ code: 'MLN_IO' });
});
