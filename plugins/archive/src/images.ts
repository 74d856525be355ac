import { mkdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { failure, isHere, loadOperating, loadPortable, type Mln, type State } from '@mln/core';
import type { Image } from './gather.js';

/** Where disks that stand on an image are made whole, in the project's folder. */
const WHOLE = '.export';

/** Lends the disks of a project, whole, and what mln wrote into them. Its hosts must be down. */
export async function withImages<T>(mln: Mln, state: State, act: (images: readonly Image[]) => Promise<T>): Promise<T> {
  await requireStill(mln, state);
  const scratch = join(state.project.directory, WHOLE);
  await rm(scratch, { recursive: true, force: true });
  try {
    return await act(await imagesOf(mln, state, scratch));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Throws, for all hosts at once, where disks change or cannot be had. */
async function requireStill(mln: Mln, { project, pending }: State): Promise<void> {
  const { hosts, name } = project;
  const away = hosts.filter((host) => !isHere(mln, host, project));
  if (away.length > 0)
    throw failure('MLN_NO_SERVER', `the disks of ${namesOf(away)} are on other servers`, {
      hint: 'export the project without its disks',
    });
  const { statusesOf } = await loadOperating();
  const statuses = await statusesOf(mln, project, hosts);
  const saved = hosts.filter((host) => statuses.get(host.name)?.saved);
  if (saved.length > 0)
    throw failure('MLN_MEMORY_SAVED', `the memory of ${namesOf(saved)} is saved, and goes with the disks as they are`, {
      hint: `mln start -p ${name}, and mln stop -p ${name} without --save`,
    });
  const up = hosts.filter((host) => statuses.get(host.name)?.state !== 'down');
  if (up.length > 0)
    throw failure('MLN_PROJECT_RUNS', `${name} runs, or it is not known that it does not: ${namesOf(up)}`, {
      hint: `mln stop -p ${name}; or export it without its disks`,
    });
  if (pending.length > 0)
    throw failure('MLN_PROJECT_RUNS', `${pending.join(', ')}: what an upgrade has changed is done at the next start`, {
      hint: `mln start -p ${name}, and mln stop -p ${name}`,
    });
}

function namesOf(hosts: readonly { readonly name: string }[]): string {
  return hosts.map(({ name }) => name).join(', ');
}

async function imagesOf(mln: Mln, { project }: State, scratch: string): Promise<readonly Image[]> {
  const { recordPath } = await loadPortable();
  const images: Image[] = [];
  for (const host of project.hosts) {
    for (const disk of host.disks) {
      if (disk.existing || disk.role === 'swap') continue;
      const store = mln.hooks.disk.call(disk, host, project);
      if (!store) throw failure('MLN_NO_CLAIM', `no plug-in that is loaded keeps disks as ${disk.store}`);
      if (!(await store.exists()))
        throw failure('MLN_NO_FILE', `${host.name}: there is no disk ${store.path}`, { exit: 1 });
      let { path } = store;
      if (disk.standsOn !== undefined) {
        if (!store.flatten)
          throw failure('MLN_NO_CLAIM', `no plug-in makes disks whole that are kept as ${disk.store}`);
        path = join(scratch, `${host.name}.${disk.path}`);
        await mkdir(scratch, { mode: 0o700, recursive: true });
        await store.flatten(path);
      }
      images.push({ host: host.name, disk: disk.path, path });
    }
    const record = recordPath(project.directory, host.name);
    if (existsSync(record)) images.push({ host: host.name, disk: null, path: record });
  }
  return images;
}
