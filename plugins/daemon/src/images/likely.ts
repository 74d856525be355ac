import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createTemplates, isMlnError, keptFolder, type Host, type Mln, type Project } from '@mln/core';

/**
 * Files of a server that are likely to have what a host's disk has: copies of it that are kept aside since it was here,
 * the newest first, then its template. Directory is that of the project there.
 */
export async function likelyBases(
  { shell, configuration }: Pick<Mln, 'shell' | 'configuration'>,
  templates: string,
  { directory }: Pick<Project, 'directory'>,
  hosts: readonly Host[],
): Promise<readonly string[]> {
  const versions = await readdir(join(directory, '.kept')).catch(() => []);
  const newest = versions.sort((one, other) => Number(other) - Number(one));
  const bases: string[] = [];
  for (const version of newest)
    for (const { name, disks } of hosts)
      for (const { role, existing, path } of disks)
        if (role === 'root' && !existing) bases.push(join(directory, keptFolder(version, name), path));
  const repository = createTemplates(templates, shell);
  for (const template of new Set(hosts.map((host) => host.template ?? configuration.template)))
    try {
      if (!template.includes('/')) bases.push((await repository.find(template, '/')).path);
    } catch (error) {
      // It is not here: all is sent.
      if (!isMlnError(error)) throw error;
    }
  return [...new Set(bases)];
}
