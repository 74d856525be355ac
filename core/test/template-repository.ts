import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeEach } from '@jest/globals';
import { runShell } from '../src/shell.js';
import { createTemplates, type Templates } from '../src/templates.js';
import { fakeHost, fakeProject } from './fake-project.js';
import { scratchFolder } from './scratch.js';

/** A repository, and a folder of projects, made anew for each test of a file. */
export const at = { folder: '', projects: '', notes: [] as string[] };

beforeEach(() => {
  at.folder = join(scratchFolder(), 'templates');
  at.projects = join(scratchFolder(), 'projects');
  at.notes = [];
  mkdirSync(at.projects);
});

/** The repository as the next command opens it. */
export const open = (): Templates => createTemplates(at.folder, runShell, (text) => at.notes.push(text));

/** Adds so many versions of a template: 1.0, 1.1 … */
export async function added(count: number, name = 't'): Promise<void> {
  const image = join(at.projects, 'image.tmp');
  for (let version = 0; version < count; version += 1) {
    writeFileSync(image, `${name} ${version}`);
    await open().add(image, { name });
  }
  rmSync(image);
}

export const versionFolder = (version: string, name = 't'): string => join(at.folder, name, version);
export const imageOf = (version: string, name = 't'): string => join(versionFolder(version, name), 'image');
/** The records of projects that a version was told of. */
export const records = (version = '1.0'): string[] => readdirSync(join(versionFolder(version), 'users'));
export const versions = async (): Promise<string[]> =>
  (await open().list()).map(({ name, version }) => `${name}@${version}`);

/** Writes the state of a project whose hosts stand on images, as a build leaves it. */
export function built(name: string, hosts: Record<string, string | undefined>): void {
  mkdirSync(join(at.projects, name), { recursive: true });
  const disk = { role: 'root', store: 'cow', path: 'root.cow', existing: false, size: null, freeSpace: null } as const;
  const project = fakeProject({
    name: name.replace(/^\.|\.(new|old)$/g, ''),
    hosts: Object.entries(hosts).map(([host, standsOn]) =>
      fakeHost(host, { disks: [{ ...disk, device: null, mount: null, ...(standsOn && { standsOn }) }] }),
    ),
  });
  writeFileSync(join(at.projects, name, 'state.json'), JSON.stringify({ schema: 1, project }));
}

/** The name that a version has when the process that was removing it was killed. */
export const goneName = (version: string): string => `.${version}.gone.999999999-1-00000000-00000000-${hostname()}`;
