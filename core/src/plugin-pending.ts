import { failure, type MlnError } from './errors.js';
import type { Blamed } from './plugin-blame.js';

/** Something of a plug-in that was begun, and is not over. */
interface Pending {
  readonly plugin: Blamed;
  readonly where: string;
  readonly fail: (error: MlnError) => void;
}

const pending = new Set<Pending>();
const whileImported = 'while it was imported';

/** Waits for what a plug-in does. `failPending` ends it where it would never end. */
export async function waitFor<T>(plugin: Blamed, where: string, act: () => T | Promise<T>): Promise<T> {
  let each: Pending | undefined;
  const failed = new Promise<never>((_, reject) => {
    each = { plugin, where, fail: reject };
    pending.add(each);
  });
  try {
    return await Promise.race([act(), failed]);
  } finally {
    if (each) pending.delete(each);
  }
}

/** Imports of plug-ins are waited for side by side. */
export function waitForImport<T>(plugin: Blamed, act: () => Promise<T>): Promise<T> {
  return waitFor(plugin, whileImported, act);
}

/**
 * Called where nothing is left that could go on: what was begun last fails, as it waits for something that never comes;
 * of imports all do. Says whether there was something.
 */
export function failPending(): boolean {
  const all = [...pending];
  const imports = all.filter(({ where }) => where === whileImported);
  const ended = imports.length > 0 ? imports : all.slice(-1);
  for (const { plugin, where, fail } of ended)
    fail(
      failure('MLN_PLUGIN_FAILED', `the plug-in ${plugin.name} never came to an end ${where}`, {
        hint: `it waits for something that never comes: await a promise that is settled (${plugin.source})`,
      }),
    );
  return ended.length > 0;
}
