import { constants } from 'node:fs';
import { chown, lchown, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createTemplates, failure, isMlnError, systemFailure } from '@mln/core';
import type { Package, SentTemplate } from '../protocol.js';
import type { Daemon } from '../server/route.js';
import type { Blobs } from './blobs.js';
import type { Placing } from './receive.js';
import { manifestIn } from './repositories.js';

/**
 * Takes templates into a repository that does not have them; gives the names that hosts are to use, by those of the package.
 * Where a version of the name is another image, the sent one is a version of its own: VERSION-DIGEST.
 */
export async function placeTemplates(
  daemon: Daemon,
  blobs: Blobs,
  { templates, project }: Package,
  placing: Placing,
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  const source = `the project ${project.name}${project.home === null ? '' : ` of ${project.home.replace(/^~/, '')}`}`;
  for (const sent of templates) {
    const version = await placeTemplate(daemon, blobs, sent, placing, source);
    names.set(`${sent.name}@${sent.version}`, `${sent.name}@${version}`);
  }
  return names;
}

async function placeTemplate(
  daemon: Daemon,
  blobs: Blobs,
  sent: SentTemplate,
  placing: Placing,
  source: string,
): Promise<string> {
  const own = `${sent.version.slice(0, 23)}-${sent.blob.sha256.slice(0, 8)}`;
  for (const version of [sent.version, own]) {
    const known = await digestOf(placing.templates, sent.name, version);
    if (known === sent.blob.sha256) return version;
    if (known !== null) continue;
    try {
      await addVersion(daemon, blobs, { ...sent, version }, placing, source);
      return version;
    } catch (error) {
      // Somebody else has added one just now.
      if (!isMlnError(error) || error.code !== 'MLN_TEMPLATE_EXISTS') throw error;
      if ((await digestOf(placing.templates, sent.name, version)) === sent.blob.sha256) return version;
    }
  }
  throw failure('MLN_TEMPLATE_EXISTS', `the server has another template ${sent.name}@${own}`);
}

/** The digest that the manifest of a version names; null where there is no such version. */
async function digestOf(folder: string, name: string, version: string): Promise<string | null> {
  return (await manifestIn(join(folder, name, version)))?.sha256 ?? null;
}

async function addVersion(
  { mln }: Daemon,
  blobs: Blobs,
  { name, version, message, blob }: SentTemplate,
  { folder, templates, owner }: Placing,
  source: string,
): Promise<void> {
  const staging = `${folder}.templates`;
  const repository = createTemplates(owner ? staging : templates, mln.shell);
  try {
    const { sha256 } = await repository.add(
      {
        label: source,
        fileName: name,
        // As it is: an image that looks like a packed one would be unpacked.
        make: async (image) => {
          await mln.shell('cp', ['--reflink=auto', '--sparse=always', '--', blobs.pathOf(blob.sha256), image]);
        },
      },
      { name, version, message, source },
    );
    if (sha256 !== blob.sha256) {
      await repository.remove(`${name}@${version}`);
      throw failure(
        'MLN_WRONG_DIGEST',
        `the template ${name}@${version} has the SHA-256 ${sha256}, not ${blob.sha256}`,
      );
    }
    if (owner) await giveAway(join(staging, name, version), { folder: templates, name, version }, owner);
  } catch (error) {
    throw systemFailure(error, `the template ${name}@${version} cannot be added in ${templates}`);
  } finally {
    if (owner) await rm(staging, { recursive: true, force: true });
  }
}

/**
 * Moves a whole version into the repository of a user. What lies there is the user's, who may put a link in the place of a
 * folder: each is opened as the folder that it is, and what was opened is gone on from.
 */
async function giveAway(
  from: string,
  { folder, name, version }: { readonly folder: string; readonly name: string; readonly version: string },
  { uid, gid }: NonNullable<Placing['owner']>,
): Promise<void> {
  for (const each of ['image', 'manifest.json', '']) await lchown(join(from, each), uid, gid);
  try {
    if (await isMade(folder)) await lchown(folder, uid, gid);
    const repository = await openFolder(folder);
    try {
      const inside = `/proc/self/fd/${repository.fd}/${name}`;
      const made = await isMade(inside);
      const versions = await openFolder(inside);
      try {
        const place = `/proc/self/fd/${versions.fd}`;
        if (made && (await readdir(place)).length === 0) await chown(place, uid, gid);
        await rename(from, `${place}/${version}`);
        await versions.sync();
      } finally {
        await versions.close();
      }
    } finally {
      await repository.close();
    }
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw failure('MLN_TEMPLATE_EXISTS', `the template ${name} has a version ${version}`);
    throw systemFailure(error, `the template ${name} cannot be added in ${folder}`);
  }
}

/** Makes a folder; false where something is in its place. */
async function isMade(path: string): Promise<boolean> {
  return mkdir(path, { mode: 0o700 }).then(
    () => true,
    () => false,
  );
}

function openFolder(path: string) {
  return open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}
