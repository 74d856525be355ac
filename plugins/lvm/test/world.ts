import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { isMlnError, type Disk, type Host, type Project, type Shell, type Store } from '@mln/core';
import lvm from '@mln/plugin-lvm';
import uml from '@mln/plugin-uml';
import { decide } from '../../../core/src/decide.js';
import { readProject } from '../../../core/src/read-project.js';
import { testKernel } from '../../../test/support/test-kernel.js';

export const MiB = 1024 * 1024;

/** A folder for the projects of one file of tests, and in it a template of 16 MiB. */
export function scratch(): { readonly folder: string; readonly template: string } {
  const folder = mkdtempSync(join(tmpdir(), 'mln-lvm-'));
  const template = join(folder, 'template.img');
  writeFileSync(template, '');
  truncateSync(template, 16 * MiB);
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  return { folder, template };
}

/** A project p with a host a whose disks are logical volumes. */
export interface World {
  readonly project: Project;
  /** The store of a host's disk, while its build is staged or when it is in place. */
  readonly store: (staged?: boolean, role?: string) => Store;
  /** The same when it is in place: of another host, in the stead of a, or kept aside, or while an upgrade makes it. */
  readonly other: (what: { host?: string; kept?: string; directory?: string }) => Store;
}

export async function openWorld(
  shell: Shell,
  projects: string,
  body: string,
  options: Record<string, unknown>,
  secret: string,
): Promise<World> {
  const mln = await testKernel(
    [
      [lvm, options],
      [uml, { default: true }],
    ],
    { projects, shell },
  );
  const read = await readProject(mln, '/x.mln', { text: `global { project p }\nhost a { lvm; ${body} }` });
  const project = { ...decide(read.project, null, 'fixed'), secret, directory: join(projects, 'p') };
  const [host] = project.hosts as [Host];
  const storeOf = (of: Host, disk: Disk | undefined, directory: string): Store => {
    const found = disk && mln.hooks.disk.call(disk, of, { ...project, directory });
    if (!found) throw new Error('no store');
    return found;
  };
  const diskOf = (role: string): Disk | undefined => host.disks.find((each) => each.role === role);
  return {
    project,
    store: (staged = true, role = 'root') =>
      storeOf(host, diskOf(role), staged ? join(projects, '.p.new') : project.directory),
    other({ host: name = host.name, kept, directory = project.directory }) {
      const disk = diskOf('root');
      const named = disk && { ...disk, path: `${name}.p`, ...(kept === undefined ? {} : { kept }) };
      return storeOf({ ...host, name }, named, directory);
    },
  };
}

/** The code and words of what is refused. */
export async function refused(act: Promise<unknown>): Promise<string> {
  return act.then(
    () => 'nothing',
    (error: unknown) => {
      if (!isMlnError(error)) throw error;
      return `${error.code} ${error.message}`;
    },
  );
}
