import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { failure, Problems, systemFailure } from '../errors.js';
import type { Mln } from '../kernel.js';
import type { Row } from '../list-rows.js';
import type { Host, Project } from '../project.js';
import type { Digests, SourceEntry } from './content.js';
import { copiedColumns } from './copied.js';

/** What hosts copy from this machine: the trees, and the hosts whose rows name them. */
interface PackedSources {
  readonly hosts: readonly Host[];
  readonly entries: readonly SourceEntry[];
  /** Where each file lies, by its digest. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Gathers what rows of hosts copy into guests. Each source becomes `files/N/NAME`, once for all hosts that name it; such
 * rows of hosts that are not packed are left out, as their sources are. Throws MLN_NO_FILE with all that are missing.
 */
export async function packSources(
  mln: Mln,
  project: Project,
  packed: ReadonlySet<string>,
  digests: Digests,
): Promise<PackedSources> {
  const problems = new Problems();
  const packing: Packing = { entries: [], files: new Map(), digests };
  const known = new Map<string, string>();
  const pathOf = async (word: string, row: Row): Promise<string> => {
    const source = await findSource(word, row, project, mln.folders.files, problems);
    if (source === null) return word;
    const before = known.get(source);
    if (before !== undefined) return before;
    const path = `files/${known.size}/${basename(source) || 'all'}`;
    known.set(source, path);
    await packTree(packing, source, path);
    return path;
  };
  const rowsOf = async (rows: readonly Row[], columns: readonly number[]): Promise<readonly Row[]> => {
    const changed: Row[] = [];
    for (const row of rows) {
      const words = [...row.words];
      for (const at of columns) if (words[at] !== undefined) words[at] = await pathOf(words[at], row);
      // Its place is one of this machine: relative paths would start there.
      changed.push({ words, place: null });
    }
    return changed;
  };
  const hosts: Host[] = [];
  for (const host of project.hosts) {
    const lists: Record<string, readonly Row[]> = { ...host.lists };
    for (const [name, rows] of Object.entries(host.lists)) {
      const columns = copiedColumns(mln, name);
      if (columns.length > 0) lists[name] = packed.has(host.name) ? await rowsOf(rows, columns) : [];
    }
    hosts.push({ ...host, lists });
  }
  problems.throwErrors();
  return { hosts, entries: packing.entries, files: packing.files };
}

interface Packing {
  readonly entries: SourceEntry[];
  readonly files: Map<string, string>;
  readonly digests: Digests;
}

/** As sources are found where a project is built at home: beside the file that names them, else in the files folder. */
async function findSource(
  source: string,
  row: Row,
  project: Project,
  filesFolder: string,
  problems: Problems,
): Promise<string | null> {
  const beside = row.place ? dirname(row.place.file) : project.source;
  const candidates = isAbsolute(source) ? [resolve(source)] : [resolve(beside, source), resolve(filesFolder, source)];
  for (const path of candidates) if (await stat(path).catch(() => null)) return path;
  problems.error('MLN_NO_FILE', `there is no ${source} to copy`, {
    place: row.place ?? undefined,
    hint: `looked for ${candidates.join(' and ')}`,
  });
  return null;
}

/** A source may be a link to what is copied; links within a folder are copied as such. */
async function packTree(packing: Packing, source: string, path: string): Promise<void> {
  try {
    await packEntry(packing, source, path, await stat(source));
  } catch (error) {
    throw systemFailure(error, `${source} cannot be sent`);
  }
}

async function packEntry(
  packing: Packing,
  source: string,
  path: string,
  found: Awaited<ReturnType<typeof stat>>,
): Promise<void> {
  const { entries, files, digests } = packing;
  const mode = Number(found.mode) & 0o777;
  if (found.isSymbolicLink()) entries.push({ path, kind: 'link', target: await readlink(source) });
  else if (found.isDirectory()) {
    entries.push({ path, kind: 'directory', mode });
    for (const name of (await readdir(source)).sort()) {
      const inner = join(source, name);
      await packEntry(packing, inner, `${path}/${name}`, await lstat(inner));
    }
  } else if (found.isFile()) {
    const blob = await digests.of(source);
    files.set(blob.sha256, source);
    entries.push({ path, kind: 'file', mode, blob });
  } else if (!path.includes('/', path.indexOf('/', 'files/'.length) + 1))
    throw failure('MLN_GUEST_PATH', `${source} is neither a file nor a folder`);
}
