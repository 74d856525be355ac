import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { failure, systemFailure } from './errors.js';
import type { Shell } from './shell.js';
import { refuseWrongDigest, type ImageSource } from './template-add.js';
import { downloadFailed, fileNameOf, plainUrl, withFetch, type Answer, type Get } from './template-fetch.js';
import { storeImage } from './template-image.js';
import {
  claimPartial,
  dataOf,
  leavePartial,
  readAbout,
  removePartial,
  sizeOfPartial,
  writeAbout,
  type About,
} from './template-partial.js';
import { formatSize } from './values.js';

/** Tells how far a download has come. */
type Tell = (text: string) => void;

/** A file on a server, plain or packed, that has this digest. What has come of it stays where it breaks off. */
export function urlSource(folder: string, url: string, sha256: string, shell: Shell, tell: Tell): ImageSource {
  let partial: string | null = null;
  return {
    label: plainUrl(url),
    fileName: fileNameOf(url),
    async fetch() {
      partial = await claimPartial(folder, plainUrl(url), sha256);
      let { found, resumed } = await fetchRest(partial, url, tell);
      if (found !== sha256 && resumed) {
        // Of a server that changes files and does not say so, what was there and what came do not belong together.
        tell('what had come before does not belong to it: it is downloaded anew');
        await rm(dataOf(partial), { force: true });
        ({ found, resumed } = await fetchRest(partial, url, tell));
      }
      if (found !== sha256) await removePartial(partial);
      refuseWrongDigest(plainUrl(url), found, sha256);
    },
    async make(image) {
      if (partial !== null) await storeImage(dataOf(partial), image, shell);
    },
    async end(added) {
      if (partial !== null) await (added ? removePartial(partial) : leavePartial(partial));
    },
  };
}

/** Fetches what is missing of a download; gives the digest of the whole, and whether some of it was there before. */
async function fetchRest(partial: string, url: string, tell: Tell): Promise<{ found: string; resumed: boolean }> {
  const about = await readAbout(partial);
  const have = about === null ? 0 : await sizeOfPartial(partial);
  const hash = createHash('sha256');
  if (have > 0 && have === about?.size) {
    await hashFile(partial, hash);
    return { found: hash.digest('hex'), resumed: true };
  }
  return withFetch(async (get) => {
    const { answer, from } = await askForRest(get, url, about, have);
    const whole = { url: plainUrl(url), validator: validatorOf(answer), size: sizeOf(answer, from) };
    if (from > 0) await hashFile(partial, hash);
    await receive(partial, answer, from, whole, hash, tell);
    return { found: hash.digest('hex'), resumed: from > 0 };
  });
}

/** Asks for what is missing; a server that has no ranges, or another file by now, sends everything: from byte 0. */
async function askForRest(
  get: Get,
  url: string,
  about: About | null,
  have: number,
): Promise<{ answer: Answer; from: number }> {
  if (about !== null && have > 0) {
    const condition = about.validator === null ? {} : { 'if-range': about.validator };
    const answer = await get(url, { range: `bytes=${have}-`, ...condition });
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.header('content-range') ?? '') ?? [];
    const same = about.size === null || total === '*' || Number(total) === about.size;
    if (answer.status === 206 && Number(start) === have && same) return { answer, from: have };
    if (answer.status === 200) return { answer, from: 0 };
    await answer.close();
    if (answer.status !== 206 && answer.status !== 416) throw refused(url, answer.status);
  }
  const answer = await get(url);
  if (answer.status === 200) return { answer, from: 0 };
  await answer.close();
  throw refused(url, answer.status);
}

async function receive(
  partial: string,
  answer: Answer,
  from: number,
  about: About,
  hash: Hash,
  tell: Tell,
): Promise<void> {
  const path = dataOf(partial);
  const file = await attempt(path, () => open(path, from === 0 ? 'w' : 'a', 0o600));
  try {
    await writeAbout(partial, about);
    const length = await writeBody(file, path, answer, from, about, hash, tell);
    if (about.size !== null && length !== about.size)
      throw downloadFailed(about.url, new Error(`it ended after ${length} of ${about.size} bytes`), ANEW);
    await attempt(path, () => file.sync());
  } finally {
    await file.close();
  }
}

const ANEW = 'the same command goes on where this one stopped';

async function writeBody(
  file: FileHandle,
  path: string,
  answer: Answer,
  from: number,
  { url, size }: About,
  hash: Hash,
  tell: Tell,
): Promise<number> {
  const name = fileNameOf(url);
  const progress = tellTenths(name, size, tell);
  let at = from;
  tell(
    `${name}: ${from > 0 ? `goes on at ${formatSize(from)}` : 'begins'}${size === null ? '' : ` of ${formatSize(size)}`}`,
  );
  try {
    for await (const chunk of answer.body) {
      hash.update(chunk);
      await attempt(path, () => file.writeFile(chunk));
      at += chunk.length;
      progress(at);
    }
  } catch (error) {
    throw downloadFailed(url, error, ANEW);
  }
  return at;
}

/** Tells each tenth of a download that is passed, or every so many bytes where its size is not known. */
function tellTenths(name: string, size: number | null, tell: Tell): (at: number) => void {
  const step = size === null ? 64 * 1024 * 1024 : Math.max(size / 10, 1024 * 1024);
  let told = -1;
  return (at) => {
    const steps = Math.floor(at / step);
    if (told !== -1 && steps > told)
      tell(`${name}: ${formatSize(at)}${size === null ? '' : `, ${Math.floor((at * 100) / size)} %`}`);
    told = steps;
  };
}

async function hashFile(partial: string, hash: Hash): Promise<void> {
  for await (const chunk of createReadStream(dataOf(partial))) hash.update(chunk as Buffer);
}

/** A weak ETag does not say that two files are the same in every byte; RFC 9110, 13.1.5. */
function validatorOf(answer: Answer): string | null {
  const tag = answer.header('etag');
  return tag !== null && !tag.startsWith('W/') ? tag : tag === null ? answer.header('last-modified') : null;
}

function sizeOf(answer: Answer, from: number): number | null {
  const length = answer.header('content-length');
  return length === null || !/^\d+$/.test(length) ? null : from + Number(length);
}

async function attempt<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw systemFailure(error, `what is downloaded cannot be written to ${path}`);
  }
}

function refused(url: string, status: number): Error {
  return failure('MLN_DOWNLOAD_FAILED', `${plainUrl(url)} cannot be downloaded: the server answered ${status}`, {
    hint: status === 404 ? 'there is no such file; compare the address' : undefined,
  });
}
