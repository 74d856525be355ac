import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, readdir, rm, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { Exit } from './codes.js';
import { failure, systemFailure, type Place } from './errors.js';
import { makeFolder, moveFolder, readIfThere, writeAtomically } from './files.js';
import { isName, namePattern } from './names.js';
import type { Shell } from './shell.js';
import { compareNames, nearest } from './values.js';

/** What is known of a template; kept beside its image. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly message: string | null;
  /** ISO 8601. */
  readonly added: string;
}

/** A template, in the repository (with its manifest) or a plain file. */
export interface Template {
  readonly path: string;
  readonly size: number;
  readonly manifest: Manifest | null;
}

/** The repository: templates/NAME/VERSION/{image,manifest.json}. */
export interface Templates {
  /** All versions of all templates, newest first within a name. */
  list(): Promise<readonly Manifest[]>;
  /** A template as a project names it: a file beside the project, NAME or NAME@VERSION of the repository, a file of the templates folder. */
  find(name: string, folder: string, place?: Place): Promise<Template>;
  /** Takes an image in, as the next version where none is given. */
  add(file: string, details: { name?: string; version?: string; message?: string | null }): Promise<Manifest>;
  /** Reads the whole image again and compares its digest. Throws MLN_TEMPLATE_CHANGED. */
  verify(name: string): Promise<Manifest>;
  remove(name: string): Promise<Manifest>;
}

export function createTemplates(folder: string, shell: Shell): Templates {
  const versionsOf = async (name: string): Promise<Manifest[]> => {
    const versions = await names(join(folder, name));
    const found = await Promise.all(versions.map((version) => readManifest(join(folder, name, version))));
    return found.flatMap((manifest) => manifest ?? []).sort((one, other) => compareNames(other.version, one.version));
  };
  const inRepository = async (text: string): Promise<Manifest | null> => {
    const [name = '', version] = text.split('@');
    if (!isName(name)) return null;
    const versions = await versionsOf(name);
    return (version === undefined ? versions[0] : versions.find((each) => each.version === version)) ?? null;
  };
  const imageOf = ({ name, version }: Manifest): string => join(folder, name, version, 'image');
  const required = async (name: string): Promise<Manifest> => (await inRepository(name)) ?? (await missing(name));

  const list = async (): Promise<Manifest[]> => {
    const all = await Promise.all((await names(folder)).filter(isName).map(versionsOf));
    return all.flat();
  };

  const missing = async (name: string, place?: Place): Promise<never> => {
    const known = [...new Set((await list()).map((manifest) => manifest.name))];
    const guess = nearest(name, known);
    const hint = guess
      ? `did you mean ${guess}?`
      : known.length > 0
        ? `known templates are ${known.join(', ')}`
        : 'make one with: mln template build tiny';
    throw failure('MLN_NO_TEMPLATE', `there is no template ${name}`, { place, hint });
  };

  return {
    list,
    async find(name, projectFolder, place) {
      const beside = await fileTemplate(isAbsolute(name) ? name : resolve(projectFolder, name));
      if (beside) return beside;
      const manifest = await inRepository(name);
      if (!manifest) return (await fileTemplate(resolve(folder, name))) ?? missing(name, place);
      const path = imageOf(manifest);
      const found = await stat(path).catch(() => null);
      if (found?.size !== manifest.size)
        throw failure('MLN_TEMPLATE_CHANGED', `the template ${name} is not what its manifest says: ${path}`, {
          place,
          hint: `mln template verify ${manifest.name}@${manifest.version}`,
        });
      return { path, size: manifest.size, manifest };
    },
    async add(file, details) {
      const given = splitFileName(basename(file));
      const name = details.name ?? given.name;
      if (!isName(name))
        throw failure('MLN_BAD_NAME', `${JSON.stringify(name)} cannot be the name of a template`, {
          hint: `${namePattern}; give one with --name`,
        });
      const existing = await versionsOf(name);
      const version = details.version ?? given.version ?? nextVersion(existing[0]?.version);
      if (!/^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$/.test(version) || version.includes('..'))
        throw failure('MLN_BAD_NAME', `${JSON.stringify(version)} cannot be a version`);
      if (existing.some((each) => each.version === version))
        throw failure('MLN_TEMPLATE_EXISTS', `the template ${name} has a version ${version}`, {
          hint: 'give another with --version; a version never changes',
        });
      if (!(await fileTemplate(file))) throw failure('MLN_NO_FILE', `there is no file ${file}`, { exit: Exit.failed });
      const staging = join(folder, `.${name}-${version}-${process.pid}.new`);
      try {
        await makeFolder(staging);
        const image = join(staging, 'image');
        await shell('cp', ['--sparse=always', '--reflink=auto', '--', file, image]);
        await chmod(image, 0o444);
        const manifest: Manifest = {
          name,
          version,
          size: (await stat(image)).size,
          sha256: await digest(image),
          message: details.message ?? null,
          added: new Date().toISOString(),
        };
        await writeAtomically(join(staging, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`, 0o644);
        await makeFolder(join(folder, name));
        await moveFolder(staging, join(folder, name, version));
        return manifest;
      } catch (error) {
        await rm(staging, { recursive: true, force: true });
        throw systemFailure(error, `the template ${name} cannot be added`);
      }
    },
    async verify(name) {
      const manifest = await required(name);
      const sha256 = await digest(imageOf(manifest));
      if (sha256 !== manifest.sha256)
        throw failure(
          'MLN_TEMPLATE_CHANGED',
          `the image of ${manifest.name}@${manifest.version} has changed: its SHA-256 is ${sha256}, not ${manifest.sha256}`,
          { hint: 'remove it and add it again' },
        );
      return manifest;
    },
    async remove(name) {
      const manifest = await required(name);
      await rm(join(folder, manifest.name, manifest.version), { recursive: true, force: true });
      if ((await versionsOf(manifest.name)).length === 0)
        await rm(join(folder, manifest.name), { recursive: true, force: true });
      return manifest;
    },
  };
}

async function fileTemplate(path: string): Promise<Template | null> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() ? { path, size: found.size, manifest: null } : null;
}

async function readManifest(folder: string): Promise<Manifest | null> {
  const text = await readIfThere(join(folder, 'manifest.json'));
  try {
    return text === null ? null : (JSON.parse(text) as Manifest);
  } catch {
    return null;
  }
}

async function names(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw systemFailure(error, `the templates folder ${folder} cannot be read`);
  }
}

/** `Debian-V4.0.ext3`, as the original named its templates, is version 4.0 of Debian.ext3. */
function splitFileName(file: string): { name: string; version?: string } {
  const match = /^(.+)-V(\d+(?:\.\d+)*)(\.[^.]+)?$/.exec(file);
  return match?.[1] && match[2] ? { name: match[1] + (match[3] ?? ''), version: match[2] } : { name: file };
}

function nextVersion(newest: string | undefined): string {
  if (newest === undefined) return '1.0';
  const [major = 1, minor = 0] = newest.split('.').map((part) => Number.parseInt(part, 10) || 0);
  return `${major}.${minor + 1}`;
}

/** The SHA-256 of a file, hexadecimal. */
async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
