import { homedir } from 'node:os';
import * as core from '../index.js';
import { Exit } from '../codes.js';
import { createCommands, type Command } from '../commands.js';
import { loadConfiguration, type Configuration, type GlobalFlags } from '../configuration.js';
import { createMln, type Mln } from '../kernel.js';
import { loadPlugins } from '../plugins.js';
import { runShell } from '../shell.js';
import { answerFor } from './complete-answer.js';
import { candidatesFor } from './complete-candidates.js';
import { splitLine, type Word } from './complete-words.js';
import { takeGlobalFlags } from './global-options.js';
import { coreVerbs } from './verbs.js';

/** Milliseconds after which a plug-in that does not come to an end is not waited for. */
const LONGEST = 5000;

/**
 * `mln complete SHELL LINE [WORD]`, which only the scripts of shells say: what completes the line; WORD is what bash takes
 * the last word to be. The line says by its own -P, -T and --config what is loaded. Nothing is printed but the answer,
 * whatever plug-ins do, and it always ends well. Plug-ins that cannot be used are left out, and a configuration that cannot
 * be read: then that of the distribution counts.
 */
export async function completeQuietly(args: readonly string[], distribution: string): Promise<never> {
  const print = process.stdout.write.bind(process.stdout);
  for (const stream of [process.stdout, process.stderr]) stream.write = () => true;
  const end = (): never => process.exit(Exit.done);
  process.on('uncaughtException', () => undefined);
  setTimeout(end, LONGEST).unref();
  // A plug-in waits for what never comes.
  process.once('beforeExit', end);
  const lines = await answer(args, (words) => load(words, distribution)).catch(() => []);
  return new Promise(() => {
    print(lines.map((line) => `${line}\n`).join(''), end);
  });
}

interface Loaded {
  readonly mln: Mln | null;
  readonly commands: readonly Command[];
}

async function answer(
  [shell = '', line = '', text]: readonly string[],
  loaded: (words: readonly string[]) => Promise<Loaded>,
): Promise<readonly string[]> {
  const words = splitLine(line).slice(1);
  const last = words.at(-1);
  if (typeof last?.text !== 'string') return [];
  const { mln, commands } = await loaded(words.slice(0, -1).map(plainText));
  const found = await candidatesFor(commands, words, mln);
  const start = text === undefined ? 0 : startOf(text, line, last.text);
  return start === null ? [] : answerFor(shell, found, start);
}

/** Where in the last word, without its quotes, what bash takes for it begins; null where that is something else. */
function startOf(text: string, line: string, word: string): number | null {
  if (!line.endsWith(text)) return null;
  const before = splitLine(line.slice(0, line.length - text.length)).at(-1)?.text ?? null;
  return before !== null && word.startsWith(before) ? before.length : null;
}

/** A word as a program would be given it. */
function plainText({ text, home }: Word): string {
  return home && text !== null ? homedir() + text.slice(1) : (text ?? '');
}

async function load(words: readonly string[], distribution: string): Promise<Loaded> {
  const commands = createCommands();
  for (const verb of coreVerbs) commands.add(verb);
  let mln: Mln | null = null;
  try {
    const configuration = await configurationFor(words, distribution);
    const { loaded } = await loadPlugins(configuration.plugins, distribution);
    mln = await createMln({
      core,
      shell: runShell,
      folders: configuration.folders,
      configuration,
      plugins: loaded,
      tolerant: true,
    });
    mln.hooks.commands.call(commands);
  } catch {
    // What is there by now is enough for verbs and options.
  }
  return { mln, commands: commands.all };
}

async function configurationFor(words: readonly string[], distribution: string): Promise<Configuration> {
  const flags = flagsSoFar(words);
  try {
    return await loadConfiguration(flags, distribution);
  } catch {
    return loadConfiguration({ ...flags, config: distribution }, distribution);
  }
}

/** What stands before any verb of the line; one that has no value yet is about to get it. */
function flagsSoFar(words: readonly string[]): GlobalFlags {
  for (const some of [words, words.slice(0, -1)])
    try {
      return takeGlobalFlags(some).flags;
    } catch {
      // Its value is missing.
    }
  return {};
}
