import { Exit, type ExitCode } from '../codes.js';
import type { Block } from './page.js';

/** What each exit code means, in one sentence. */
export const exitMeanings: Readonly<Record<ExitCode, string>> = {
  [Exit.done]: 'All that was asked for is done.',
  [Exit.failed]: 'It failed, was not confirmed, or something that was looked for is missing.',
  [Exit.asked]: 'What an option asks about is so: `status --check`, `fmt --check`.',
  [Exit.partly]: 'Some of it is done, some is not: the messages say what.',
  [Exit.usage]: 'The command line was not understood.',
  [Exit.badProject]: 'The project file is not right.',
  [Exit.noServer]: 'A server of the project cannot be reached.',
  [Exit.locked]: 'Another mln works on the project.',
  [Exit.notAllowed]: 'It is not allowed.',
  [Exit.badConfiguration]: 'The configuration, or a plug-in that it lists, cannot be used.',
};

/** The environment variables that mln heeds, and what each does. */
export const environment: Readonly<Record<string, string>> = {
  MLN_CONFIG: 'The configuration to use, and no other; like `--config`.',
  MLN_PROJECTS: 'The folder where projects are kept; like `-P`.',
  MLN_TEMPLATES: 'The folder where templates are kept; like `-T`.',
  MLN_FILES: 'The folder where the files of projects are looked for; like `-F`.',
  MLN_SERVICE_HOST: 'The name of this server; like `-L`.',
  MLN_DEBUG: 'Any value shows where an error comes from.',
  MLN_LOG_LEVEL: 'How much `mln daemon` writes: `error`, `warn`, `info` (where it is not set) or `debug`.',
  NO_COLOR: 'Any value keeps colours out of what is printed.',
  XDG_CONFIG_HOME: 'Where the user’s configuration is; `~/.config` where it is not set.',
  XDG_DATA_HOME: 'Where the user’s projects and templates are; `~/.local/share` where it is not set.',
  XDG_RUNTIME_DIR: 'Where sockets of switches are whose folder has too long a name.',
  TMPDIR: 'Where guests of User-Mode Linux have their memory; /dev/shm where it is not set.',
  HTTPS_PROXY: 'The proxy for downloads.',
  NODE_EXTRA_CA_CERTS: 'A file of further certificates to trust in downloads.',
};

/** The files that mln reads and writes, beside those of a project. */
const files: Readonly<Record<string, string>> = {
  './mln.config.yaml': 'The configuration of a folder and of those below it; the nearest upwards counts.',
  '~/.config/mln/mln.config.yaml': 'The user’s configuration.',
  '/etc/mln/mln.config.yaml': 'The system’s configuration.',
  '~/.local/share/mln/': 'A user’s projects, templates and files.',
  '/var/lib/mln/': 'Those of root.',
};

export function exitBlocks(): readonly Block[] {
  return Object.entries(exitMeanings)
    .sort(([one], [other]) => Number(one) - Number(other))
    .map(([code, meaning]) => explained(code, meaning));
}

export function environmentBlocks(): readonly Block[] {
  return Object.entries(environment).map(([name, meaning]) => explained(name, meaning));
}

export function fileBlocks(): readonly Block[] {
  return Object.entries(files).map(([path, meaning]) => explained(path, meaning));
}

function explained(term: string, meaning: string): Block {
  return { term: `\`${term}\``, blocks: [{ text: meaning }] };
}
