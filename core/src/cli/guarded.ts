import type { CommandContext } from '../commands.js';
import { takeLock } from '../lock.js';
import { recover } from '../recover.js';
import { settle } from '../settle.js';

/** Works on a project while nobody else does. What an earlier command left undone is put right first, and told. */
export async function withProject<T>(
  { mln, terminal, asker }: Pick<CommandContext, 'mln' | 'terminal' | 'asker'>,
  name: string,
  doing: string,
  act: () => Promise<T>,
): Promise<T> {
  const { projects } = mln.folders;
  const lock = await takeLock(projects, name, asker === undefined ? doing : `${doing} for ${asker}`);
  try {
    const recovered = await recover(mln, name);
    const settled = await settle(mln, name, doing);
    // The folders and the journal may say the same.
    for (const said of new Set([...recovered, ...settled])) terminal.note(said);
    return await act();
  } finally {
    lock.release();
  }
}
