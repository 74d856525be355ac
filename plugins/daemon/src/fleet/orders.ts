import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadOperating, readIfThere, writeAtomically, type Project } from '@mln/core';

/** What was last asked of a host: that it runs, or that it does not. */
export interface Order {
  readonly wanted: 'up' | 'down';
  /** The operation that asked for it. */
  readonly operation: string;
}

/** A line of a journal, as far as it asks something of hosts. */
export interface JournalLine {
  readonly operation: string;
  readonly name: string;
  readonly state: string;
  readonly step?: string;
  readonly units?: readonly string[];
}

/**
 * What was last asked of the hosts of projects. Their journals tell it, whoever carried the operation out. Journals are cut
 * when they grow large, so what was found in them is kept in a file of the daemon's, too.
 */
export interface Orders {
  /** By the names of hosts; those that nobody ever started or stopped are not there. */
  of(project: Project): Promise<ReadonlyMap<string, Order>>;
  /** Forgets the projects that are not among these, and keeps the rest on the disk. Written only where something has changed. */
  keep(projects: readonly Project[]): Promise<void>;
}

/** The last word that a journal has on each host. Every host that is started or stopped stands in the line of its step. */
export function ordersIn(lines: readonly JournalLine[]): ReadonlyMap<string, Order> {
  const orders = new Map<string, Order>();
  for (const { operation, name, state, step, units = [] } of lines) {
    if (state !== 'step' || (step !== 'hosts' && step !== 'save')) continue;
    if (name === 'start' || name === 'stop')
      for (const unit of units) orders.set(unit, { wanted: name === 'start' ? 'up' : 'down', operation });
  }
  return orders;
}

/** What is kept of one project, by its folder. */
interface Kept {
  /** Of which build: a project that was removed and built anew is another one. */
  readonly project: string;
  readonly orders: Readonly<Record<string, Order>>;
}

export function createOrders(file: string): Orders {
  let kept: Map<string, Kept> | null = null;
  let written = '';
  const stamps = new Map<string, string>();
  const load = async (): Promise<Map<string, Kept>> => {
    if (kept) return kept;
    written = (await readIfThere(file)) ?? '';
    return (kept = new Map(Object.entries(readKept(written))));
  };
  return {
    async of(project) {
      const all = await load();
      const { directory } = project;
      const identity = identityOf(project);
      const before = all.get(directory);
      const known = before?.project === identity ? before.orders : {};
      const found = await stat(join(directory, 'journal.ndjson'), { bigint: true }).catch(() => null);
      const stamp = `${identity} ${found ? `${found.ino} ${found.mtimeNs} ${found.size}` : ''}`;
      if (stamps.get(directory) !== stamp) {
        const { readJournal } = await loadOperating();
        const told = ordersIn(await readJournal(directory));
        all.set(directory, { project: identity, orders: { ...known, ...Object.fromEntries(told) } });
        stamps.set(directory, stamp);
      }
      return new Map(Object.entries(all.get(directory)?.orders ?? {}));
    },
    async keep(projects) {
      const all = await load();
      const there = new Set(projects.map(({ directory }) => directory));
      for (const directory of all.keys()) {
        if (there.has(directory)) continue;
        all.delete(directory);
        stamps.delete(directory);
      }
      const text = `${JSON.stringify(Object.fromEntries(all))}\n`;
      if (text === written || (all.size === 0 && written === '')) return;
      await writeAtomically(file, text, 0o600);
      written = text;
    },
  };
}

/** Its secret is chosen by the first build, and kept by those that follow. */
function identityOf({ name, secret }: Project): string {
  return createHash('sha256').update(`${name} ${secret}`).digest('hex').slice(0, 16);
}

/** What cannot be read is found out again from the journals. */
function readKept(text: string): Readonly<Record<string, Kept>> {
  try {
    return (JSON.parse(text) ?? {}) as Readonly<Record<string, Kept>>;
  } catch {
    return {};
  }
}
