import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failure, systemFailure } from './errors.js';
import { makeFolder, readIfThere, writeAtomically } from './files.js';
import { makerTag, splitMaker } from './template-owner.js';

/*
 * A download is a hidden folder of the repository: `data`, what has come so far, and `about.json`, what the server said
 * of the whole. Its name is made of URL and digest, so that the same command finds it again; whoever works on it puts his
 * mark behind the name, by one rename, so that of two only one goes on with it.
 */

/** What a server said of the whole file. */
export interface About {
  readonly url: string;
  /** What If-Range takes: a strong ETag, or the time of the last change. Null: the server gave neither. */
  readonly validator: string | null;
  /** Bytes of the whole; null where the server did not say. */
  readonly size: number | null;
}

/** Gives the folder of a download, begun or new, to this process alone. Throws MLN_LOCKED where another has it. */
export async function claimPartial(folder: string, url: string, sha256: string): Promise<string> {
  await makeFolder(folder);
  const stem = `.part-${createHash('sha256').update(`${url}\n${sha256}`).digest('hex').slice(0, 16)}`;
  const own = join(folder, `${stem}${makerTag()}`);
  try {
    for (const name of await readdir(folder)) {
      if (name !== stem && !name.startsWith(`${stem}.`)) continue;
      const maker = splitMaker(name);
      if (maker?.lives === true)
        throw failure('MLN_LOCKED', `${url} is being downloaded by another mln (process ${maker.pid})`, {
          hint: 'wait until it is done',
        });
      if (await moved(join(folder, name), own)) return own;
    }
    await mkdir(own, { mode: 0o700 });
    return own;
  } catch (error) {
    throw systemFailure(error, `nothing can be downloaded into ${folder}`);
  }
}

/** Leaves a download for whoever goes on with it; one of which nothing has come is taken away. */
export async function leavePartial(partial: string): Promise<void> {
  const name = splitMaker(partial)?.what;
  if ((await sizeOfPartial(partial)) === 0 || name === undefined || !(await moved(partial, name)))
    await removePartial(partial);
}

export async function removePartial(partial: string): Promise<void> {
  await rm(partial, { recursive: true, force: true }).catch(() => undefined);
}

export function dataOf(partial: string): string {
  return join(partial, 'data');
}

/** The bytes that have come. */
export async function sizeOfPartial(partial: string): Promise<number> {
  return stat(dataOf(partial)).then(
    ({ size }) => size,
    () => 0,
  );
}

export async function readAbout(partial: string): Promise<About | null> {
  const text = await readIfThere(join(partial, 'about.json'));
  try {
    return text === null ? null : (JSON.parse(text) as About);
  } catch {
    return null;
  }
}

export async function writeAbout(partial: string, about: About): Promise<void> {
  await writeAtomically(join(partial, 'about.json'), `${JSON.stringify(about)}\n`);
}

async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw systemFailure(error, `${from} in ${dirname(to)} cannot be renamed`);
  }
}
