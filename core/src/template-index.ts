import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { Exit } from './codes.js';
import { failure, systemFailure } from './errors.js';
import type { Shell } from './shell.js';
import { fileNameOf, withFetch } from './template-fetch.js';

/** Bytes that an index, and its signature, may have. */
const LIMIT = 4 * 1024 * 1024;

/** How those who publish images call a detached signature, behind the index's own name. */
const endings = ['.gpg', '.asc', '.sign'];

/**
 * The SHA-256 that an index gives for a file: a list as sha256sum(1) writes and most distributions publish it, named
 * SHA256SUMS, signed by a detached OpenPGP signature beside it. Both are URLs or files; the key is a file. Throws
 * MLN_BAD_SIGNATURE unless gpgv(1) finds the signature good.
 */
export async function digestFromIndex(shell: Shell, index: string, key: string, wanted: string): Promise<string> {
  const text = await fetchText(index);
  if (text === null) throw failure('MLN_NO_FILE', `there is no index ${index}`, { exit: Exit.failed });
  await verifySignature(shell, index, text, await signatureOf(index), key);
  const name = isUrl(wanted) ? fileNameOf(wanted) : basename(wanted);
  const found = new Set(
    text.split('\n').flatMap((line) => {
      const [, digest, path = ''] = /^([0-9a-fA-F]{64}) [ *](.+?)\r?$/.exec(line) ?? [];
      return digest !== undefined && basename(path) === name ? digest.toLowerCase() : [];
    }),
  );
  const [only] = found;
  if (only !== undefined && found.size === 1) return only;
  throw failure('MLN_WRONG_DIGEST', `the index ${index} has ${only ? 'several digests' : 'no SHA-256'} for ${name}`, {
    hint: 'an index has lines such as: DIGEST  FILE',
  });
}

/** Tells whether a text is meant as an address and not as a path. */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

async function signatureOf(index: string): Promise<string> {
  for (const ending of endings) {
    const text = await fetchText(`${index}${ending}`);
    if (text !== null) return text;
  }
  throw failure('MLN_BAD_SIGNATURE', `the index ${index} is not signed: there is none of ${endings.join(', ')}`, {
    hint: 'give the digest of the image yourself: --sha256 DIGEST',
  });
}

/** The bytes of a file or of what a URL gives, each as one character; null where there is none. */
async function fetchText(place: string): Promise<string | null> {
  if (!isUrl(place))
    try {
      return await readFile(place, 'latin1');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw systemFailure(error, `${place} cannot be read`);
    }
  return withFetch(async (get) => {
    const answer = await get(place);
    if (answer.status === 200) return answer.text(LIMIT);
    await answer.close();
    if (answer.status === 404) return null;
    throw failure('MLN_DOWNLOAD_FAILED', `${place} cannot be downloaded: the server answered ${answer.status}`);
  });
}

/** gpgv trusts every key of the file that it is given, and no other; what it thinks of them is in its status lines. */
async function verifySignature(
  shell: Shell,
  index: string,
  text: string,
  signature: string,
  key: string,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mln-index-'));
  try {
    const [ring, list, signed] = ['key', 'list', 'signature'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await writeFile(ring, binaryKey(await readKey(key)));
    await writeFile(list, text, 'latin1');
    await writeFile(signed, signature, 'latin1');
    const { stdout } = await shell('gpgv', ['--status-fd', '1', '--keyring', ring, signed, list], {
      accept: [0, 1, 2],
    });
    const said = (word: string): boolean => new RegExp(`^\\[GNUPG:\\] ${word}\\b`, 'm').test(stdout);
    if (said('GOODSIG') && !said('BADSIG')) return;
    const why = said('BADSIG')
      ? 'it was changed since it was signed'
      : said('EXPKEYSIG') || said('EXPSIG')
        ? 'the key, or the signature, has expired'
        : said('REVKEYSIG')
          ? 'the key was revoked'
          : said('NO_PUBKEY')
            ? `it is signed by a key that is not in ${key}`
            : 'it has no signature that gpgv understands';
    throw failure('MLN_BAD_SIGNATURE', `the index ${index} cannot be trusted: ${why}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readKey(path: string): Promise<Buffer> {
  try {
    return await readFile(resolve(path));
  } catch (error) {
    throw systemFailure(error, `the key ${path} cannot be read`);
  }
}

/** gpgv takes keys as bytes alone: the armor of RFC 9580, 6.2, is taken off. */
function binaryKey(key: Buffer): Buffer {
  const armor =
    /^-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:.+\r?\n)*\r?\n([A-Za-z0-9+/=\r\n]+?)(?:^=.{4}\r?\n)?^-----END/m;
  const [, base64] = armor.exec(key.toString('latin1')) ?? [];
  return base64 === undefined ? key : Buffer.from(base64, 'base64');
}
