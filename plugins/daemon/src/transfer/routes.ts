import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { failure, isName } from '@mln/core';
import { principalText, type Blob } from '../protocol.js';
import type { Call, Daemon, Route } from '../server/route.js';
import { blobsOf, type Blobs } from './blobs.js';
import { CHUNK, MOST_HEADS } from './frames.js';
import { collectGarbage } from './garbage.js';
import { templateImages } from './repositories.js';

/** Files that are asked for in one request. */
export const MOST_ASKED = 10_000;
/** Milliseconds between two looks for files that nobody needs. */
const BETWEEN = 60 * 60 * 1000;

/** Files that a server does not have, with how much of each is there. */
export interface Missing {
  readonly missing: readonly { readonly sha256: string; readonly have: number }[];
}

/** Files and templates by their digests. All name the project that they are for: `?project=NAME`. */
export function transferRoutes(daemon: Daemon): readonly Route[] {
  const blobs = (): Blobs => blobsOf(join(daemon.places.state, 'blobs'), daemon.mln.shell);
  let looked = 0;
  return [
    {
      method: 'POST',
      path: '/v1/blobs/missing',
      body: { kind: 'json', most: 2 * 1024 * 1024 },
      async handle(call) {
        requireBuild(call);
        if (Date.now() - looked > BETWEEN) {
          looked = Date.now();
          // Beside the request; what cannot be removed now is the next look’s.
          void collectGarbage(daemon).catch((error: unknown) => {
            daemon.logger.warn({ err: error }, 'files that nobody needs were not removed');
          });
        }
        return { status: 200, json: await missingOf(daemon, blobs(), readAsked(call.json), senderOf(call)) };
      },
    },
    {
      // Small files, many at once.
      method: 'PUT',
      path: '/v1/blobs',
      body: { kind: 'bytes', most: 2 * CHUNK },
      async handle(call) {
        requireBuild(call);
        return { status: 200, json: { taken: await blobs().takeSmall(call.stream) } };
      },
    },
    {
      // A part of a large one: ?offset=BYTES&size=BYTES&stored=BYTES.
      method: 'PUT',
      path: '/v1/blobs/:sha256',
      body: { kind: 'bytes', most: CHUNK + MOST_HEADS },
      async handle(call) {
        requireBuild(call);
        const size = readNumber(call, 'size');
        const blob = { sha256: readDigest(call.parameters['sha256']), size };
        const [offset, stored] = [readNumber(call, 'offset', 0), readNumber(call, 'stored', size)];
        const have = await blobs().take({ blob, offset, stored, who: senderOf(call) }, call.stream);
        // What was not taken is not to stand before the next request: clients go on where they have sent it all.
        await finished(call.stream.resume()).catch(() => undefined);
        return { status: 200, json: { have } };
      },
    },
  ];
}

async function missingOf(daemon: Daemon, blobs: Blobs, asked: readonly Blob[], who: string): Promise<Missing> {
  const missing: { sha256: string; have: number }[] = [];
  let images: Awaited<ReturnType<typeof templateImages>> | undefined;
  for (const blob of asked) {
    if (await blobs.has(blob)) continue;
    images ??= await templateImages(daemon);
    if (images.get(blob.sha256)?.size === blob.size) continue;
    const have = await blobs.partOf(blob, who);
    if (have === 0 || have < blob.size) missing.push({ sha256: blob.sha256, have });
  }
  return { missing };
}

function requireBuild(call: Call): void {
  const project = call.query.get('project') ?? '';
  if (!isName(project)) throw failure('MLN_BAD_REQUEST', 'files are sent for a project: ?project=NAME');
  call.require('build', project);
}

/** Whose upload it is, as a word: nobody goes on with, or spoils, that of somebody else. */
function senderOf({ principal, onBehalfOf }: Call): string {
  const text = [principal, onBehalfOf].map((each) => (each ? principalText(each) : '')).join('\n');
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function readAsked(json: unknown): readonly Blob[] {
  const list = (json as { blobs?: unknown } | null)?.blobs;
  if (!Array.isArray(list) || list.length > MOST_ASKED)
    throw failure('MLN_BAD_REQUEST', `{ "blobs": […] } with at most ${MOST_ASKED} files is expected`);
  return list.map((each: unknown): Blob => {
    const { sha256, size } = (each ?? {}) as Partial<Record<keyof Blob, unknown>>;
    if (!Number.isSafeInteger(size) || (size as number) < 0)
      throw failure('MLN_BAD_REQUEST', 'the size of a file is a number of bytes');
    return { sha256: readDigest(sha256), size: size as number };
  });
}

function readDigest(value: unknown): string {
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value;
  throw failure('MLN_BAD_REQUEST', 'the SHA-256 of a file is 64 hexadecimal digits');
}

function readNumber({ query }: Call, name: string, otherwise?: number): number {
  const text = query.get(name);
  const number = text === null ? otherwise : Number(text);
  if (number !== undefined && Number.isSafeInteger(number) && number >= 0 && /^\d*$/.test(text ?? '')) return number;
  throw failure('MLN_BAD_REQUEST', `?${name}= is a number of bytes`);
}
