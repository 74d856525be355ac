import { inspect } from 'node:util';
import type { Command as Program } from 'commander';
import * as core from '../index.js';
import { Exit, type ExitCode } from '../codes.js';
import { createCommands, type Command, type CommandContext, type CommandOptions } from '../commands.js';
import { loadConfiguration, type Configuration, type GlobalFlags } from '../configuration.js';
import { failure, isMlnError, messageOf, type Problem } from '../errors.js';
import type { BrokenPlugin } from '../guard-taps.js';
import { createMln, refuseBroken, type LoadedPlugin, type Mln } from '../kernel.js';
import { loadPlugins } from '../plugins.js';
import { flatProblem, renderError, renderProblem } from '../render-problem.js';
import { runShell } from '../shell.js';
import type { SourceLines } from '../source-lines.js';
import { createTerminal } from '../terminal.js';
import { groupSummary } from './complete-line.js';
import { globalHelp, takeGlobalFlags } from './global-options.js';
import { headingOf } from './help-groups.js';
import { coreVerbs } from './verbs.js';
import { watchProcess } from './watch-process.js';

/** What a distribution tells of itself: its version, and the configuration that names its standard plug-ins. */
export interface Distribution {
  readonly version: string;
  readonly configuration: string;
}

/** Runs the command line; gives the exit code. */
export async function main(argv: readonly string[], distribution: Distribution): Promise<ExitCode> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that went away, as in `mln list | head -1`, is no failure.
    if (error.code === 'EPIPE') process.exit(Exit.done);
    process.stderr.write(`error[MLN_IO]: standard output cannot be written: ${error.message}\n`);
    process.exit(Exit.failed);
  });
  if (argv[0] === 'complete')
    return (await import('./complete.js')).completeQuietly(argv.slice(1), distribution.configuration);
  let mln: Mln | undefined;
  let plugins: readonly LoadedPlugin[] = [];
  const json = argv.includes('--json');
  const watched = watchProcess(
    () => plugins,
    (error) => report(error, json, mln),
  );
  try {
    const { flags, rest } = takeGlobalFlags(argv);
    const configuration = await loadConfiguration(flags, distribution.configuration);
    const { loaded, broken } = await loadPlugins(configuration.plugins, distribution.configuration);
    plugins = loaded;
    mln = await createMln({
      core,
      shell: runShell,
      folders: configuration.folders,
      configuration,
      reread: () => reread(flags, distribution),
      plugins: loaded,
      broken,
      tolerant: isTolerant(rest),
    });
    const exit = await runVerb(mln, rest, distribution);
    return exit === Exit.done && watched.strayed ? Exit.failed : exit;
  } catch (error) {
    return await report(error, json, mln);
  } finally {
    watched.release();
  }
}

/** The configuration as it is now, with options that its plug-ins take. */
async function reread(flags: GlobalFlags, distribution: Distribution): Promise<Configuration> {
  const configuration = await loadConfiguration(flags, distribution.configuration);
  refuseBroken((await loadPlugins(configuration.plugins, distribution.configuration)).broken);
  return configuration;
}

/** Runs the command line, and ends the process once all is written: whatever a plug-in has left running goes with it. */
export async function runToEnd(argv: readonly string[], distribution: Distribution): Promise<void> {
  const exit = await main(argv, distribution);
  process.stdout.write('', () => process.stderr.write('', () => process.exit(exit)));
}

/** Whether a command line can do with the plug-ins that are to be had: help, and verbs of the core that say so. */
function isTolerant(words: readonly string[]): boolean {
  if (words.length === 0 || words[0] === 'help' || words.includes('--help')) return true;
  return coreVerbs.some(
    ({ name, tolerant }) => tolerant !== undefined && name.split(' ').every((word, index) => word === words[index]),
  );
}

async function report(error: unknown, json: boolean, mln: Mln | undefined): Promise<ExitCode> {
  if (!isMlnError(error)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`This is a fault of mln, not of your project:\n${text}\n`);
    if (json) printErrors([{ severity: 'error', code: 'MLN_FAULT', message: messageOf(error) }]);
    return Exit.failed;
  }
  if (json) printErrors(error.problems);
  else process.stderr.write(`${renderError(error, mln && (await sourceLines(mln)))}\n`);
  if (process.env['MLN_DEBUG'] || /\bmln\b/.test(process.env['NODE_DEBUG'] ?? ''))
    process.stderr.write(`${inspect(error.cause ?? error)}\n`);
  return error.exit;
}

function printErrors(problems: readonly Problem[]): void {
  process.stdout.write(
    `${JSON.stringify({ apiVersion: 'mln/v1', kind: 'Errors', items: problems.map(flatProblem) }, null, 2)}\n`,
  );
}

/** Tells of plug-ins that a verb can do without. */
function warnOf(broken: readonly BrokenPlugin[]): void {
  for (const problem of broken.flatMap(({ error }) => error.problems))
    process.stderr.write(`${renderProblem({ ...problem, severity: 'warning' })}\n`);
}

async function sourceLines(mln: Mln): Promise<SourceLines> {
  const { createSourceLines } = await import('../source-lines.js');
  let lineOf: SourceLines | undefined;
  return (place) => {
    try {
      lineOf ??= createSourceLines(mln);
      return lineOf(place);
    } catch {
      // The plug-in that cannot say its keywords is the one that is told of.
      return null;
    }
  };
}

async function runVerb(mln: Mln, argv: readonly string[], distribution: Distribution): Promise<ExitCode> {
  const commands = createCommands();
  for (const verb of coreVerbs) commands.add(verb);
  mln.hooks.commands.call(commands);
  const { Command, CommanderError } = await import('commander');
  const context: CommandContext = {
    mln,
    terminal: createTerminal(),
    version: distribution.version,
    commands: commands.all,
  };
  let exit: ExitCode = Exit.done;
  const run = async (command: Command, args: readonly string[], options: CommandOptions): Promise<void> => {
    if (command.tolerant === undefined) refuseBroken(mln.broken);
    if (command.tolerant === 'warned') warnOf(mln.broken);
    exit = await command.run(context, args, options);
  };
  const program = new Command('mln');
  describe(program, distribution.version);
  // One document is all that is printed then.
  const json = argv.includes('--json');
  if (json) program.configureOutput({ writeErr: () => undefined });
  for (const command of commands.all) addVerb(program, command, run);
  if (mln.broken.length > 0) program.addHelpText('after', '\nSome plug-ins cannot be used: mln plugin list\n');
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return Exit.done;
    if (json) throw usageError(error.message);
    return Exit.usage;
  }
  return exit;
}

/** What commander says of a command line; `(outputHelp)` where a verb has no second word. */
function usageError(message: string): Error {
  const [first = '', ...more] = message.replace(/^error: /, '').split('\n');
  const hint = more
    .join(' ')
    .trim()
    .replace(/^\((.*)\)$/, '$1');
  return failure('MLN_USAGE', first === '(outputHelp)' ? 'this is not a whole command' : first, {
    hint: hint === '' ? 'mln --help lists the verbs, mln VERB --help its options' : hint,
  });
}

function describe(program: Program, version: string): void {
  program
    .description('Manage Large Networks: builds, starts, stops and watches whole networks of virtual machines.')
    .version(version, '--version')
    // A verb may have an option of that name.
    .enablePositionalOptions()
    .helpOption('--help', 'show help')
    .commandsGroup(headingOf('help'))
    .helpCommand('help [verb]', 'show help')
    .exitOverride()
    .addHelpText('after', globalHelp());
}

/** Adds a verb of one word, or (`template add`) of two. */
function addVerb(
  program: Program,
  command: Command,
  run: (command: Command, args: readonly string[], options: CommandOptions) => Promise<void>,
): void {
  const [first = '', second] = command.name.split(' ');
  const parent =
    second === undefined ? program : (program.commands.find((each) => each.name() === first) ?? group(program, first));
  const verb = parent
    .command(second ?? first, { hidden: command.hidden === true })
    .summary(command.summary)
    .description(command.summary)
    .helpOption('--help', 'show help')
    .exitOverride();
  verb.allowExcessArguments(false);
  if (parent === program) verb.helpGroup(headingOf(first));
  if (command.plugin !== undefined) verb.addHelpText('after', `\nIt comes with the plug-in ${command.plugin}.`);
  for (const alias of command.aliases ?? []) verb.alias(alias);
  for (const argument of command.arguments?.split(' ') ?? []) verb.argument(argument);
  for (const { flags, help, repeats } of command.options ?? [])
    if (repeats === true) verb.option(flags, help, collect);
    else verb.option(flags, help);
  verb.action(async () => run(command, verb.args, verb.opts()));
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function group(program: Program, name: string): Program {
  return program
    .command(name)
    .summary(groupSummary(name))
    .helpGroup(headingOf(name))
    .helpOption('--help', 'show help')
    .exitOverride();
}
