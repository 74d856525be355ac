import { diffProjects } from '../diff.js';
import { failure } from '../errors.js';
import type { KeywordTable } from '../keywords.js';
import type { Disk, Host, Project } from '../project.js';
import { serverOf } from '../servers.js';
import type { State, TemplateRecord } from '../state.js';
import { classify } from './classify.js';
import { rootOf } from './cost.js';

/** What the way back to an earlier version is. */
export interface WayBack {
  readonly project: Project;
  /** Hosts whose disks, kept aside since, come back. */
  readonly back: readonly string[];
  /** Those of them in whose stead another disk is now, which is put aside. */
  readonly rebuild: readonly string[];
  /** Hosts that were removed, and whose disks are no longer kept. */
  readonly lost: readonly string[];
  /** Hosts of other servers that were removed: those know whether they keep the disks. */
  readonly elsewhere: readonly string[];
}

/**
 * The project of an earlier version, as an upgrade from the present one brings it back: hosts that were renamed since say
 * so, and disks stay as large as they are by now. Throws MLN_DATA_LOSS where a disk that was made anew is no longer kept.
 */
export function wayBack(present: State, earlier: State, keywords: KeywordTable): WayBack {
  const kept = new Set(present.kept.filter(({ version }) => version === earlier.version).map(({ host }) => host.name));
  const names = namesNow(present.project, earlier.project, keywords);
  const now = new Map(present.project.hosts.map((host) => [host.name, host]));
  const hosts = earlier.project.hosts.map((host): Host => {
    const name = names.get(host.name) ?? host.name;
    const other = now.get(name);
    const renamed = name === host.name ? host : { ...host, keywords: { ...host.keywords, was: name } };
    if (!other || kept.has(host.name)) return renamed;
    return withSize(renamed, other, earlier.templates[host.name], present.templates[name]);
  });
  const project = { ...earlier.project, hosts };
  const madeAnew = present.kept.filter(({ version, reason }) => version === earlier.version && reason === 'rebuilt');
  const rebuild = madeAnew.map(({ host }) => host.name).filter((name) => hosts.some((host) => host.name === name));
  const items = classify(present.project, project, keywords, { rebuild, all: true });
  const ofClass = (is: string): readonly string[] =>
    items.flatMap((each) => (each.kind === 'host' && each.class === is ? [each.name] : []));
  const [anew, added] = [ofClass('rebuild'), ofClass('new')];
  const gone = anew.filter((name) => !kept.has(name));
  if (gone.length > 0)
    throw failure('MLN_DATA_LOSS', `${gone.join(', ')}: the disk of version ${earlier.version} is no longer kept`, {
      hint: 'an upgrade with the earlier file makes it anew: --rebuild HOST',
    });
  const isAtHome = (name: string): boolean =>
    hosts.some((host) => host.name === name && serverOf(host, project) === project.home);
  return {
    project,
    back: [...anew, ...added].filter((name) => kept.has(name)),
    rebuild: anew,
    lost: added.filter((name) => !kept.has(name) && isAtHome(name)),
    elsewhere: added.filter((name) => !isAtHome(name)),
  };
}

/** What hosts of the earlier version are called now, where that is another name. */
function namesNow(present: Project, earlier: Project, keywords: KeywordTable): ReadonlyMap<string, string> {
  const taken = new Set(present.hosts.map(({ name }) => name));
  const renamed = diffProjects(earlier, present, keywords).flatMap(({ kind, name, was }) =>
    kind === 'host' && was !== null ? [[was, name] as const] : [],
  );
  for (const [was, name] of renamed)
    if (taken.has(was))
      throw failure('MLN_UNSUPPORTED', `${name} was ${was}, and another host is called that now`, {
        hint: 'rename that one first, or write what is to be into the project file and upgrade',
      });
  return new Map(renamed);
}

/** No disk becomes smaller on the way back. */
function withSize(host: Host, now: Host, then?: TemplateRecord, template?: TemplateRecord): Host {
  const [before, root] = [rootOf(host), rootOf(now)];
  if (!before || !root || (before.size === root.size && before.freeSpace === root.freeSpace)) return host;
  const [wanted, has] = [bytesOf(before, then), bytesOf(root, template)];
  if (wanted !== null && has !== null && wanted >= has) return host;
  const { size, freeSpace } = root;
  return { ...host, disks: host.disks.map((disk) => (disk.role === 'root' ? { ...disk, size, freeSpace } : disk)) };
}

/** Bytes that a disk was to have; null where that is not known. */
function bytesOf({ size, freeSpace }: Disk, template: TemplateRecord | undefined): number | null {
  const base = template?.size ?? null;
  if (freeSpace !== null) return base === null ? null : base + freeSpace;
  return size === null ? base : Math.max(size, base ?? 0);
}
