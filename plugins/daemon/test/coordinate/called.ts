import { coreVerbs, isMlnError, type CommandOptions, type Mln, type MlnError, type Terminal } from '@mln/core';
import { createCommands } from '../../../../core/src/commands.js';
import { wrapVerbs } from '../../src/coordinate/verbs.js';
import type { Options } from '../../src/options.js';

/** What a verb has told, and how it has ended. */
export interface Told {
  readonly exit: number;
  readonly stdout: string;
  readonly notes: readonly string[];
  /** SERVER UNIT text. */
  readonly progress: readonly string[];
  readonly asked: readonly string[];
  readonly error: MlnError | null;
}

/** Calls a verb of the core as the daemon's plug-in wraps it. What it asks is answered with yes. */
export async function call(
  mln: Mln,
  options: Options,
  verb: string,
  args: readonly string[] = [],
  given: CommandOptions = {},
): Promise<Told> {
  const commands = createCommands();
  for (const each of coreVerbs) commands.add(each);
  wrapVerbs(commands, mln, options);
  const told = { stdout: '', notes: [] as string[], progress: [] as string[], asked: [] as string[] };
  const terminal: Terminal = {
    print: (text) => {
      told.stdout += `${text}\n`;
    },
    json: (value) => {
      told.stdout += JSON.stringify(value);
    },
    note: (text) => void told.notes.push(text),
    confirm: (question) => {
      told.asked.push(question);
      return Promise.resolve();
    },
    report: ({ server, unit, text }) => void told.progress.push([server, unit, text].filter(Boolean).join(' ')),
  };
  const command = commands.all.find(({ name }) => name === verb);
  const context = { mln, terminal, version: '1', commands: commands.all };
  try {
    const exit = (await command?.run(context, args, given)) ?? -1;
    return { ...told, exit, error: null };
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return { ...told, exit: error.exit, error };
  }
}
