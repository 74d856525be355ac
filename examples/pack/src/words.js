// @ts-check
/** @import { Host, Mln, Project } from '@mln/core' */

/**
 * The hook by which other plug-ins teach guests words of their console: by each word, what sh(1) does for it. It is known
 * by its name alone, so whoever comes first makes it.
 *
 * @param {Mln} mln
 */
export function wordsHook(mln) {
  return mln.hook('toy.words', () => {
    /** @type {import('@mln/core').SyncWaterfallHook<[words: Readonly<Record<string, string>>, host: Host, project: Project]>} */
    const hook = new mln.core.SyncWaterfallHook(['words', 'host', 'project']);
    return hook;
  });
}
