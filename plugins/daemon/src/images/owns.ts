import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { failure, isName, loadOperating, type Mln, type Outcome, type Part } from '@mln/core';
import { fleetClient } from '../client/shared.js';
import type { Options } from '../options.js';
import type { Daemon, Route } from '../server/route.js';

/** Bytes of a question at most: names of hosts. */
const MOST = 1024 * 1024;

/**
 * `POST /v1/projects/NAME/owns` with `{ hosts }` gives `{ owns }`: whether these hosts are this server's by now. Where they
 * are not, an upgrade that is under way and would make them so is refused from then on.
 */
export function ownsRoute(daemon: Daemon): Route {
  return {
    method: 'POST',
    path: '/v1/projects/:project/owns',
    body: { kind: 'json', most: MOST },
    async handle(call) {
      const project = call.parameters['project'] ?? '';
      call.require('migrate', project);
      const { hosts } = Object(call.json) as { readonly hosts?: unknown };
      if (!isName(project) || !isNames(hosts)) throw failure('MLN_BAD_REQUEST', 'hosts is no list of names');
      const { ownsOrRefuses } = await loadOperating();
      const folders = (await daemon.projectFolders()).map((folder) => join(folder, project));
      let owns = false;
      for (const folder of folders) if (existsSync(folder)) owns ||= await ownsOrRefuses(daemon.mln, folder, hosts);
      return { status: 200, json: { owns } };
    },
  };
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string' && isName(each));
}

/** Asks a server whether hosts are its own by now. Throws MLN_NO_UNIT where it says that they are not, and where it says nothing. */
export async function ownsThere(
  mln: Mln,
  options: Options,
  { server, units, project }: Part & { readonly server: string },
): Promise<Outcome> {
  const hosts = units.map(({ name }) => name);
  const path = `/v1/projects/${encodeURIComponent(project.name)}/owns`;
  const answer = await fleetClient(mln, options).request(server, 'POST', path, { body: { hosts }, again: true });
  const { owns } = Object(answer) as { readonly owns?: unknown };
  if (owns === true) return { failures: [] };
  if (owns === false) throw failure('MLN_NO_UNIT', `${hosts.join(', ')} of ${project.name} are not on ${server}`);
  throw failure('MLN_NO_SERVER', `${server} does not say what it has of ${project.name}`);
}
