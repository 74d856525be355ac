import { chmod, open, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Announce } from './announce.js';
import { Exit } from './codes.js';
import { failure, systemFailure, type MlnError } from './errors.js';
import { makeFolder, writeAtomically } from './files.js';
import { isName, namePattern } from './names.js';
import type { Shell } from './shell.js';
import { digest, storeImage } from './template-image.js';
import { allNames, fileTemplate, nextVersion, splitFileName, type Manifest } from './template-manifest.js';
import { makerTag, splitMaker } from './template-owner.js';
import { putInPlace } from './template-remove.js';

/** Where an image comes from. */
export interface ImageSource {
  /** What the manifest says of it. */
  readonly label: string;
  /** What the template is called, and its version, where nobody says: as the name of a file. */
  readonly fileName: string;
  /** Gets what the image is made of, where that takes long. */
  fetch?(): Promise<void>;
  /** Makes the image, at a path where nothing is yet. */
  make(image: string): Promise<void>;
  /** Is called at the end, whether the template is in its place or not. Never throws. */
  end?(added: boolean): Promise<void>;
}

export interface AddDetails {
  /** Tells of each step. */
  readonly announce?: Announce<'template add'>;
  readonly name?: string;
  readonly version?: string;
  readonly message?: string | null;
  /** Where it came from, where that is not what its source says. */
  readonly source?: string;
  readonly recipe?: Readonly<Record<string, unknown>>;
  /** Throws where the image is of no use. */
  check?(image: string): Promise<void>;
}

/** A file of this machine, plain or packed. Where a digest is given, the file as it is must have it. */
export function fileSource(file: string, shell: Shell, sha256?: string): ImageSource {
  return {
    label: resolve(file),
    fileName: basename(file),
    async make(image) {
      if (!(await fileTemplate(file))) throw failure('MLN_NO_FILE', `there is no file ${file}`, { exit: Exit.failed });
      if (sha256 !== undefined) refuseWrongDigest(file, await digest(file), sha256);
      await storeImage(file, image, shell);
    },
  };
}

/** Throws MLN_WRONG_DIGEST unless two digests are the same. */
export function refuseWrongDigest(what: string, found: string, wanted: string): void {
  if (found !== wanted)
    throw failure('MLN_WRONG_DIGEST', `${what} is not what was wanted: its SHA-256 is ${found}, not ${wanted}`, {
      hint: 'nothing was added; compare the digest with that of whoever publishes the image',
    });
}

/**
 * Takes an image in, as the next version where none is given. It is made in a hidden folder of its own, which takes its
 * final name in one rename when all is on the disk.
 */
export async function addTemplate(folder: string, source: ImageSource, details: AddDetails): Promise<Manifest> {
  const given = splitFileName(source.fileName);
  const name = details.name ?? given.name;
  const wanted = details.version ?? given.version;
  await refuse(folder, name, wanted);
  const doing = `the template ${name} cannot be added in ${folder}`;
  const announce = details.announce ?? (() => Promise.resolve());
  const staging = join(folder, `.new${makerTag()}`);
  const image = join(staging, 'image');
  try {
    await makeFolder(staging);
    await announce('fetch', staging);
    await source.fetch?.();
    await announce('image', staging);
    await source.make(image);
    await details.check?.(image);
    await chmod(image, 0o444);
    await bringToDisk(image);
    await announce('manifest', staging);
    const facts = {
      size: (await stat(image)).size,
      sha256: await digest(image),
      message: details.message ?? null,
      added: new Date().toISOString(),
      source: details.source ?? source.label,
      ...(details.recipe === undefined ? {} : { recipe: details.recipe }),
    };
    const manifest = await place(folder, staging, name, wanted, facts, () => announce('place', staging));
    await source.end?.(true);
    return manifest;
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    await source.end?.(false);
    throw withPlace(systemFailure(error, doing), doing);
  }
}

/** Another may have taken the version meanwhile: a next one is then found again, one that was asked for is refused. */
async function place(
  folder: string,
  staging: string,
  name: string,
  wanted: string | undefined,
  facts: Omit<Manifest, 'name' | 'version'>,
  announce: () => Promise<void>,
): Promise<Manifest> {
  for (;;) {
    const version = wanted ?? nextVersion(await takenVersions(folder, name));
    const manifest: Manifest = { name, version, ...facts };
    await writeAtomically(join(staging, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`, 0o644);
    await announce();
    await makeFolder(join(folder, name));
    const placed = await putInPlace(staging, join(folder, name, version)).catch((error: unknown) => {
      // The last other version was removed just now, and the folder of the name with it.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    });
    if (placed) return manifest;
    if (wanted !== undefined && (await takenVersions(folder, name)).includes(wanted)) throw exists(name, wanted);
  }
}

async function refuse(folder: string, name: string, version: string | undefined): Promise<void> {
  if (!isName(name))
    throw failure('MLN_BAD_NAME', `${JSON.stringify(name)} cannot be the name of a template`, {
      hint: `${namePattern}; give one with --name`,
    });
  if (version === undefined) return;
  if (!/^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$/.test(version) || version.includes('..'))
    throw failure('MLN_BAD_NAME', `${JSON.stringify(version)} cannot be a version`);
  if ((await takenVersions(folder, name)).includes(version)) throw exists(name, version);
}

/** The versions that there are, those included that are just being removed: they may come back. */
async function takenVersions(folder: string, name: string): Promise<string[]> {
  return (await allNames(join(folder, name))).flatMap((entry) => {
    if (!entry.startsWith('.')) return entry;
    return /^\.(.+)\.gone$/.exec(splitMaker(entry)?.what ?? '')?.[1] ?? [];
  });
}

/** Programs that find the disk full do not all say which. */
function withPlace(error: MlnError, doing: string): MlnError {
  if (error.code !== 'MLN_NO_SPACE' || error.message.startsWith(doing)) return error;
  return failure('MLN_NO_SPACE', `${doing}: ${error.message}`, { cause: error, hint: error.problems[0]?.hint });
}

function exists(name: string, version: string): Error {
  return failure('MLN_TEMPLATE_EXISTS', `the template ${name} has a version ${version}`, {
    hint: 'give another with --version; a version never changes',
  });
}

async function bringToDisk(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
