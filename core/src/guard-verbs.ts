import type { ExitCode } from './codes.js';
import type { Command, CommandContext, CommandOptions, Commands, Wrapper } from './commands.js';
import type { Entry } from './guard-taps.js';
import { faultOf, gaveRubbish } from './plugin-blame.js';
import { waitFor } from './plugin-pending.js';

/** Commands that remember who adds them, and whose verbs are told of by the plug-in's name where they fail. */
export function signedCommands(commands: Commands, plugin: string, entry: Entry | null): Commands {
  return {
    add: (command) => {
      commands.add({ ...guardedVerb(command, entry), plugin });
      entry?.verbs.push(command.name);
    },
    option: (name, option) => {
      commands.option(name, option, plugin);
    },
    wrap: (name, wrapper) => {
      commands.wrap(name, guardedWrapper(wrapper, entry, name), plugin);
    },
    get all() {
      return commands.all;
    },
  };
}

/** A verb without a function is refused where it is added. */
function guardedVerb(command: Command, entry: Entry | null): Command {
  if (entry === null || typeof (command as Partial<Command> | null)?.run !== 'function') return command;
  return { ...command, run: (context, args, options) => runVerb(command, entry, context, args, options) };
}

/** What goes wrong in the verb itself is not the wrapper's fault. */
function guardedWrapper(wrapper: Wrapper, entry: Entry | null, verb: string): Wrapper {
  if (entry === null) return wrapper;
  return async (context, args, options, next) => {
    let verbs: unknown;
    const guarded: Command['run'] = (...all) =>
      next(...all).catch((error: unknown) => {
        verbs = error;
        throw error;
      });
    try {
      return await wrapper(context, args, options, guarded);
    } catch (error) {
      if (error === verbs) throw error;
      throw faultOf(entry.plugin, `where it wraps the verb ${verb}`, error);
    }
  };
}

async function runVerb(
  command: Command,
  { plugin, error: broken }: Entry,
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  if (broken) throw broken;
  const where = `in its verb ${command.name}`;
  let exit: unknown;
  try {
    exit = await waitFor(plugin, where, () => command.run(context, args, options));
  } catch (error) {
    throw faultOf(plugin, where, error);
  }
  if (Number.isInteger(exit) && (exit as number) >= 0 && (exit as number) <= 255) return exit as ExitCode;
  throw gaveRubbish(
    plugin,
    `${typeof exit === 'string' ? JSON.stringify(exit) : String(exit)}, which is no exit code`,
    where,
    'run gives a number: 0 where all is done, 1 where it failed (Exit of the core)',
  );
}
