import type { Daemon, Route } from '../server/route.js';
import { mayRead } from './may-read.js';
import { usageHere, type Usage } from './usage.js';

/** `GET /v1/top`. */
export interface ServerUsage {
  readonly groups: readonly string[];
  readonly guests: readonly Usage[];
}

/** What the guests of projects use that whoever asks may read. */
export function topRoute(daemon: Daemon): Route {
  return {
    method: 'GET',
    path: '/v1/top',
    async handle(call) {
      const { groups, guests } = await serverUsage(daemon);
      const may = new Map(guests.map(({ project }) => [project, false]));
      for (const project of may.keys()) may.set(project, mayRead(call, project));
      return { status: 200, json: { groups, guests: guests.filter(({ project }) => may.get(project)) } };
    },
  };
}

export async function serverUsage(ground: Pick<Daemon, 'mln' | 'options' | 'projectFolders'>): Promise<ServerUsage> {
  return { groups: ground.options.groups ?? [], guests: await usageHere(ground) };
}
