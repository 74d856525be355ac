import type { ExitCode } from './codes.js';
import { failure } from './errors.js';
import type { Mln } from './kernel.js';
import type { Terminal } from './terminal.js';

/** An option in commander's notation: `-p, --project <name>`. */
export interface Option {
  readonly flags: string;
  readonly help: string;
  /** It may be given several times; its value is a list. */
  readonly repeats?: true;
}

/** What a verb is given to run with. */
export interface CommandContext {
  readonly mln: Mln;
  readonly terminal: Terminal;
  /** The version of this distribution of mln. */
  readonly version: string;
  /** All verbs that there are, those of plug-ins included. */
  readonly commands: readonly Command[];
}

export type CommandOptions = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** A verb of the command line. */
export interface Command {
  /** One word, or two: `template add`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One sentence. */
  readonly summary: string;
  /** Arguments in commander's notation: `<file> [name]`. */
  readonly arguments?: string;
  readonly options?: readonly Option[];
  run(context: CommandContext, args: readonly string[], options: CommandOptions): Promise<ExitCode>;
}

/** What the `commands` hook fills. */
export interface Commands {
  add(command: Command): void;
  /** Adds an option to a verb that another plug-in brings. */
  option(command: string, option: Option): void;
  readonly all: readonly Command[];
}

export function createCommands(): Commands {
  const found = new Map<string, Command>();
  return {
    add(command) {
      if (found.has(command.name)) throw failure('MLN_PLUGIN_BROKEN', `the verb ${command.name} is added twice`);
      found.set(command.name, command);
    },
    option(name, option) {
      const command = found.get(name);
      if (!command) throw failure('MLN_PLUGIN_BROKEN', `an option is added to the verb ${name}, which nobody brings`);
      found.set(name, { ...command, options: [...(command.options ?? []), option] });
    },
    get all() {
      return [...found.values()];
    },
  };
}
