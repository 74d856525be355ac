import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { diffProjects, type Change } from '../diff.js';
import { diskSize } from '../disk-size.js';
import type { Mln } from '../kernel.js';
import type { Host, Project } from '../project.js';
import { isHere } from '../servers.js';
import type { State } from '../state.js';
import { createTemplates } from '../templates.js';
import { targetOf } from './as-built.js';
import { classify } from './classify.js';
import { rootOf } from './cost.js';
import type { UpgradeConsent, UpgradeItem } from './items.js';
import { sameProject } from './same.js';
import { changedSources } from './sources.js';

/** What an upgrade does with a unit, and what that takes. */
export interface PlannedItem extends UpgradeItem {
  /** Bytes that are copied, at most; null where the disk is on another server. */
  readonly bytes: number | null;
}

/** What an upgrade would do. */
export interface UpgradePlan {
  /** What is there. */
  readonly previous: State;
  /** What is to be: decided, with its disks kept as they are. */
  readonly project: Project;
  /** What the project says outside its hosts and switches. */
  readonly own: readonly Change[];
  readonly items: readonly PlannedItem[];
}

/** Plans the upgrade of a project that is built; nothing is written. The words that are hidden are those of the file alone. */
export async function planUpgrade(
  mln: Mln,
  previous: State,
  fresh: Project,
  consent: UpgradeConsent,
  hidden: Iterable<string> = [],
): Promise<UpgradePlan> {
  const old = previous.project;
  const project = targetOf(old, fresh, consent.rebuild ?? []);
  const copied = await changedSources(mln, previous, project);
  const items = classify(old, project, mln.keywords, { ...consent, copied }, hidden);
  const own = diffProjects(old, project, mln.keywords, hidden).find(({ kind }) => kind === 'project');
  const bytesOf = createCounting(mln, old, project);
  const planned: PlannedItem[] = [];
  for (const item of items) planned.push({ ...item, bytes: await bytesOf(item) });
  return { previous, project, own: own?.changes ?? [], items: planned };
}

/** Whether an upgrade would do anything. */
export function isUpToDate({ previous, project, items }: UpgradePlan): boolean {
  return (previous.behind ?? []).length === 0 && sameProject(previous.project, project, items);
}

/** Counts what is copied for a host; many are made from one template. */
function createCounting(mln: Mln, old: Project, fresh: Project): (item: UpgradeItem) => Promise<number | null> {
  const templates = createTemplates(mln.folders.templates, mln.shell);
  const used = new Map<string, Promise<number>>();
  const usedOf = (path: string): Promise<number> => {
    const known = used.get(path) ?? usedBytes(path);
    used.set(path, known);
    return known;
  };
  const before = new Map(old.hosts.map((host) => [host.name, host]));
  const now = new Map(fresh.hosts.map((host) => [host.name, host]));
  const ofTemplate = async (host: Host): Promise<number> => {
    const root = rootOf(host);
    // One that stands on its template holds next to nothing.
    if (!root || root.existing || root.share) return 0;
    const folder = host.templateFrom === null ? fresh.source : dirname(host.templateFrom);
    const place = host.lines?.template ?? host.place ?? undefined;
    const name = host.template ?? mln.configuration.template;
    return usedOf((await templates.find(name, folder, place)).path);
  };
  const ofDisk = async (host: Host): Promise<number | null> => {
    const root = rootOf(host);
    if (!root || root.existing) return 0;
    if (!isHere(mln, host, old)) return null;
    const { standsOn } = root;
    const path = mln.hooks.disk.call(root, host, old)?.path ?? join(old.directory, host.name, root.path);
    const below =
      standsOn === undefined ? 0 : await usedOf(isAbsolute(standsOn) ? standsOn : join(old.directory, standsOn));
    return below + (await usedOf(path));
  };
  return async ({ kind, name, was, class: cost }) => {
    const [one, other] = [before.get(was ?? name), now.get(name)];
    if (kind === 'switch') return 0;
    if (cost === 'new' || cost === 'rebuild') return other ? ofTemplate(other) : 0;
    const isCopied = cost === 'resize' || cost === 'platform' || cost === 'move';
    return isCopied && one ? ofDisk(one) : 0;
  };
}

/** Bytes that a disk takes: what is no hole of a file, or a whole device. None where there is no such disk. */
async function usedBytes(path: string): Promise<number> {
  const found = await stat(path).catch(() => null);
  if (!found) return 0;
  return found.isFile() ? found.blocks * 512 : diskSize(path);
}
