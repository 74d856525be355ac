import { dirname } from 'node:path';
import { createTemplates, isMlnError, type Host, type Mln, type Project, type Template } from '@mln/core';
import type { SentTemplate } from '../protocol.js';
import type { Digests } from './digests.js';
import { portable } from '../portable.js';

interface PackedTemplates {
  readonly hosts: readonly Host[];
  readonly templates: readonly SentTemplate[];
  /** Where each image lies, by its digest. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Finds the templates that hosts are made from, as a plan does. Each host then names exactly that version; a plain file is
 * a version of its digest. What this machine does not have, the server may.
 */
export async function packTemplates(
  mln: Mln,
  project: Project,
  packed: ReadonlySet<string>,
  digests: Digests,
): Promise<PackedTemplates> {
  const repository = createTemplates(mln.folders.templates, mln.shell);
  const templates = new Map<string, SentTemplate>();
  const files = new Map<string, string>();
  const found = new Map<string, Promise<SentTemplate | null>>();
  const find = (host: Host): Promise<SentTemplate | null> => {
    const name = host.template ?? mln.configuration.template;
    const folder = host.templateFrom === null ? project.source : dirname(host.templateFrom);
    const key = `${folder}\0${name}`;
    const before =
      found.get(key) ??
      repository
        .find(name, folder, host.lines?.template ?? host.place ?? undefined)
        .then(async (template) => {
          const sent = await sentOf(template, digests);
          files.set(sent.blob.sha256, template.path);
          return sent;
        })
        .catch((error: unknown) => {
          if (isMlnError(error) && error.code === 'MLN_NO_TEMPLATE' && portable.isVersion(name)) return null;
          throw error;
        });
    found.set(key, before);
    return before;
  };
  const hosts: Host[] = [];
  for (const host of project.hosts) {
    const isMade = host.disks.some(({ role, existing }) => role === 'root' && !existing);
    const sent = packed.has(host.name) && isMade ? await find(host) : null;
    const named = host.template !== null && portable.isVersion(host.template) ? host.template : null;
    const template = sent ? `${sent.name}@${sent.version}` : named;
    if (sent) templates.set(`${sent.name}@${sent.version}`, sent);
    hosts.push({ ...host, template, templateFrom: null });
  }
  return { hosts, templates: [...templates.values()], files };
}

async function sentOf({ path, manifest }: Template, digests: Digests): Promise<SentTemplate> {
  if (manifest) {
    const { name, version, sha256, size, message } = manifest;
    return { name, version, blob: { sha256, size }, message };
  }
  const blob = await digests.of(path);
  return { name: portable.templateNameOf(path), version: blob.sha256.slice(0, 12), blob, message: null };
}
