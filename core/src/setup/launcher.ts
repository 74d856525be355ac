import { accessSync, constants, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

/** How mln is called where no PATH can be relied on. */
export interface Launcher {
  /** The program with its first words, by absolute paths. */
  readonly command: readonly string[];
  /** The folders to look for programs in: that of Node, and the usual ones. */
  readonly path: string;
  /** Whether the shell finds mln by its name. */
  readonly onPath: boolean;
  /** What is to be known of these paths; null where they stay right. */
  readonly note: string | null;
}

/** What tells how mln was called: its script, the Node that runs it, and the PATH. */
export interface Called {
  readonly script: string;
  readonly node: string;
  readonly path: string;
}

/** Folders that are gone with the shell, or whenever npx cleans up. */
const passing = /\/(?:fnm_multishells|_npx)\//;
/** Folders that hold one version of Node among others: nvm, fnm, nodenv, asdf, volta, n. */
const versioned = /\/(?:\.?nvm|\.?fnm|\.?nodenv|\.?asdf|\.?volta|versions\/node|tools\/image\/node)\//;
const usual = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * Chooses the paths for units: a name on the PATH that leads to this very mln stays right when it is installed anew, and
 * so does one of Node; where there is none, the files themselves.
 */
export function findLauncher({ script, node, path }: Called): Launcher {
  const [file, executable] = [realpathSync(script), realpathSync(node)];
  const named = nameOnPath('mln', file, path);
  const mln = named ?? file;
  const program = nameOnPath('node', executable, path) ?? executable;
  return {
    command: [program, mln],
    path: [...new Set([dirname(program), ...usual])].join(':'),
    onPath: named !== undefined,
    note: noteOf(mln, program),
  };
}

function nameOnPath(name: string, file: string, path: string): string | undefined {
  return path
    .split(':')
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, name))
    .find((each) => !passing.test(each) && leadsTo(each, file));
}

function leadsTo(path: string, file: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return realpathSync(path) === file;
  } catch {
    return false;
  }
}

function noteOf(mln: string, node: string): string | null {
  if (passing.test(mln))
    return `${mln} is a copy that goes away; install mln (npm install -g mln) and run its setup again`;
  if ([mln, node].some((each) => versioned.test(each)))
    return `it calls ${mln} by ${node}, which belong to one version of Node: run mln setup again when you use another`;
  return null;
}
