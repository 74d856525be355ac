import type { Kind } from './places.js';
import type { Launcher } from './launcher.js';

/** Seconds that guests get to shut down when the machine ends. */
const PATIENCE = 60;

/** What stands above what setup writes. */
export const head = '# Written by mln setup. Once it is changed, setup leaves it alone.\n';

/*
 * Guests belong to the unit that started them. They are many processes (TasksMax), one that runs out of memory does not
 * take the others along (OOMPolicy), and a project that cannot be started does not end those that run (exit code 3).
 */

/** When a unit is started, and what it finds in its environment beside PATH. */
export interface Started {
  readonly target: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** The unit that starts all projects with the machine and stops them with it: systemd.service(5). */
export function bootUnit(kind: Kind, launcher: Launcher, { environment, target }: Started): string {
  const system = kind !== 'user';
  return `${head}[Unit]
Description=Networks of virtual machines (mln)
Documentation=man:mln(1) man:mln-start(1) man:mln-stop(1)
${system ? 'Wants=network-online.target\nAfter=network-online.target remote-fs.target\n' : ''}
[Service]
Type=oneshot
RemainAfterExit=yes
${variables({ PATH: launcher.path, ...environment })}
ExecStart=${line([...launcher.command, 'start', '-a'])}
ExecStop=${line([...launcher.command, 'stop', '-a', '-w', String(PATIENCE)])}
# Some projects could not be started; the others go on.
SuccessExitStatus=3
TimeoutStopSec=15min
TasksMax=infinity
OOMPolicy=continue

[Install]
WantedBy=${target}
`;
}

/** The rule that makes a folder at every boot: tmpfiles.d(5). */
export function temporaryRule(folder: string): string {
  return `${head}d ${folder} 0755 root root -\n`;
}

/** The lines of a unit that set variables. */
export function variables(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `Environment=${word(`${name}=${value}`)}`)
    .join('\n');
}

/** A command line as systemd takes it apart again: quoted, with $ and % as they stand. */
export function line(words: readonly string[]): string {
  return words.map((each) => word(each).replaceAll('$', '$$$$')).join(' ');
}

function word(text: string): string {
  const escaped = text.replaceAll('%', '%%').replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return /^[\w@%+=:,./$-]+$/.test(text) ? escaped : `"${escaped}"`;
}
