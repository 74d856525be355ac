import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as core from '@mln/core';
import { createMln, unknownStatus, type Host, type Mln, type Project, type Status } from '@mln/core';
import { fakeProject } from '../../../../core/test/fake-project.js';
import { scratchFolder } from '../../../../core/test/scratch.js';
import { writeState } from '../../../../core/src/state.js';
import type { Options } from '../../src/options.js';
import type { Call, Daemon, Route } from '../../src/server/route.js';
import { placesIn } from '../tls/fleet.js';

/** A server as far as questions need one: projects on the disk, and a monitor that says what the test says. */
export interface FakeServerGround {
  readonly daemon: Daemon;
  readonly mln: Mln;
  /** What is known of PROJECT/UNIT; the rest is down. */
  readonly statuses: Map<string, Partial<Status>>;
  /** How often the monitor was asked, and with which look. */
  readonly looks: object[];
  /** Builds a project; in another folder of the server where one is named. */
  readonly build: (
    name: string,
    hosts: readonly Host[],
    details?: Partial<Project>,
    folder?: string,
  ) => Promise<Project>;
}

export async function fakeServer(options: Options = {}, name: string | null = 'backend1'): Promise<FakeServerGround> {
  const folder = scratchFolder();
  const folders = { projects: join(folder, 'projects'), templates: folder, files: folder };
  mkdirSync(folders.projects);
  const shell = (program: string): Promise<never> => Promise.reject(new Error(`${program} is not to be run`));
  const configuration = { plugins: [], template: 'tiny', serviceHost: name, stopWait: 1, folders, origins: {} };
  const mln = await createMln({ core, shell, folders, configuration, plugins: [] });
  const statuses = new Map<string, Partial<Status>>();
  const looks: object[] = [];
  mln.hooks.monitor.tap('fake', (found, units, project, look) => {
    looks.push(look);
    const of = (unit: string): Status => ({
      ...unknownStatus,
      state: 'down',
      ...statuses.get(`${project.name}/${unit}`),
    });
    return new Map([...found, ...units.map((unit) => [unit.name, of(unit.name)] as const)]);
  });
  const others = new Set<string>();
  const daemon = {
    ...{ mln, options, name, places: placesIn(folder) },
    operations: { list: () => Promise.resolve([]) },
    projectFolders: () => Promise.resolve([folders.projects, ...others]),
  };
  return {
    daemon: daemon as unknown as Daemon,
    mln,
    statuses,
    looks,
    async build(project, hosts, details = {}, other) {
      const projects = other === undefined ? folders.projects : join(folder, other);
      if (other !== undefined) others.add(projects);
      const built = fakeProject({ name: project, home: name, hosts, ...details, directory: join(projects, project) });
      mkdirSync(built.directory, { recursive: true });
      const at = { builtAt: '2026-01-01T00:00:00.000Z', plugins: {}, templates: {} };
      await writeState(built.directory, { ...at, project: built });
      return built;
    },
  };
}

/** Asks a route; whoever asks has the right read on these projects alone, or on everything. */
export async function askRoute(
  routes: readonly Route[],
  path: string,
  {
    parameters = {},
    query = '',
    may,
  }: { parameters?: Call['parameters']; query?: string; may?: readonly string[] } = {},
): Promise<{ readonly status: number; readonly json?: unknown; readonly text?: string; readonly type?: string }> {
  const route = routes.find((each) => each.path === path && each.method === 'GET');
  if (!route) throw new Error(`there is no route ${path}`);
  const call: Call = {
    principal: { kind: 'user', name: 'alice' },
    onBehalfOf: null,
    parameters,
    query: new URLSearchParams(query),
    header: () => undefined,
    json: undefined,
    stream: process.stdin,
    signal: new AbortController().signal,
    require(verb, project) {
      if (verb === 'read' && (may === undefined || may.includes(project ?? '*'))) return;
      throw core.failure('MLN_NOT_ALLOWED', `no ${verb} on ${project ?? 'the server'}`);
    },
  };
  const reply = await route.handle(call);
  if ('events' in reply) throw new Error('events');
  return reply;
}
