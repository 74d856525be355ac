import { join } from 'node:path';
import { failure, formatSize, type Mln, type Project } from '@mln/core';
import { portable } from '../portable.js';
import type { Blob, Package } from '../protocol.js';
import type { Daemon } from '../server/route.js';
import { blobsOf, type Blobs } from './blobs.js';
import { faultsOf, refuse, refuseStrange, serverFaults } from './check-package.js';
import { placeTemplates } from './place-templates.js';
import { readPackage } from './project-schema.js';
import { takeImage, templateImages } from './repositories.js';

/** Where a received project is laid out: for a worker, and the user as whom it runs. */
export interface Placing {
  /** Takes the files of `files`; made, and given to the owner. */
  readonly folder: string;
  /** The projects and templates folders of that user. */
  readonly projects: string;
  readonly templates: string;
  readonly owner: { readonly uid: number; readonly gid: number } | null;
}

/**
 * Checks a package that came in, word by word: names, sizes, paths that lead out, unknown fields; and, where it is given what
 * is loaded here, that this server knows all keywords. Throws MLN_BAD_REQUEST with all that is wrong; nothing is written.
 */
export function checkPackage(value: unknown, project: string, mln?: Mln): Package {
  refuseStrange(value);
  const read = readPackage(value);
  if ('faults' in read) {
    refuse(read.faults);
    throw failure('MLN_BAD_REQUEST', 'the project that was sent cannot be read');
  }
  refuse(faultsOf(read.package, project));
  if (mln) refuse(serverFaults(mln, read.package));
  return read.package;
}

/** Throws MLN_NO_BLOB, naming them, where files of a package have not been sent. */
export async function requireFiles(daemon: Daemon, sent: Package): Promise<void> {
  refuse(serverFaults(daemon.mln, sent));
  const images = sent.templates.length > 0 ? await templateImages(daemon) : null;
  await missingOf(
    sent,
    (blob, isTemplate) => Promise.resolve(isTemplate && images?.get(blob.sha256)?.size === blob.size),
    daemon,
  );
}

/** Lays out the files and templates of a checked package; gives the project with paths of this server. */
export async function placePackage(daemon: Daemon, sent: Package, placing: Placing): Promise<Project> {
  refuse(serverFaults(daemon.mln, sent));
  const { shell } = daemon.mln;
  const blobs = storeOf(daemon);
  const images = sent.templates.length > 0 ? await templateImages(daemon) : null;
  await missingOf(
    sent,
    async (blob, isTemplate) => {
      const image = isTemplate ? images?.get(blob.sha256) : undefined;
      return image !== undefined && (await takeImage(blobs, shell, image));
    },
    daemon,
  );
  try {
    await portable.placeFiles(blobs, shell, sent.entries, placing);
    const names = await placeTemplates(daemon, blobs, sent, placing);
    const { project } = sent;
    return {
      ...project,
      source: placing.folder,
      directory: join(placing.projects, project.name),
      hosts: project.hosts.map((host) =>
        host.template === null ? host : { ...host, template: names.get(host.template) ?? host.template },
      ),
    };
  } catch (error) {
    await portable.removePlaced(placing.folder);
    throw error;
  }
}

function storeOf({ places, mln }: Daemon): Blobs {
  return blobsOf(join(places.state, 'blobs'), mln.shell);
}

/** Throws where files of a package are neither there nor got otherwise. */
async function missingOf(
  { entries, templates }: Package,
  otherwise: (blob: Blob, isTemplate: boolean) => Promise<boolean>,
  daemon: Daemon,
): Promise<void> {
  const blobs = storeOf(daemon);
  const names = new Map<string, readonly [blob: Blob, what: string, isTemplate: boolean]>([
    ...templates.map(
      ({ blob, name, version }) => [blob.sha256, [blob, `the template ${name}@${version}`, true]] as const,
    ),
    ...entries.flatMap((each) =>
      each.kind === 'file' ? [[each.blob.sha256, [each.blob, each.path, false]] as const] : [],
    ),
  ]);
  const missing: string[] = [];
  for (const [blob, what, isTemplate] of names.values())
    if (!(await blobs.has(blob)) && !(await otherwise(blob, isTemplate)))
      missing.push(`${what} (${formatSize(blob.size)}, SHA-256 ${blob.sha256})`);
  if (missing.length === 0) return;
  const more = missing.length > 10 ? `, and ${missing.length - 10} more` : '';
  throw failure(
    'MLN_NO_BLOB',
    `not all files of the project have been sent: ${missing.slice(0, 10).join(', ')}${more}`,
  );
}
