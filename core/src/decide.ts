import { createHash, randomBytes } from 'node:crypto';
import type { Host, Interface, Project } from './project.js';

/**
 * Chooses what the project file leaves open and what must not change later: the secret that salts are made of, and
 * hardware addresses. What an earlier build has chosen is kept.
 */
export function decide(project: Project, previous: Project | null, secret = randomBytes(16).toString('hex')): Project {
  const kept = previous?.secret ?? project.secret ?? secret;
  const used = new Set(project.hosts.flatMap((host) => host.interfaces.flatMap((each) => each.mac ?? [])));
  const withMac = (host: Host, each: Interface): Interface => {
    if (each.mac !== null) return each;
    const before = earlierOf(host, project, previous)?.interfaces.find((other) => other.name === each.name)?.mac;
    const keeps =
      before !== null && before !== undefined && before.startsWith(host.macPrefix ?? '') && !used.has(before);
    const mac = keeps
      ? before
      : freeMac(`${kept}/${project.name}/${host.name}/${each.name}`, host.macPrefix ?? 'fe:fd', used);
    used.add(mac);
    return { ...each, mac };
  };
  return {
    ...project,
    secret: kept,
    hosts: project.hosts.map((host) => ({ ...host, interfaces: host.interfaces.map((each) => withMac(host, each)) })),
  };
}

/** What a host was in the earlier project; one that was renamed says how it was called. */
function earlierOf({ name, keywords }: Host, project: Project, previous: Project | null): Host | undefined {
  const called = (wanted: unknown): Host | undefined => previous?.hosts.find((other) => other.name === wanted);
  const { was } = keywords;
  return called(name) ?? (project.hosts.some((other) => other.name === was) ? undefined : called(was));
}

/** A hardware address under a prefix of octets, made of a seed; none that is used. */
function freeMac(seed: string, prefix: string, used: ReadonlySet<string>): string {
  for (let attempt = 0; ; attempt += 1) {
    const octets = createHash('sha256').update(`${seed}/${attempt}`).digest('hex').match(/../g) ?? [];
    const mac = [...prefix.split(':'), ...octets].slice(0, 6).join(':');
    if (!used.has(mac)) return mac;
  }
}
