import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemFailure } from './errors.js';
import { readIfThere } from './files.js';
import { compareNames } from './values.js';

/** What is known of a template; kept beside its image. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  /** Bytes. */
  readonly size: number;
  /** Of the image as it lies in the repository, hexadecimal. */
  readonly sha256: string;
  readonly message: string | null;
  /** ISO 8601. */
  readonly added: string;
  /** Where the image came from: a URL, a file, HOST.PROJECT. Older manifests do not say. */
  readonly source?: string;
  /** What it was made by, in the words of whoever made it. */
  readonly recipe?: Readonly<Record<string, unknown>>;
}

/** A template, in the repository (with its manifest) or a plain file. */
export interface Template {
  readonly path: string;
  readonly size: number;
  readonly manifest: Manifest | null;
}

/** Where a version of the repository has its image. */
export function imageOf(folder: string, { name, version }: Pick<Manifest, 'name' | 'version'>): string {
  return join(folder, name, version, 'image');
}

/** All versions of a template, newest first. */
export async function versionsOf(folder: string, name: string): Promise<Manifest[]> {
  const found = await Promise.all(
    (await visibleNames(join(folder, name))).map((version) => readManifest(join(folder, name, version))),
  );
  return found.flatMap((manifest) => manifest ?? []).sort((one, other) => compareNames(other.version, one.version));
}

/** A plain file as a template; null where there is no such file. */
export async function fileTemplate(path: string): Promise<Template | null> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() ? { path, size: found.size, manifest: null } : null;
}

/** The names in a folder of the repository that are not hidden; none where there is no such folder. */
export async function visibleNames(folder: string): Promise<string[]> {
  return (await allNames(folder)).filter((name) => !name.startsWith('.'));
}

/** All names in a folder of the repository. */
export async function allNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw systemFailure(error, `the templates folder ${folder} cannot be read`);
  }
}

async function readManifest(folder: string): Promise<Manifest | null> {
  const text = await readIfThere(join(folder, 'manifest.json'));
  try {
    return text === null ? null : (JSON.parse(text) as Manifest);
  } catch {
    return null;
  }
}

/** `Debian-V4.0.ext3`, as the original named its templates, is version 4.0 of Debian.ext3; how it is packed is left out. */
export function splitFileName(file: string): { name: string; version?: string } {
  const plain = file.replace(/(.)\.(gz|xz|zst)$/, '$1');
  const match = /^(.+)-V(\d+(?:\.\d+)*)(\.[^.]+)?$/.exec(plain);
  return match?.[1] && match[2] ? { name: match[1] + (match[3] ?? ''), version: match[2] } : { name: plain };
}

/** The version behind the newest of those that are taken. */
export function nextVersion(taken: readonly string[]): string {
  const newest = [...taken].sort((one, other) => compareNames(other, one))[0];
  if (newest === undefined) return '1.0';
  const [major = 1, minor = 0] = newest.split('.').map((part) => Number.parseInt(part, 10) || 0);
  for (let next = minor + 1; ; next += 1) if (!taken.includes(`${major}.${next}`)) return `${major}.${next}`;
}
