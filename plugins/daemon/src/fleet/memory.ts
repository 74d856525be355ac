import {
  failure,
  formatSize,
  type Mln,
  type Operation,
  type OperationOptions,
  type Outcome,
  type Part,
  type Project,
} from '@mln/core';
import { placesOf, type Options } from '../options.js';
import { guestFolders } from '../operations/guest-user.js';
import type { Daemon } from '../server/route.js';
import { projectsHere } from './projects.js';
import { hostsHere, maximumOf } from './server-status.js';

/** How many of the projects that have most are named. */
const NAMED = 3;

/** Before a build on this machine. A worker that runs as the user of guests sees its own projects alone: its daemon has asked before. */
export async function requireMemory(
  mln: Mln,
  options: Options,
  operation: Operation,
  { project }: Part,
): Promise<Outcome | undefined> {
  if (operation.name !== 'build') return undefined;
  const folders = [mln.folders.projects, ...(await guestFolders(placesOf(options, mln.folders)))];
  const ground = { mln, options, projectFolders: () => Promise.resolve([...new Set(folders)]) };
  await requireRoom(ground, project, operation.options);
  return undefined;
}

/**
 * Throws MLN_NO_MEMORY where the guests of a project that is to be built would have more memory, with those that are built
 * already, than the configuration lets them have, and nobody has said that they may.
 */
export async function requireRoom(
  ground: Pick<Daemon, 'mln' | 'options' | 'projectFolders'>,
  project: Project,
  { overcommit }: OperationOptions,
): Promise<void> {
  const { mln, options } = ground;
  const wanted = memoryHere(mln, project);
  if (options.memory === undefined || overcommit || wanted === 0) return;
  const others = (await projectsHere(ground))
    .filter(({ name }) => name !== project.name)
    .map((each) => ({ name: each.name, memory: memoryHere(mln, each) }))
    .sort((one, other) => other.memory - one.memory);
  const granted = others.reduce((sum, { memory }) => sum + memory, 0);
  const maximum = maximumOf(options);
  if (granted + wanted <= maximum) return;
  const largest = others.slice(0, NAMED).map(({ name, memory }) => `${name} ${formatSize(memory)}`);
  throw failure(
    'MLN_NO_MEMORY',
    `${project.name} would have ${formatSize(wanted)} of memory here, and ${formatSize(Math.max(0, maximum - granted))} of ${formatSize(maximum)} are left`,
    {
      hint: `${largest.length > 0 ? `most have ${largest.join(', ')}; ` : ''}give its hosts less, put some on another server, or build with --overcommit`,
    },
  );
}

function memoryHere(mln: Mln, project: Project): number {
  return hostsHere(mln, project).reduce((sum, { memory }) => sum + memory, 0);
}
