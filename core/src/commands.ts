import { globalOptions } from './cli/global-options.js';
import type { ExitCode } from './codes.js';
import { failure } from './errors.js';
import { broughtBy, clash } from './plugin-clash.js';
import type { Mln } from './kernel.js';
import type { Terminal } from './terminal.js';
import { flagsIn, wrongOption, wrongVerb } from './verb-checks.js';

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
  /** For whom the verb runs, where that is not the calling user; whoever finds a project locked is told. */
  readonly asker?: string;
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
  /**
   * It runs although plug-ins that are configured cannot be loaded; verbs of the core alone. They are in `mln.broken`;
   * `warned`: the user is told of them first.
   */
  readonly tolerant?: true | 'warned';
  /** Who brings it, where that is not the core; the kernel fills it in. */
  readonly plugin?: string;
  run(context: CommandContext, args: readonly string[], options: CommandOptions): Promise<ExitCode>;
}

/** Runs a verb in the stead of `next`, which it may call. */
export type Wrapper = (
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
  next: Command['run'],
) => Promise<ExitCode>;

/** What the `commands` hook fills. */
export interface Commands {
  add(command: Command): void;
  /** Adds an option to a verb that another plug-in brings. */
  option(command: string, option: Option, plugin?: string): void;
  /** Has a verb of others run by a function that is given what ran it before. */
  wrap(command: string, wrapper: Wrapper, plugin?: string): void;
  readonly all: readonly Command[];
}

export function createCommands(): Commands {
  const found = new Map<string, Command>();
  /** Who brings a word: a verb, an alias, the first of two words. */
  const verbs = new Map<string, string | undefined>(reserved.map((each) => [each, undefined]));
  const groups = new Map<string, string | undefined>();
  const flags = new Map<string, string | undefined>();

  const takeFlags = (verb: string, options: readonly Option[], plugin: string | undefined): void => {
    const all = options.flatMap((option) => flagsIn(option.flags));
    for (const [index, flag] of all.entries()) {
      const key = `${verb} ${flag}`;
      const doubled = all.indexOf(flag) < index;
      if (doubled || flags.has(key) || reservedFlags().includes(flag))
        throw clash(`the option ${flag} of ${verb}`, doubled ? plugin : flags.get(key), plugin);
    }
    for (const flag of all) flags.set(`${verb} ${flag}`, plugin);
  };

  const required = (name: string, what: string, plugin: string | undefined): Command => {
    const command = found.get(name);
    if (command) return command;
    throw failure('MLN_PLUGIN_SETUP', `${broughtBy(plugin)} ${what} the verb ${name}, which nobody brings`, {
      hint: 'verbs of other plug-ins are there when the tap has a later stage',
    });
  };

  return {
    add(command) {
      const { plugin } = command;
      refuse(wrongVerb(command), `${broughtBy(plugin)} brings`);
      const [first = '', second] = command.name.split(' ');
      const words = [
        command.name,
        ...(command.aliases ?? []).map((alias) => (second === undefined ? alias : `${first} ${alias}`)),
      ];
      for (const [index, word] of words.entries()) {
        if (words.indexOf(word) < index) throw clash(`the verb ${word}`, plugin, plugin);
        if (verbs.has(word)) throw clash(`the verb ${word}`, verbs.get(word), plugin);
        if (groups.has(word)) throw clash(`the verb ${word}`, groups.get(word), plugin);
        if (word.endsWith(' help')) throw clash(`the verb ${word}`, undefined, plugin);
      }
      if (second !== undefined && verbs.has(first)) throw clash(`the verb ${first}`, verbs.get(first), plugin);
      takeFlags(command.name, command.options ?? [], plugin);
      for (const word of words) verbs.set(word, plugin);
      if (second !== undefined && !groups.has(first)) groups.set(first, plugin);
      found.set(command.name, command);
    },
    wrap(name, wrapper, plugin) {
      const command = required(name, 'wraps', plugin);
      const next: Command['run'] = (...all) => command.run(...all);
      found.set(name, { ...command, run: (context, args, options) => wrapper(context, args, options, next) });
    },
    option(name, option, plugin) {
      const command = required(name, 'adds an option to', plugin);
      refuse(wrongOption(option), `${broughtBy(plugin)} adds to ${name}`);
      takeFlags(name, [option], plugin);
      found.set(name, { ...command, options: [...(command.options ?? []), option] });
    },
    get all() {
      return [...found.values()];
    },
  };
}

/** Words that the command line answers by itself. */
const reserved = ['help', 'complete'];

/** Flags that no verb is given, as they are read before it. */
function reservedFlags(): readonly string[] {
  return ['--help', ...globalOptions.flatMap((option) => flagsIn(option.flags))];
}

function refuse(wrong: string | null, who: string): void {
  if (wrong !== null)
    throw failure('MLN_PLUGIN_SETUP', `${who} ${wrong}`, { hint: 'docs/hooks.md says what commands takes' });
}
