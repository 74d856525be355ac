import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as core from '@mln/core';
import { createMln, unknownStatus, type Host, type OperationEvent, type Project } from '@mln/core';
import { fakeHost, fakeProject } from '../../../../core/test/fake-project.js';
import { scratchFolder } from '../../../../core/test/scratch.js';
import { writeJournal } from '../../../../core/src/journal.js';
import { writeState } from '../../../../core/src/state.js';
import { createKeeper, type Keeper } from '../../src/fleet/keeper.js';
import type { Daemon } from '../../src/server/route.js';
import { placesIn } from '../tls/fleet.js';
import { fakeOperations, type FakeOperations } from './fake-operations.js';

/** A server whose daemon is begun and ended by a test: projects on the disk, and a world that is a set. */
export interface KeeperLab {
  readonly projects: string;
  /** What runs: PROJECT/UNIT. */
  readonly up: Set<string>;
  readonly operations: FakeOperations;
  readonly events: OperationEvent[];
  readonly logged: string[];
  /** Seconds of the keeper’s clock. */
  clock: number;
  /** A daemon is begun: its keeper knows nothing but what is on the disk. */
  daemon(): Keeper;
  build(name: string, hosts: readonly Host[], more?: Partial<Project>): Promise<void>;
  /** What a command does by hand: journal and world. */
  act(name: 'start' | 'stop', project: string, hosts: readonly string[]): Promise<void>;
  /** Looks, and waits for the start that comes of it. */
  lookAndStart(keeper: Keeper): Promise<void>;
}

export const persistent = (name: string, details: Partial<Host> = {}): Host =>
  fakeHost(name, { keywords: { persistent: true }, ...details });

export async function lab(): Promise<KeeperLab> {
  const folder = scratchFolder();
  const projects = join(folder, 'projects');
  mkdirSync(projects);
  const up = new Set<string>();
  const operations = fakeOperations(projects, up);
  const folders = { projects, templates: folder, files: folder };
  const configuration = { plugins: [], template: 'tiny', serviceHost: 'backend1', stopWait: 1, folders, origins: {} };
  const shell = (program: string): Promise<never> => Promise.reject(new Error(`${program} is not to be run`));
  const mln = await createMln({ core, shell, folders, configuration, plugins: [] });
  mln.hooks.monitor.tap('fake', (statuses, units, { name }) => {
    const state = (unit: string): 'up' | 'down' => (up.has(`${name}/${unit}`) ? 'up' : 'down');
    return new Map([
      ...statuses,
      ...units.map((each) => [each.name, { ...unknownStatus, state: state(each.name) }] as const),
    ]);
  });
  const events: OperationEvent[] = [];
  mln.hooks.event.tap('fake', (event) => void events.push(event));
  const logged: string[] = [];
  const log = ({ host = '' }: { host?: string }, text: string): void => void logged.push(`${text} ${host}`.trim());
  const logger = { info: log, warn: log, error: log };
  const parts = {
    mln,
    operations,
    logger,
    places: placesIn(folder),
    projectFolders: () => Promise.resolve([projects]),
  };
  mkdirSync(join(folder, 'state'));
  const made: KeeperLab = {
    projects,
    up,
    operations,
    events,
    logged,
    clock: 0,
    daemon: () => createKeeper(parts as unknown as Daemon, { now: () => made.clock * 1000 }),
    async build(name, hosts, more = {}) {
      const project = fakeProject({
        name,
        home: 'backend1',
        hosts,
        secret: '00',
        ...more,
        directory: join(projects, name),
      });
      mkdirSync(project.directory, { recursive: true });
      await writeState(project.directory, { builtAt: '2026-01-01T00:00:00.000Z', plugins: {}, templates: {}, project });
    },
    async act(name, project, hosts) {
      const entry = { operation: `by-hand-${Math.random()}`, name, at: '', units: hosts };
      await writeJournal(join(projects, project), { ...entry, state: 'begun' });
      await writeJournal(join(projects, project), { ...entry, state: 'step', step: 'hosts' });
      for (const host of hosts) up[name === 'start' ? 'add' : 'delete'](`${project}/${host}`);
      await writeJournal(join(projects, project), { ...entry, state: 'done' });
    },
    async lookAndStart(keeper) {
      const ended = operations.ended();
      await keeper.look();
      await ended;
    },
  };
  return made;
}
