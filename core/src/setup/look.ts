import { stat } from 'node:fs/promises';
import type { Shell } from '../shell.js';
import { isAccount } from './accounts.js';
import { markAt, markOf, type SetupRecord } from './record.js';
import type { Item } from './items.js';

/**
 * How something is found. `ok`: as it should be. `own`: the user's, whatever it says. `changed`: setup wrote it, and
 * somebody changed it. `foreign`: somebody else put it there. `outdated`: setup wrote it, and would write another now.
 */
export type State = 'ok' | 'own' | 'missing' | 'outdated' | 'changed' | 'foreign';

/** Something that setup makes, and how it is found. */
export interface Seen {
  readonly item: Item;
  readonly state: State;
}

/** Looks at everything that is planned; touches nothing. */
export async function look(items: readonly Item[], record: SetupRecord | null, shell: Shell): Promise<readonly Seen[]> {
  return Promise.all(items.map(async (item) => ({ item, state: await stateOf(item, record, shell) })));
}

async function stateOf(item: Item, record: SetupRecord | null, shell: Shell): Promise<State> {
  if (item.kind === 'account') return (await isAccount(item, shell)) ? 'ok' : 'missing';
  // A folder may be a link to one.
  if (item.kind === 'folder' && (await isFolder(item.path))) return 'ok';
  const found = await markAt(item.path);
  if (found === null) return 'missing';
  if (found === markOf(item)) return 'ok';
  if (item.kind === 'file' && item.own === true) return 'own';
  const marks = record?.wrote[item.path];
  if (marks === undefined) return 'foreign';
  return marks.includes(found) ? 'outdated' : 'changed';
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** What setup wrote once, would not write now, and nobody changed; without folders and accounts. */
export async function leftovers(items: readonly Item[], record: SetupRecord | null): Promise<readonly string[]> {
  const planned = new Set(items.map(({ path }) => path));
  const old = Object.entries(record?.wrote ?? {}).filter(([path]) => !planned.has(path));
  const found = await Promise.all(
    old.map(async ([path, marks]) => {
      const mark = marks.includes('account') ? null : await markAt(path);
      return mark !== null && mark !== 'folder' && marks.includes(mark) ? [path] : [];
    }),
  );
  return found.flat();
}
