import type { Command, Option } from '../commands.js';
import { globalOptions } from './global-options.js';

/** An option, read out of commander's notation. */
export interface Flag {
  readonly option: Option;
  /** Its names, the long one first: most say more. */
  readonly names: readonly string[];
  readonly takes: 'nothing' | 'value' | 'perhaps';
  /** What its value is called when a verb is given it: `dryRun`. */
  readonly key: string;
}

const help: Option = { flags: '--help', help: 'show help' };
const version: Option = { flags: '--version', help: 'show the version' };

/** The options that may stand behind a verb, or before any. */
export function flagsOf(verb: Command | null, first: boolean): readonly Flag[] {
  const own = verb ? (verb.options ?? []) : first ? [version] : [];
  return [...own, help, ...globalOptions].map(readFlags);
}

/** The option of this name. */
export function flagOf(flags: readonly Flag[], name: string): Flag | undefined {
  return flags.find(({ names }) => names.includes(name));
}

function readFlags(option: Option): Flag {
  const words = option.flags.split(/[ ,|]+/);
  const names = words.filter((word) => word.startsWith('-')).sort((one, other) => other.length - one.length);
  const [first = ''] = names;
  const key = first.replace(/^-+/, '').replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const takes = /<.*>/.test(option.flags) ? 'value' : /\[.*\]/.test(option.flags) ? 'perhaps' : 'nothing';
  return { option, names, takes, key };
}
