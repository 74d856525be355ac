import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where mln keeps what it makes. */
export interface Folders {
  readonly projects: string;
  readonly templates: string;
  /** Where the relative sources of `files` are looked for, after the project file's own folder. */
  readonly files: string;
}

/** The folders where nothing names others: XDG's for a user, the system's for root. */
export function defaultFolders(environment: NodeJS.ProcessEnv = process.env, uid = process.getuid?.() ?? 0): Folders {
  const data =
    uid === 0 && !environment['XDG_DATA_HOME']
      ? '/var/lib/mln'
      : join(environment['XDG_DATA_HOME'] || join(homedir(), '.local/share'), 'mln');
  return { projects: join(data, 'projects'), templates: join(data, 'templates'), files: join(data, 'files') };
}
