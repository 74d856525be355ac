import type { Command, CommandOptions, Completes } from '../commands.js';
import { flagOf, flagsOf, type Flag } from './complete-flags.js';

/*
 * What belongs at the end of a command line: found in the table of commands alone, as commander would read the line.
 */

/** A word that is offered. */
export interface Candidate {
  readonly word: string;
  readonly help?: string;
}

/** A value that something else than the table knows. */
export interface WantedValue {
  readonly completes: Completes;
  /** What is there of it. */
  readonly typed: string;
  /** What stands before it in its word: `--file=`. */
  readonly before: string;
}

/** What belongs at the cursor. */
export interface Wanted {
  /** Verbs and options. */
  readonly words: readonly Candidate[];
  readonly values: readonly WantedValue[];
  /** The options so far, as a verb is given them. */
  readonly options: CommandOptions;
  /** The project that an option or an argument names. */
  readonly project: string | null;
}

interface Reading {
  readonly commands: readonly Command[];
  /** The words of the verb so far: none, `template`, `template add`. */
  path: string;
  verb: Command | null;
  /** Nothing is offered any more: behind --, and where no verb has this name. */
  over: boolean;
  help: boolean;
  pending: Flag | null;
  readonly args: (string | null)[];
  readonly options: Record<string, string | boolean | readonly string[]>;
  project: string | null;
}

/** What belongs at the end of these words, those behind `mln`; null is a word of which nothing is known. */
export function wantedAt(all: readonly Command[], words: readonly (string | null)[]): Wanted {
  const commands = all.filter(({ hidden }) => hidden !== true);
  const reading: Reading = {
    commands,
    path: '',
    verb: null,
    over: false,
    help: false,
    pending: null,
    args: [],
    options: {},
    project: null,
  };
  for (const word of words.slice(0, -1)) take(reading, word);
  const typed = words.at(-1) ?? null;
  return {
    words: reading.over || typed === null ? [] : offered(reading, typed).filter(({ word }) => word.startsWith(typed)),
    values: reading.over || typed === null ? [] : values(reading, typed),
    options: reading.options,
    project: reading.project,
  };
}

function take(reading: Reading, word: string | null): void {
  const { pending } = reading;
  reading.pending = null;
  if (pending && (pending.takes === 'value' || word?.startsWith('-') !== true)) give(reading, pending, word);
  else if (word === '--') reading.over = true;
  else if (word?.startsWith('--')) {
    const [name = '', ...value] = word.split('=');
    const flag = flagOf(flagsOf(reading.verb, reading.path === ''), name);
    if (flag) receive(reading, flag, value.length > 0 ? value.join('=') : null);
  } else if (word !== null && /^-./.test(word)) takeShort(reading, word);
  else if (reading.verb === null) takeVerb(reading, word);
  else {
    if (completesAt(reading.verb, reading.args.length) === 'project') reading.project ??= word;
    reading.args.push(word);
  }
}

/** `-u`, `-ud`, `-pNAME`. */
function takeShort(reading: Reading, word: string): void {
  const flag = flagOf(flagsOf(reading.verb, reading.path === ''), word.slice(0, 2));
  if (!flag) return;
  const rest = word.slice(2);
  receive(reading, flag, rest === '' || flag.takes === 'nothing' ? null : rest);
  if (rest !== '' && flag.takes === 'nothing') takeShort(reading, `-${rest}`);
}

function receive(reading: Reading, flag: Flag, value: string | null): void {
  if (value !== null || flag.takes === 'nothing') give(reading, flag, value);
  else reading.pending = flag;
}

function give(reading: Reading, flag: Flag, value: string | null): void {
  const { key, option } = flag;
  const before = reading.options[key];
  const list = typeof before === 'object' ? before : [];
  reading.options[key] = option.repeats && value !== null ? [...list, value] : (value ?? true);
  if (option.completes === 'project') reading.project = value;
}

function takeVerb(reading: Reading, word: string | null): void {
  if (word === 'help' && reading.path === '' && !reading.help) {
    reading.help = true;
    return;
  }
  const path = reading.path === '' ? '' : `${reading.path} `;
  const found = reading.commands.find(
    ({ name, aliases = [] }) =>
      word !== null && name.startsWith(path) && [name, ...aliases.map((each) => path + each)].includes(path + word),
  );
  reading.verb = found ?? null;
  reading.path = `${path}${word ?? ''}`;
  const begins = reading.commands.some(({ name }) => name.startsWith(`${reading.path} `));
  reading.over = found ? reading.help : word === null || !begins;
}

/** Verbs, or options where one is begun. */
function offered(reading: Reading, typed: string): readonly Candidate[] {
  const { pending, verb, path, help } = reading;
  if (pending?.takes === 'value') return [];
  if (typed.startsWith('-'))
    return flagsOf(verb, path === '')
      .filter(({ key, option }) => option.repeats === true || reading.options[key] === undefined)
      .flatMap(({ names, option }) => offeredNames(names, typed).map((word) => ({ word, help: option.help })));
  return verb ? [] : [...verbWords(reading.commands, path), ...(path === '' && !help ? [helpWord] : [])];
}

/** The long one, or the short one that is typed already. */
function offeredNames(names: readonly string[], typed: string): readonly string[] {
  return names.filter((name, index) => index === 0 || name === typed);
}

const helpWord: Candidate = { word: 'help', help: 'show help' };

function verbWords(commands: readonly Command[], path: string): readonly Candidate[] {
  const words = new Map<string, Candidate>();
  const depth = path === '' ? 0 : 1;
  for (const { name, aliases = [], summary } of commands) {
    const parts = name.split(' ');
    if (depth === 1 && parts[0] !== path) continue;
    const whole = parts.length === depth + 1;
    for (const word of [parts[depth] ?? '', ...(whole ? aliases : [])])
      if (!words.has(word)) words.set(word, { word, help: whole ? summary : groupSummary(word) });
  }
  return [...words.values()];
}

/** What is said of the first word of verbs with two. */
export function groupSummary(word: string): string {
  return `Verbs on ${word}s.`;
}

function values({ pending, verb, args, path, project }: Reading, typed: string): readonly WantedValue[] {
  if (pending?.takes === 'value') return value(pending.option.completes, typed);
  const [, before, rest] = /^(--[^=]+=)(.*)$/s.exec(typed) ?? [];
  if (before !== undefined && rest !== undefined) {
    const flag = flagOf(flagsOf(verb, path === ''), before.slice(0, -1));
    return flag && flag.takes !== 'nothing' ? value(flag.option.completes, rest, before) : [];
  }
  if (typed.startsWith('-')) return [];
  const completes = verb ? completesAt(verb, args.length) : null;
  return [
    ...value(pending?.option.completes, typed),
    ...(completes === 'project' && project !== null ? [] : value(completes, typed)),
  ];
}

function value(completes: Completes | null | undefined, typed: string, before = ''): readonly WantedValue[] {
  return completes ? [{ completes, typed, before }] : [];
}

/** What completes an argument; the last one may be repeated. */
function completesAt({ arguments: names, completes = [] }: Command, index: number): Completes | null {
  const count = names === undefined ? 0 : names.split(' ').length;
  if (index < count) return completes[index] ?? null;
  return names?.includes('...') === true ? (completes[count - 1] ?? null) : null;
}
