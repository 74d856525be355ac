import { join } from 'node:path';
import type { Folders } from '../folders.js';

/** Whom mln is set up for: one user, everybody on the machine, or a server of projects that are spread over several. */
export type Kind = 'user' | 'system' | 'service-host';

/** Who sets mln up, and where. */
export interface Caller {
  readonly environment: NodeJS.ProcessEnv;
  readonly home: string;
  readonly uid: number;
  /** Everything goes below this folder, as for a package; null: the machine itself. */
  readonly prefix: string | null;
}

/** Where things are put; none of the paths has the prefix. */
export interface Places {
  readonly configuration: string;
  /** Projects, templates and files, and what setup remembers. */
  readonly data: string;
  readonly bash: string;
  readonly zsh: string;
  readonly fish: string;
  readonly manual: string;
  readonly units: string;
  /** The target whose units are started when the machine starts: systemd.special(7). */
  readonly target: string;
  /** The folder of tmpfiles.d(5), and the one that is made anew at every boot; null for a user, who has one. */
  readonly temporary: { readonly rules: string; readonly folder: string } | null;
}

/**
 * Where the shells, man(1) and systemd(1) look: the folders of the XDG Base Directory Specification for a user; for the
 * system those that belong to its administrator, or (with a prefix) to packages.
 */
export function placesOf(kind: Kind, { environment, home, prefix }: Caller): Places {
  if (kind === 'user') {
    const config = environment['XDG_CONFIG_HOME'] || join(home, '.config');
    const data = environment['XDG_DATA_HOME'] || join(home, '.local/share');
    return {
      ...shareOf(data),
      fish: join(data, 'fish/vendor_completions.d'),
      configuration: join(config, 'mln'),
      data: join(data, 'mln'),
      units: join(config, 'systemd/user'),
      target: 'default.target',
      temporary: null,
    };
  }
  const packaged = prefix !== null;
  return {
    ...shareOf(packaged ? '/usr/share' : '/usr/local/share'),
    configuration: '/etc/mln',
    data: '/var/lib/mln',
    units: packaged ? '/usr/lib/systemd/system' : '/etc/systemd/system',
    target: 'multi-user.target',
    temporary: { rules: packaged ? '/usr/lib/tmpfiles.d' : '/etc/tmpfiles.d', folder: '/run/mln' },
  };
}

function shareOf(share: string): Pick<Places, 'bash' | 'zsh' | 'fish' | 'manual'> {
  return {
    bash: join(share, 'bash-completion/completions'),
    zsh: join(share, 'zsh/site-functions'),
    fish: join(share, 'fish/vendor_completions.d'),
    manual: join(share, 'man'),
  };
}

/** Where projects, templates and files are kept where nobody names others. */
export function foldersIn({ data }: Places): Folders {
  return { projects: join(data, 'projects'), templates: join(data, 'templates'), files: join(data, 'files') };
}

/** The folders below which setup writes files and links; none of the paths has the prefix. */
export function foldersOf(kind: Kind, caller: Caller): readonly string[] {
  const { temporary, target: _target, units, ...folders } = placesOf(kind, caller);
  return [...Object.values(folders), units, wantsIn(units), ...(temporary === null ? [] : [temporary.rules])];
}

/** What is enabled is the administrator's, also where units are a package's. */
export function wantsIn(units: string): string {
  return units === '/usr/lib/systemd/system' ? '/etc/systemd/system' : units;
}
