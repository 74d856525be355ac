import type { Option } from '../commands.js';
import type { GlobalFlags } from '../configuration.js';
import { failure } from '../errors.js';

/** An option that may stand before or behind any verb, and what it says in the configuration. */
export interface GlobalOption extends Option {
  readonly flag: keyof GlobalFlags;
}

/** They are read before any plug-in is known. Each takes a value. */
export const globalOptions: readonly GlobalOption[] = [
  { flags: '-P <folder>', flag: 'projects', help: 'where projects are kept', completes: 'folder' },
  { flags: '-T <folder>', flag: 'templates', help: 'where templates are kept', completes: 'folder' },
  { flags: '-F <folder>', flag: 'files', help: 'where the files of projects are looked for', completes: 'folder' },
  { flags: '-L <name>', flag: 'serviceHost', help: 'this server’s name' },
  { flags: '--config <file>', flag: 'config', help: 'the configuration to use', completes: 'file' },
];

/** Takes them out of the arguments, as `-P FOLDER`, `-PFOLDER` and `--config=FILE`. */
export function takeGlobalFlags(argv: readonly string[]): { flags: GlobalFlags; rest: string[] } {
  const flags: Partial<Record<keyof GlobalFlags, string>> = {};
  const rest: string[] = [];
  for (let index = 0; index < argv.length; index += 1) {
    const argument = argv[index] ?? '';
    const [, word = '', joined] = /^(-[A-Z]|--[a-z]+(?==|$))=?(.+)?$/s.exec(argument) ?? [];
    const option = globalOptions.find((each) => each.flags.split(' ')[0] === word);
    if (option === undefined) {
      rest.push(argument);
      continue;
    }
    const value = joined ?? argv[(index += 1)];
    if (value === undefined || value === '') throw failure('MLN_USAGE', `${argument} takes a value`);
    flags[option.flag] = value;
  }
  return { flags, rest };
}

/** What is printed of them below the help. */
export function globalHelp(): string {
  const width = Math.max(...globalOptions.map(({ flags }) => flags.length));
  const rows = globalOptions.map(({ flags, help }) => `  ${flags.padEnd(width)}  ${help}\n`);
  return `\nBefore or behind any verb:\n${rows.join('')}`;
}
