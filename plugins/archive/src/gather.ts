import { dirname } from 'node:path';
import {
  createTemplates,
  failure,
  isHere,
  isMlnError,
  loadPortable,
  type Blob,
  type Disk,
  type Host,
  type Mln,
  type Project,
  type SentTemplate,
  type State,
} from '@mln/core';
import { measure } from './blocks.js';
import { FORM, type ArchivedBlob, type ArchivedDisk, type ArchivedRecord, type Contents } from './contents.js';
import type { Files } from './pack.js';
import { portableProject, sharing, whole } from './portable-project.js';

/** What is to be archived, and where its files lie. */
export interface Gathered {
  readonly contents: Contents;
  readonly files: Files;
}

/** A file that goes into the archive beside what a project is built from. */
export interface Image {
  readonly host: string;
  /** Null: it is the record of what mln wrote into the guest. */
  readonly disk: string | null;
  readonly path: string;
}

/** Gathers a project with all that it is built from, and images of its disks where there are any. */
export async function gather(
  mln: Mln,
  state: State,
  { source, images, madeBy }: { readonly source: string; readonly images: readonly Image[]; readonly madeBy: string },
): Promise<Gathered> {
  const { packSources } = await loadPortable();
  const blobs = new Map<string, ArchivedBlob>();
  const files = new Map<string, string>();
  const digests = {
    async of(path: string): Promise<Blob> {
      const blob = await measure(path);
      blobs.set(blob.sha256, blob);
      files.set(blob.sha256, path);
      return { sha256: blob.sha256, size: blob.size };
    },
  };
  const names = new Set(state.project.hosts.map(({ name }) => name));
  const sources = await packSources(mln, state.project, names, digests);
  const named = await nameTemplates(mln, { ...state, project: { ...state.project, hosts: sources.hosts } }, digests);
  const disks: ArchivedDisk[] = [];
  const records: ArchivedRecord[] = [];
  for (const { host, disk, path } of images) {
    const blob = await digests.of(path);
    if (disk === null) records.push({ host, blob });
    else disks.push({ host, disk, blob });
  }
  const taken = new Set(disks.map(({ host, disk }) => `${host}/${disk}`));
  const diskOf = (host: Host, disk: Disk): Disk =>
    taken.has(`${host.name}/${disk.path}`) ? whole(disk) : sharing(disk);
  const hosts = named.hosts.map((host) => ({ ...host, disks: host.disks.map((disk) => diskOf(host, disk)) }));
  return {
    contents: {
      form: FORM,
      madeBy,
      at: new Date().toISOString(),
      plugins: Object.fromEntries(mln.plugins.map(({ name, version }) => [name, version])),
      project: portableProject({ ...state.project, hosts }),
      source,
      entries: sources.entries,
      templates: named.templates,
      disks,
      records,
      blobs: [...blobs.values()],
    },
    files,
  };
}

/** Hosts with the exact versions that they were made from, and these. Throws where one is not what it was. */
async function nameTemplates(
  mln: Mln,
  { project, templates: made }: Pick<State, 'project' | 'templates'>,
  digests: { of(path: string): Promise<Blob> },
): Promise<{ readonly hosts: readonly Host[]; readonly templates: readonly SentTemplate[] }> {
  const found = new Map<string, Promise<SentTemplate>>();
  const templates = new Map<string, SentTemplate>();
  const hosts: Host[] = [];
  for (const host of project.hosts) {
    const isMade = host.disks.some(({ role, existing }) => role === 'root' && !existing);
    const record = made[host.name];
    if (!isMade) {
      hosts.push({ ...host, template: null, templateFrom: null });
      continue;
    }
    const name = record?.name ?? host.template ?? mln.configuration.template;
    const version = record?.version ?? null;
    const exact = version === null ? name : `${name.split('@')[0] ?? name}@${version}`;
    const folder = host.templateFrom === null ? project.source : dirname(host.templateFrom);
    const key = `${folder}\0${exact}`;
    const finding = found.get(key) ?? find(mln, { exact, folder, wanted: record?.sha256 ?? null }, digests);
    found.set(key, finding);
    const template = await orNamedAlone(finding, mln, project, host);
    if (template) templates.set(`${template.name}@${template.version}`, template);
    hosts.push({
      ...host,
      template: template ? `${template.name}@${template.version}` : host.template,
      templateFrom: null,
    });
  }
  return { hosts, templates: [...templates.values()] };
}

/** A host of another server may be made from a template that only that one has. */
async function orNamedAlone(
  finding: Promise<SentTemplate>,
  mln: Mln,
  project: Project,
  host: Host,
): Promise<SentTemplate | null> {
  try {
    return await finding;
  } catch (error) {
    const { isVersion } = await loadPortable();
    const isThere = !isHere(mln, host, project) && host.template !== null && isVersion(host.template);
    if (isThere && isMlnError(error) && error.code === 'MLN_NO_TEMPLATE') return null;
    throw error;
  }
}

async function find(
  mln: Mln,
  { exact, folder, wanted }: { readonly exact: string; readonly folder: string; readonly wanted: string | null },
  digests: { of(path: string): Promise<Blob> },
): Promise<SentTemplate> {
  const { templateNameOf } = await loadPortable();
  const { path, manifest } = await createTemplates(mln.folders.templates, mln.shell).find(exact, folder);
  const blob = await digests.of(path);
  const { sha256 } = blob;
  if (wanted !== null && sha256 !== wanted)
    throw failure('MLN_TEMPLATE_CHANGED', `the template ${exact} is not what the project was built from: ${path}`, {
      hint: `its SHA-256 is ${sha256}, not ${wanted}; put the image back, or build the project anew`,
    });
  if (!manifest) return { name: templateNameOf(path), version: sha256.slice(0, 12), blob, message: null };
  return { name: manifest.name, version: manifest.version, blob, message: manifest.message };
}
