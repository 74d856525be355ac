import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootTold, endOfLog, panicTold, type Host, type Project, type Status } from '@mln/core';
import { domainName, domainUuid } from './identity.js';
import type { IsLocked } from './monitor-locks.js';
import { shutdownReasons, type Domain } from './xl-list.js';

/** What a host's folder and the hypervisor tell of it; start-script.ts and stop-script.ts leave the files. */
interface Seen {
  readonly domain: Domain | null;
  /** A domain that only has its name. */
  readonly stranger: Domain | null;
  /** A script of its is at work. */
  readonly works: boolean;
  /** An xl looks after its domain: takes it away when it ends, and makes it anew when it reboots. */
  readonly watched: boolean;
  /** The number of the last domain that was wholly made. */
  readonly known: number | null;
  readonly has: (file: string) => boolean;
}

/** What it comes to; `ready` is left out where the console tells. */
type Judged = Pick<Status, 'state' | 'detail'> & Partial<Pick<Status, 'ready' | 'saved'>>;

const CLEAN = 'mln clean takes away what it left';
const up = (detail: string): Judged => ({ state: 'up', ready: false, detail });
const down = (detail: string): Judged => ({ state: 'down', ready: null, detail });

/** The domain of a host among all, and what becomes of it. Figures are those of the list alone. */
export function hostStatus(
  host: Host,
  project: Project,
  domains: readonly Domain[],
  isLocked: IsLocked,
): { readonly domain: Domain | null; readonly status: Status } {
  const folder = join(project.directory, host.name);
  const ours = domains.filter(({ uuid }) => uuid === domainUuid(host, project));
  // While one is made anew the last one may still be dying.
  const domain = ours.find(({ dying }) => !dying) ?? ours[0] ?? null;
  const judged = judge({
    domain,
    stranger: domain ? null : (domains.find(({ name }) => name === domainName(host, project)) ?? null),
    works: isLocked(join(folder, 'start')),
    watched: isLocked(join(folder, 'domain.cfg')),
    known: numberIn(join(folder, 'domid')),
    has: (file) => existsSync(join(folder, file)),
  });
  const runs = judged.state === 'up' && judged.ready === undefined;
  const told = runs ? bootTold(host, project) : { ready: judged.ready ?? null, detail: null };
  const details = [judged.detail ?? told.detail ?? death(judged, folder)];
  return {
    domain,
    status: {
      state: judged.state,
      ready: told.ready,
      id: domain?.id ?? null,
      memory: domain?.memory ?? null,
      cpu: domain?.cpu ?? null,
      network: null,
      detail: details.find((each) => each !== null) ?? null,
      ...(judged.saved ? { saved: true } : {}),
    },
  };
}

function judge(seen: Seen): Judged {
  const { domain, works, has } = seen;
  const making = has('starting.create');
  if (works && (making || has('starting.unpause'))) return up('is being started');
  if (works && has('memory.save.part')) return up('its memory is being saved');
  if (!domain) return withoutDomain(seen);
  if (domain.dying) return up('is going down');
  if (domain.reason !== null) return shutDown(seen, domain.reason);
  if (making && domain.paused) return down('half made by a start that was cut off; mln clean takes its domain away');
  if (!domain.paused) return { state: 'up', detail: null };
  if (has('starting.unpause')) return up('is paused, as its start was cut off; mln start sets it going');
  if (seen.watched && domain.id !== seen.known) return up('reboots');
  return { state: 'up', detail: 'is paused' };
}

function withoutDomain({ stranger, watched, has }: Seen): Judged {
  if (stranger)
    return { state: 'unknown', ready: null, detail: `another domain has its name, with the UUID ${stranger.uuid}` };
  if (watched) return up('reboots');
  if (has('memory.save')) return { ...down('its memory is saved'), saved: true };
  if (has('memory.restoring')) return down('was cut off while its memory was restored: it boots anew');
  if (has('memory.save.part')) return down(`was cut off while its memory was saved; ${CLEAN}`);
  if (has('starting.create') || has('starting.unpause')) return down(`its start was cut off; ${CLEAN}`);
  return { state: 'down', ready: null, detail: null };
}

/** A domain that has shut down stays until the xl that watches it takes it away; without that one it is a dead remain. */
function shutDown({ watched, has }: Seen, reason: number): Judged {
  const { reboot, suspend, crash } = shutdownReasons;
  if (reason === suspend)
    return has('memory.save.part')
      ? down(`was cut off while its memory was saved; ${CLEAN}`)
      : up('its memory is being saved by others');
  const crashed = reason === crash;
  if (!watched)
    return down(`has ${crashed ? 'crashed' : 'shut down'}, and its domain is left; mln clean takes it away`);
  if (reason === reboot) return up('reboots');
  return up(crashed ? 'has crashed, and is going down' : 'is going down');
}

/** Who was not stopped by its script has ended by itself; where its kernel has panicked, the console tells. */
function death({ state }: Judged, folder: string): string | null {
  if (state !== 'down' || numberIn(join(folder, 'domid')) === null) return null;
  const cause = panicTold(endOfLog(join(folder, 'console.log'))?.toString() ?? '');
  return cause === null ? null : `it has died (${cause})`;
}

function numberIn(path: string): number | null {
  try {
    const number = Number.parseInt(readFileSync(path, 'utf8'), 10);
    return Number.isNaN(number) ? null : number;
  } catch {
    return null;
  }
}
