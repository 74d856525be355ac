import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { constants, deflateSync, inflateSync } from 'node:zlib';
import { failure, systemFailure } from './errors.js';
import { packRecord, unpackRecord } from './guest-record-form.js';
import type { GuestRecord } from './guest-record.js';

/*
 * The form of a record's file: a line that names it and the number of its form, four bytes with the length of what comes
 * next, a compressed JSON text, and behind it compressed contents, each as long as the text says. Short texts are in the
 * JSON text; a content that several paths have is there once.
 */

const FORM = 1;
const HEAD = Buffer.from(`mln guest ${FORM}\n`);
/** Bytes that a record's text, or one content of it, may take: nothing that a file says of itself is taken on trust. */
const MOST = 2 ** 30;

/** The file that holds a host's record; given is the project's folder, or that in which it is made. */
export function recordPath(directory: string, host: string): string {
  return join(directory, host, 'guest');
}

/** Null where there is none: the host was built by an mln that kept none. */
export async function readRecord(directory: string, host: string): Promise<GuestRecord | null> {
  const path = recordPath(directory, host);
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw systemFailure(error, `${path} cannot be read`);
  }
  const form = /^mln guest (\d{1,6})\n/.exec(bytes.subarray(0, 20).toString('latin1'))?.[1];
  if (form !== undefined && Number(form) > FORM)
    throw failure('MLN_BAD_STATE', `${path} is of form ${form}; this mln reads form ${FORM}`, {
      hint: 'use the mln that wrote it, or a newer one',
    });
  try {
    return decode(bytes);
  } catch (error) {
    throw failure('MLN_BAD_STATE', `${path} is damaged: what mln wrote into ${host} is not known from it`, {
      cause: error,
      hint: 'the guest’s disk is as it was; without that file, what mln wrote is found out from the template: rm it',
    });
  }
}

/** Small and many: written at once they take least. Whoever makes a project's folder brings it onto the disk. */
export function writeRecord(directory: string, host: string, record: GuestRecord): Promise<void> {
  const path = recordPath(directory, host);
  try {
    mkdirSync(join(directory, host), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.tmp`, encode(record), { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
    return Promise.resolve();
  } catch (error) {
    return Promise.reject(systemFailure(error, `${path} cannot be written`));
  }
}

function encode(record: GuestRecord): Buffer {
  const { text, contents } = packRecord(record);
  const packed = contents.map(compressed);
  const json = deflateSync(JSON.stringify({ contents: packed.map(({ length }) => length), ...text }), fast);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([HEAD, length, json, ...packed]);
}

const fast = { level: constants.Z_BEST_SPEED };

/** Guests share contents: each is compressed once. */
function compressed(content: Buffer): Buffer {
  const known = pressed.get(content) ?? deflateSync(content, fast);
  pressed.set(content, known);
  return known;
}
const pressed = new WeakMap<Buffer, Buffer>();

function decode(bytes: Buffer): GuestRecord {
  if (!bytes.subarray(0, HEAD.length).equals(HEAD)) throw new TypeError('it does not begin as a record');
  let at = HEAD.length + 4;
  const take = (length: unknown): Buffer => {
    if (!Number.isSafeInteger(length) || Number(length) < 0 || at + Number(length) > bytes.length)
      throw new TypeError('it is shorter than it says');
    at += Number(length);
    return inflateSync(bytes.subarray(at - Number(length), at), { maxOutputLength: MOST });
  };
  const text: unknown = JSON.parse(take(bytes.readUInt32BE(HEAD.length)).toString());
  const { contents } = text as { contents: unknown };
  if (!Array.isArray(contents)) throw new TypeError('it has no contents');
  const unpacked = contents.map(take);
  if (at !== bytes.length) throw new TypeError('it is longer than it says');
  return unpackRecord(text, unpacked);
}
