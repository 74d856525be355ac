import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { failure, isMlnError, messageOf, Problems, type Place, type Problem } from './errors.js';
import type { Edit, Filesystem } from './filesystem.js';
import { planGuest, type GuestRecord, type PlannedGuest } from './guest-record.js';
import type { Mln } from './kernel.js';
import { projectFiles } from './project-files.js';
import type { Disk, Host, Project, Unit } from './project.js';
import { createScripts, type PlannedFile } from './scripts.js';
import type { TemplateRecord } from './state.js';
import { createTemplates, type Template, type Templates } from './templates.js';
import { shared } from './share.js';
import { formatSize } from './values.js';

export interface PlannedDisk {
  /** As it will be built. */
  readonly disk: Disk;
  /** The image that it is copied from; null: it begins empty, or is there already. */
  readonly template: Template | null;
  /** Bytes. */
  readonly size: number;
}

/** An image of the project's own that disks will stand on. */
export interface PlannedImage {
  /** Relative to the project's folder. */
  readonly path: string;
  readonly template: Template;
  /** Bytes. */
  readonly size: number;
}

export interface PlannedUnit {
  /** With its disks as they will be built. */
  readonly unit: Unit;
  readonly files: readonly PlannedFile[];
  readonly disks: readonly PlannedDisk[];
  /** What changes in the guest's filesystem, compared with its template. */
  readonly edits: readonly Edit[];
  /** What they write, and what stood there before; null where nothing is edited. */
  readonly record: GuestRecord | null;
}

/** Everything that a build will write. Making a plan writes nothing. */
export interface Plan {
  /** With its units' disks as they will be built. */
  readonly project: Project;
  /** The project's own files: its start and stop scripts, its hook blocks. */
  readonly files: readonly PlannedFile[];
  readonly images: readonly PlannedImage[];
  readonly units: readonly PlannedUnit[];
  readonly templates: Readonly<Record<string, TemplateRecord>>;
  readonly warnings: readonly Problem[];
}

/** Plans these units of a project that is decided; previous is the project as it was last built here. Throws what is wrong with any of them at once. */
export async function planProject(
  mln: Mln,
  project: Project,
  units: readonly Unit[],
  previous: Project | null,
): Promise<Plan> {
  const planning: Planning = {
    mln,
    project,
    previous,
    templates: createTemplates(mln.folders.templates, mln.shell),
    found: new Map(),
    filesystems: new Map(),
    images: new Map(),
    problems: new Problems(),
    records: {},
  };
  const planned: PlannedUnit[] = [];
  const failed = new Problems();
  for (const unit of units)
    try {
      planned.push(await planUnit(planning, unit));
    } catch (error) {
      if (!isMlnError(error)) throw error;
      failed.addAll(error.problems);
    }
  failed.throwErrors();
  const files = projectFiles(project, units);
  const { records, images, problems } = planning;
  return {
    project: withHosts(project, planned),
    files,
    images: [...images.values()],
    units: planned,
    templates: records,
    warnings: problems.warnings,
  };
}

/** A project with the disks that were planned here; hosts of other servers are planned there. */
function withHosts(project: Project, planned: readonly PlannedUnit[]): Project {
  const hosts = new Map(planned.flatMap(({ unit }) => (unit.kind === 'host' ? [[unit.name, unit]] : [])));
  return { ...project, hosts: project.hosts.map((host) => hosts.get(host.name) ?? host) };
}

interface Planning {
  readonly mln: Mln;
  readonly project: Project;
  readonly previous: Project | null;
  readonly templates: Templates;
  /** Templates by the name and the folder that a host gives. */
  readonly found: Map<string, Promise<Template>>;
  /** One reader for each template, however many guests are made from it. */
  readonly filesystems: Map<string, Filesystem>;
  /** The project's own images, by name. */
  readonly images: Map<string, PlannedImage>;
  readonly problems: Problems;
  readonly records: Record<string, TemplateRecord>;
}

async function planUnit(planning: Planning, unit: Unit): Promise<PlannedUnit> {
  if (unit.kind === 'switch') return { unit, files: scriptsOf(planning, unit), disks: [], edits: [], record: null };
  const disks: PlannedDisk[] = [];
  for (const disk of unit.disks) disks.push(await planDisk(planning, unit, disk));
  const host = { ...unit, disks: disks.map(({ disk }) => disk) };
  const files = scriptsOf(planning, host);
  const root = disks.find(({ disk }) => disk.role === 'root');
  const { edits, record } = root ? await planEdits(planning, host, root) : { edits: [], record: null };
  return { unit: host, files, disks, edits, record };
}

function scriptsOf({ mln, project }: Planning, unit: Unit): readonly PlannedFile[] {
  const { scripts, files } = createScripts();
  mln.hooks.emitScripts.call(unit, scripts, project);
  return files;
}

async function planDisk(planning: Planning, host: Host, disk: Disk): Promise<PlannedDisk> {
  if (disk.existing || disk.role !== 'root') return { disk, template: null, size: disk.size ?? 0 };
  const name = host.template ?? planning.mln.configuration.template;
  const folder = host.templateFrom === null ? planning.project.source : dirname(host.templateFrom);
  const template = await findTemplate(planning, name, folder, host);
  const { manifest } = template;
  planning.records[host.name] = {
    name,
    version: manifest?.version ?? null,
    sha256: manifest?.sha256 ?? null,
    size: template.size,
  };
  const wanted = disk.freeSpace === null ? (disk.size ?? template.size) : template.size + disk.freeSpace;
  if (wanted < template.size)
    planning.problems.warning(
      'MLN_SMALL_SIZE',
      `${host.name}: the template ${name} is ${formatSize(template.size)} large, so the disk is too`,
      { place: host.lines?.size ?? host.place ?? undefined },
    );
  // Filesystems have whole blocks.
  const size = wanted <= template.size ? template.size : Math.ceil(wanted / 4096) * 4096;
  const filesystem = await filesystemOf(planning, template.path, host);
  return { disk: shared(planning, host, disk, { template, filesystem, size }), template, size };
}

/** Hosts share their templates: each is looked for once. */
function findTemplate({ templates, found }: Planning, name: string, folder: string, host: Host): Promise<Template> {
  const key = `${folder}\0${name}`;
  const template = found.get(key) ?? templates.find(name, folder, host.lines?.template ?? host.place ?? undefined);
  found.set(key, template);
  return template;
}

/** A disk that was there before may have served others since: what the project says is written over what is there. */
async function planEdits(planning: Planning, host: Host, root: PlannedDisk): Promise<PlannedGuest> {
  const { mln, project } = planning;
  const filesystem = await filesystemOf(planning, root.template?.path ?? root.disk.path, host);
  const previous = planning.previous?.hosts.find((other) => other.name === host.name);
  return planGuest(mln, project, host, filesystem, previous ? { host: previous, record: { entries: [] } } : null);
}

async function filesystemOf(planning: Planning, path: string, host: Host): Promise<Filesystem> {
  const known = planning.filesystems.get(path);
  if (known) return known;
  const found = await planning.mln.hooks.filesystem.promise(path);
  const place =
    host.lines?.[host.disks.some((disk) => disk.existing && disk.path === path) ? 'filesystem' : 'template'];
  if (!found) throw noFilesystem(path, place ?? host.place ?? undefined);
  planning.filesystems.set(path, found);
  return found;
}

export function noFilesystem(path: string, place?: Place): Error {
  if (!existsSync(path)) return failure('MLN_NO_FILE', `there is no file ${path}`, { place });
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    return failure('MLN_NOT_ALLOWED', `${path} may not be read: ${messageOf(error)}`, { place, cause: error });
  }
  return failure('MLN_NO_FILESYSTEM', `no plug-in reads the filesystem of ${path}`, {
    place,
    hint: '@mln/plugin-ext reads ext2, ext3 and ext4',
  });
}
