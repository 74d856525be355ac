import { dirname, join } from 'node:path';
import type { Mln, Project } from '@mln/core';
import { portable } from '../portable.js';
import type { Package } from '../protocol.js';
import { createDigests } from './digests.js';
import { packTemplates } from './pack-templates.js';

export { sendFiles } from './send.js';

/** A package, and where its files lie on this machine, by their digests. */
export interface Packed {
  readonly package: Package;
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Gathers what a server needs to build the hosts of a project that are named: the project with its paths made the package's
 * own. Of other hosts nothing is gathered, and rows that would copy files are left out.
 */
export async function packProject(
  mln: Mln,
  project: Project,
  hosts: readonly string[],
  source: string,
): Promise<Packed> {
  const packed = new Set(hosts);
  const digests = createDigests(join(dirname(mln.folders.projects), 'daemon', 'digests.json'));
  const sources = await portable.packSources(mln, project, packed, digests);
  const {
    hosts: withTemplates,
    templates,
    files,
  } = await packTemplates(mln, { ...project, hosts: sources.hosts }, packed, digests);
  await digests.save();
  return {
    package: {
      project: {
        ...project,
        hosts: withTemplates.map((host) => ({ ...host, disks: host.disks.map(withoutPlan) })),
        // The server's own are used there.
        source: '/',
        directory: '/',
      },
      source,
      entries: sources.entries,
      templates,
      plugins: Object.fromEntries(mln.plugins.map(({ name, version }) => [name, version])),
    },
    files: new Map([...sources.files, ...files]),
  };
}

/** A disk without what a plan of this machine has chosen. */
function withoutPlan({ standsOn: _, ...disk }: Project['hosts'][number]['disks'][number]) {
  return disk;
}
