import type { CommandContext } from '../commands.js';
import { cutOff, readJournal } from '../journal.js';
import { takeLock } from '../lock.js';
import { statusesOf } from '../monitor.js';
import { recover } from '../recover.js';
import { readState } from '../state.js';

/** Works on a project while nobody else does. What an earlier command left undone is put right first, and told. */
export async function withProject<T>(
  { mln, terminal }: Pick<CommandContext, 'mln' | 'terminal'>,
  name: string,
  doing: string,
  act: () => Promise<T>,
): Promise<T> {
  const { projects } = mln.folders;
  const lock = await takeLock(projects, name, doing);
  try {
    const said = await recover(projects, name);
    if (said !== null) terminal.note(said);
    await tellCutOff({ mln, terminal }, name);
    return await act();
  } finally {
    lock.release();
  }
}

async function tellCutOff({ mln, terminal }: Pick<CommandContext, 'mln' | 'terminal'>, name: string): Promise<void> {
  const state = await readState(mln.folders.projects, name);
  const entry = state && cutOff(await readJournal(state.project.directory));
  if (!state || !entry) return;
  const statuses = await statusesOf(mln, state.project, state.project.hosts);
  const up = [...statuses.values()].filter((status) => status.state === 'up').length;
  terminal.note(`an earlier ${entry.name} of ${name} was cut off: ${up} of ${state.project.hosts.length} hosts run`);
}
