import { loadavg, totalmem } from 'node:os';
import { isHere, loadOperating, MiB, parseSize, type Host, type Mln, type Project, type Status } from '@mln/core';
import { lookHere } from '../coordinate/monitor.js';
import type { Options } from '../options.js';
import type { Daemon } from '../server/route.js';
import { projectsHere } from './projects.js';

/** What a server tells of itself: `GET /v1/status`. Memory is in bytes. */
export interface ServerStatus {
  readonly name: string | null;
  /** The projects that have a part on it; two homes may each have one of a name. */
  readonly projects: readonly { readonly name: string; readonly home: string | null }[];
  /** Guests that are built, and those of them that run. */
  readonly hosts: number;
  readonly running: number;
  readonly memory: {
    /** How much guests may have in all. */
    readonly maximum: number;
    /** What those that run were given. */
    readonly used: number;
    /** What those that are built were given, whether they run or not. */
    readonly granted: number;
  };
  readonly groups: readonly string[];
  /** Of the last minute. */
  readonly load: number;
}

/** A guest of this server. */
export interface Guest {
  readonly project: Project;
  readonly host: Host;
  readonly status: Status | undefined;
}

/** How much memory the guests of this server may have in all; bytes. */
export function maximumOf({ memory }: Options): number {
  const size = memory === undefined ? totalmem() : parseSize(memory, MiB);
  // package.json says what it must look like.
  return typeof size === 'number' ? size : totalmem();
}

/** All guests of this server with what is known of them; the machine is asked once for all projects. */
export async function guestsHere(
  daemon: Pick<Daemon, 'mln' | 'projectFolders'>,
  usage: boolean,
): Promise<readonly Guest[]> {
  const { mln } = daemon;
  const look = lookHere(usage);
  const { statusesOf } = await loadOperating();
  const guests = (await projectsHere(daemon)).map(async (project): Promise<readonly Guest[]> => {
    const hosts = hostsHere(mln, project);
    const statuses = await statusesOf(mln, project, hosts, look);
    return hosts.map((host) => ({ project, host, status: statuses.get(host.name) }));
  });
  return (await Promise.all(guests)).flat();
}

export function hostsHere(mln: Mln, project: Project): readonly Host[] {
  return project.hosts.filter((host) => isHere(mln, host, project));
}

export async function serverStatus(
  daemon: Pick<Daemon, 'mln' | 'options' | 'name' | 'projectFolders'>,
): Promise<ServerStatus> {
  const { mln, options, name } = daemon;
  const guests = await guestsHere(daemon, false);
  const up = guests.filter(({ status }) => status?.state === 'up');
  const projects = await projectsHere(daemon);
  return {
    name,
    projects: projects
      .filter((project) => isPartHere(mln, project))
      .map((project) => ({ name: project.name, home: project.home })),
    hosts: guests.length,
    running: up.length,
    memory: { maximum: maximumOf(options), used: memoryOf(up), granted: memoryOf(guests) },
    groups: options.groups ?? [],
    load: loadavg()[0] ?? 0,
  };
}

/** Home keeps a project of which no unit is there: that counts where its guests are. */
function isPartHere(mln: Mln, project: Project): boolean {
  return hostsHere(mln, project).length > 0 || project.switches.some((each) => isHere(mln, each, project));
}

function memoryOf(guests: readonly Guest[]): number {
  return guests.reduce((sum, { host }) => sum + host.memory, 0);
}
