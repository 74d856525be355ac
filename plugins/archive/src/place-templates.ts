import { join } from 'node:path';
import { createTemplates, failure, messageOf, type Mln, type SentTemplate, type Templates } from '@mln/core';

/** Templates that were taken in. */
export interface PlacedTemplates {
  /** How hosts name them here, by how the archive does. */
  readonly names: ReadonlyMap<string, string>;
  /** Those that were not here before. */
  readonly added: readonly string[];
  /** Takes these away again. */
  undo(): Promise<void>;
}

/** The templates of an archive that are here already, by their digests: how they are called. */
export async function knownTemplates(mln: Mln, sent: readonly SentTemplate[]): Promise<ReadonlyMap<string, string>> {
  const known = new Map<string, string>();
  if (sent.length === 0) return known;
  const all = await repositoryOf(mln).list();
  for (const { name, version, blob } of sent) {
    const same = all.filter((each) => each.name === name && each.sha256 === blob.sha256 && each.size === blob.size);
    const found = same.find((each) => each.version === version) ?? same[0];
    if (found) known.set(`${name}@${version}`, `${name}@${found.version}`);
  }
  return known;
}

/**
 * Takes in the templates that are not here: their images lie in a folder, by their digests. Where a version of the name is
 * another image, the sent one is a version of its own: VERSION-DIGEST.
 */
export async function placeTemplates(
  mln: Mln,
  sent: readonly SentTemplate[],
  {
    known,
    folder,
    source,
  }: { readonly known: ReadonlyMap<string, string>; readonly folder: string; readonly source: string },
): Promise<PlacedTemplates> {
  const repository = repositoryOf(mln);
  const names = new Map(known);
  const added: string[] = [];
  const undo = async (): Promise<void> => {
    // One that another project stands on by now stays.
    for (const each of added)
      await repository.remove(each).catch((error: unknown) => {
        mln.log(messageOf(error));
      });
  };
  try {
    const taken = new Set((await repository.list()).map(({ name, version }) => `${name}@${version}`));
    for (const template of sent) {
      const { name, version, blob } = template;
      if (known.has(`${name}@${version}`)) continue;
      const own = taken.has(`${name}@${version}`) ? `${version.slice(0, 23)}-${blob.sha256.slice(0, 8)}` : version;
      await add(mln, repository, { ...template, version: own }, { folder, source });
      added.push(`${name}@${own}`);
      names.set(`${name}@${version}`, `${name}@${own}`);
    }
    return { names, added, undo };
  } catch (error) {
    await undo();
    throw error;
  }
}

async function add(
  mln: Mln,
  repository: Templates,
  { name, version, message, blob }: SentTemplate,
  { folder, source }: { readonly folder: string; readonly source: string },
): Promise<void> {
  const made = await repository.add(
    {
      label: source,
      fileName: name,
      // As it is: an image that looks like a packed one would be unpacked.
      make: async (image) => {
        await mln.shell('cp', ['--reflink=auto', '--sparse=always', '--', join(folder, blob.sha256), image]);
      },
    },
    { name, version, message, source },
  );
  if (made.sha256 === blob.sha256) return;
  await repository.remove(`${name}@${version}`);
  throw failure(
    'MLN_WRONG_DIGEST',
    `the template ${name}@${version} has the SHA-256 ${made.sha256}, not ${blob.sha256}`,
  );
}

function repositoryOf(mln: Mln): Templates {
  return createTemplates(mln.folders.templates, mln.shell, (text) => {
    mln.log(text);
  });
}
