import type { ExitCode } from './codes.js';
import { failure } from './errors.js';
import { broughtBy, clash } from './plugin-clash.js';
import type { Mln } from './kernel.js';
import type { Terminal } from './terminal.js';

/**
 * What completes a word of the command line: names of what mln keeps (`host` is HOST or HOST.PROJECT; `hosts` and
 * `switches` are lists with commas), of what a project file describes (`described-host`; `keyword` is HOST.KEYWORD),
 * what lies in a folder (`project-file`: *.mln before others), words, or what a function says. The function must be
 * quick and quiet, and touch nothing.
 */
export type Completes =
  | 'project'
  | 'host'
  | 'hosts'
  | 'switch'
  | 'switches'
  | 'template'
  | 'described-host'
  | 'keyword'
  | 'project-file'
  | 'file'
  | 'folder'
  | readonly string[]
  | ((mln: Mln) => readonly string[] | Promise<readonly string[]>);

/** An option in commander's notation: `-p, --project <name>`. */
export interface Option {
  readonly flags: string;
  readonly help: string;
  /** What completes its value. */
  readonly completes?: Completes;
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

/** What the manual says of a verb beyond its summary. What is typed stands in backquotes. */
export interface Manual {
  /** Paragraphs. */
  readonly description?: readonly string[];
  /** Command lines, with what each does in one sentence. */
  readonly examples?: readonly (readonly [command: string, what: string])[];
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
  /** What completes each of its arguments, in their order; the last one for those that are repeated. */
  readonly completes?: readonly (Completes | null)[];
  /** It is for programs: neither help nor completion show it. */
  readonly hidden?: true;
  readonly options?: readonly Option[];
  /** More for its manual page; of the core’s verbs it is in man/verb-texts.ts. */
  readonly manual?: Manual;
  /** It runs although plug-ins that are configured cannot be loaded; verbs of the core alone. They are in `mln.broken`. */
  readonly tolerant?: true;
  /** Who brings it, where that is not the core; the kernel fills it in. */
  readonly plugin?: string;
  run(context: CommandContext, args: readonly string[], options: CommandOptions): Promise<ExitCode>;
}

/** What the `commands` hook fills. */
export interface Commands {
  add(command: Command): void;
  /** Adds an option to a verb that another plug-in brings. */
  option(command: string, option: Option, plugin?: string): void;
  readonly all: readonly Command[];
}

export function createCommands(): Commands {
  const found = new Map<string, Command>();
  return {
    add(command) {
      const first = found.get(command.name);
      if (first) throw clash(`the verb ${command.name}`, first.plugin, command.plugin);
      found.set(command.name, command);
    },
    option(name, option, plugin) {
      const command = found.get(name);
      if (!command)
        throw failure(
          'MLN_PLUGIN_SETUP',
          `${broughtBy(plugin)} adds an option to the verb ${name}, which nobody brings`,
          {
            hint: 'verbs of other plug-ins are there when the tap has a later stage',
          },
        );
      found.set(name, { ...command, options: [...(command.options ?? []), option] });
    },
    get all() {
      return [...found.values()];
    },
  };
}
