// @ts-check
import { statSync } from 'node:fs';
import { join } from 'node:path';

/** @import { Host, Mln, Project, SyncWaterfallHook } from '@mln/core' */

export const manifest = { name: 'toy-uptime', version: '1.0.0', api: '^1.0.0' };

/**
 * Tells since when toys run: as a detail of `mln status`, and by the word `uptime` on their consoles. It knows the
 * hypervisor by its hooks alone: where there is none, it has nothing to do.
 *
 * @param {Mln} mln
 */
export default function toyUptime(mln) {
  /** @type {SyncWaterfallHook<[words: Readonly<Record<string, string>>, host: Host, project: Project]>} */
  const words = mln.hook('toy.words', () => new mln.core.SyncWaterfallHook(['words', 'host', 'project']));
  words.tap('toy-uptime', (known) => ({ ...known, uptime: 'echo "$(($(date +%s) - $(stat -c %Y pid))) s"' }));
  // At a later stage: the hypervisor has told what runs.
  mln.hooks.monitor.tap({ name: 'toy-uptime', stage: 50 }, (statuses, units, project) => {
    const result = new Map(statuses);
    for (const { name, hypervisor } of units) {
      const status = statuses.get(name);
      if (hypervisor !== 'toy' || status?.state !== 'up') continue;
      const { mtimeMs } = statSync(join(project.directory, name, 'pid'), { throwIfNoEntry: false }) ?? {};
      if (mtimeMs === undefined) continue;
      const text = `up for ${Math.max(0, Math.round((Date.now() - mtimeMs) / 1000))} s`;
      result.set(name, { ...status, detail: status.detail === null ? text : `${status.detail}; ${text}` });
    }
    return result;
  });
}
