import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { apiVersion } from '../api.js';
import type { ExitCode } from '../codes.js';
import { createCommands, type Command, type CommandOptions } from '../commands.js';
import { failure, isMlnError } from '../errors.js';
import { flatProblem, renderError } from '../render-problem.js';
import type { Terminal } from '../terminal.js';
import { nearest } from '../values.js';
import { inOwnFolder } from './own-folder.js';
import type { TrialKernel } from './trial-kernel.js';

/** What a verb has printed, and how it ended. */
export interface TriedVerb {
  readonly exit: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

/** A verb as it is called; options by their long names, in camel case: `--by-name` is `byName`. */
export interface VerbCall {
  readonly verb: string;
  readonly args: readonly string[];
  readonly options: CommandOptions;
}

/**
 * Runs a verb and keeps what it prints. One that reads a project file, and is given none, reads the text. It is answered
 * with yes. An error that is meant for users is printed, and gives the exit code; any other is thrown.
 */
export async function tryVerb(
  { mln, verbs, machine }: TrialKernel,
  text: string,
  { verb, args, options }: VerbCall,
): Promise<TriedVerb> {
  const commands = createCommands();
  for (const each of verbs) commands.add(each);
  mln.hooks.commands.call(commands);
  const command = find(commands.all, verb);
  return inOwnFolder(async (folder) => {
    const file = join(folder, 'project.mln');
    const reads = command.options?.some(({ flags }) => /--file\b/.test(flags)) === true;
    if (reads) writeFileSync(file, text);
    const said = { stdout: '', stderr: '' };
    const context = { mln, terminal: listening(said), version: apiVersion, commands: commands.all };
    const first = machine.log.length;
    let exit: ExitCode;
    try {
      exit = await command.run(context, args, { ...(reads ? { file } : {}), ...options });
    } catch (error) {
      if (!isMlnError(error)) throw error;
      if (options['json'] === true) said.stdout += `${JSON.stringify(error.problems.map(flatProblem), null, 2)}\n`;
      else said.stderr += `${renderError(error)}\n`;
      exit = error.exit;
    }
    said.stderr += machine.log
      .slice(first)
      .map((line) => `${line}\n`)
      .join('');
    return { exit, stdout: stripVTControlCharacters(said.stdout), stderr: stripVTControlCharacters(said.stderr) };
  });
}

function find(all: readonly Command[], verb: string): Command {
  const found = all.find(({ name, aliases = [] }) => [name, ...aliases].includes(verb));
  if (found) return found;
  const guess = nearest(
    verb,
    all.map(({ name }) => name),
  );
  throw failure('MLN_USAGE', `there is no verb ${verb}`, {
    hint: guess === undefined ? 'verbs are added in the hook commands' : `did you mean ${guess}?`,
  });
}

function listening(said: { stdout: string; stderr: string }): Terminal {
  const print = (text: string): void => {
    said.stdout += `${text}\n`;
  };
  const note = (text: string): void => {
    said.stderr += `${text}\n`;
  };
  return {
    print,
    note,
    json: (value) => {
      print(JSON.stringify(value, null, 2));
    },
    confirm: (question) => {
      note(question);
      return Promise.resolve();
    },
    report: ({ unit, state, text }) => {
      if (state !== 'begun') note([unit, text].filter((each) => each !== null).join(' '));
    },
  };
}
