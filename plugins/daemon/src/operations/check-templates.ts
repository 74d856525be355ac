import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { failure, isHere, type Mln } from '@mln/core';
import type { Package } from '../protocol.js';
import { portable } from '../portable.js';
import type { Run } from './folder.js';

/**
 * Throws MLN_NO_TEMPLATE where a host of this server is to be made from a template that neither came with the package nor is
 * in the repository of whoever carries the build out: before anything is begun, and with where to make it.
 */
export function requireTemplates(
  mln: Pick<Mln, 'configuration'>,
  { project, templates }: Pick<Package, 'project' | 'templates'>,
  run: Pick<Run, 'templates' | 'user'>,
): void {
  const sent = new Set(templates.map(({ name, version }) => `${name}@${version}`));
  for (const host of project.hosts) {
    const isMade = host.disks.some(({ role, existing }) => role === 'root' && !existing);
    if (!isMade || !isHere(mln, host, project)) continue;
    const name = host.template ?? mln.configuration.template;
    // A path is looked for, and refused, by whoever knows what projects may ask of this server.
    if (sent.has(name) || !portable.isVersion(name) || existsSync(join(run.templates, name.replace('@', '/'))))
      continue;
    throw failure(
      'MLN_NO_TEMPLATE',
      `${host.name}: there is no template ${name}, neither here nor where this was asked for`,
      {
        hint: `make it where you give the command (mln template build, mln template add): it is sent along${
          run.user === null ? '; or on this server' : ''
        }`,
      },
    );
  }
}
