import { createHash } from 'node:crypto';
import type { Host, Project } from '@mln/core';

/** What a host's domain is called; only one domain of a machine has it. */
export function domainName(host: Pick<Host, 'name'>, project: Pick<Project, 'name'>): string {
  return `${host.name}.${project.name}`;
}

/**
 * The UUID by which a host's domain is known: another domain that only has its name is a stranger's. It is made from
 * the project's secret and both names, so it stays while the project is rebuilt; version 8 of RFC 9562.
 */
export function domainUuid(host: Pick<Host, 'name'>, project: Pick<Project, 'name' | 'secret'>): string {
  const bytes = digest(`domain\0${project.secret ?? ''}\0${project.name}\0${host.name}`).subarray(0, 16);
  bytes[6] = (bytes.readUInt8(6) & 0x0f) | 0x80;
  bytes[8] = (bytes.readUInt8(8) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** SHA-256. */
export function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
