import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { earlierNames } from '../diff.js';
import { systemFailure } from '../errors.js';
import type { Mln } from '../kernel.js';
import type { Row } from '../list-rows.js';
import { copiedColumns } from '../portable/copied.js';
import type { Host, Project } from '../project.js';
import type { State } from '../state.js';

/** What hosts copy from the physical host, as one digest for each that copies anything: SHA-256 of names, modes and contents. */
export async function sourcesOf(mln: Mln, project: Project): Promise<Readonly<Record<string, string>>> {
  const known = new Map<string, Promise<string>>();
  const found: [string, string][] = [];
  for (const host of project.hosts) {
    const paths = pathsOf(mln, host, project);
    if (paths.length === 0) continue;
    const hash = createHash('sha256');
    for (const candidates of paths) {
      const key = candidates.join('\0');
      const digest = known.get(key) ?? digestOf(candidates);
      known.set(key, digest);
      hash.update(await digest);
    }
    found.push([host.name, hash.digest('hex')]);
  }
  return Object.fromEntries(found);
}

/** Hosts of a project, as they will be called, that copy something whose content has changed since it was built. */
export async function changedSources(mln: Mln, state: State, project: Project): Promise<readonly string[]> {
  if (!state.sources) return [];
  const nameBefore = earlierNames(state.project.hosts, project.hosts);
  const now = await sourcesOf(mln, project);
  return project.hosts.flatMap((host) => {
    const [before, after] = [state.sources?.[nameBefore(host) ?? host.name], now[host.name]];
    return before === undefined || after === undefined || before === after ? [] : [host.name];
  });
}

/** Where each source of a host may lie, the likelier place first. */
function pathsOf(mln: Mln, host: Host, project: Project): readonly (readonly string[])[] {
  const places = (word: string, { place }: Row): readonly string[] =>
    [place ? dirname(place.file) : project.source, mln.folders.files].map((folder) => resolve(folder, word));
  return Object.entries(host.lists).flatMap(([list, rows]) => {
    const columns = copiedColumns(mln, list);
    return rows.flatMap((row) => columns.flatMap((at) => (row.words[at] ? [places(row.words[at], row)] : [])));
  });
}

async function digestOf(candidates: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of candidates) {
    const found = await stat(path).catch(() => null);
    if (!found) continue;
    try {
      await add(hash, path, '');
    } catch (error) {
      throw systemFailure(error, `${path} cannot be read`);
    }
    break;
  }
  return hash.digest('hex');
}

async function add(hash: Hash, path: string, name: string): Promise<void> {
  // What is named may be a link to what is copied; links below are copied as such.
  const found = await (name === '' ? stat : lstat)(path);
  hash.update(`${name}\0${(found.mode & 0o777).toString(8)}\0`);
  if (found.isSymbolicLink()) hash.update(await readlink(path));
  else if (found.isDirectory())
    for (const each of (await readdir(path)).sort()) await add(hash, join(path, each), `${name}/${each}`);
  else if (found.isFile()) {
    hash.update(`${found.size}\0`);
    for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  }
}
