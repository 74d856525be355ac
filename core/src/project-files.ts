import { hookBlocks } from './core-keywords.js';
import type { HookBlock } from './core-keywords.js';
import type { Project, Unit } from './project.js';
import { quote, type PlannedFile } from './scripts.js';

/** The files of a project as a whole: scripts that start and stop it by hand, and the commands of its hook blocks. */
export function projectFiles(project: Project, units: readonly Unit[]): readonly PlannedFile[] {
  return [
    ...hookBlocks.flatMap((name) => hookFile(project, name) ?? []),
    script('start', startScript(project, units)),
    script('stop', stopScript(project, units)),
  ];
}

/** Where a hook block's script lies in the project's folder. */
export function hookPath(name: HookBlock): string {
  return `hooks/${name}`;
}

function hookFile(project: Project, name: HookBlock): PlannedFile | null {
  const text = project.hookBlocks[name];
  if (text === undefined) return null;
  return script(hookPath(name), text.startsWith('#!') ? `${text}\n` : `#!/bin/sh\n${text}\n`);
}

function startScript(project: Project, units: readonly Unit[]): string {
  const [switches, hosts] = byKind(units);
  return lines([
    ...head(project, `Starts ${project.name}: its switches, then its hosts in boot order.`),
    run(project, 'beforeProjectStart'),
    ...switches.map((name) => `./${name}/start`),
    run(project, 'beforeHostsStart'),
    ...hosts.map((name) => `./${name}/start "$@"`),
    run(project, 'afterHostsStart'),
    run(project, 'afterProjectStart'),
  ]);
}

function stopScript(project: Project, units: readonly Unit[]): string {
  const [switches, hosts] = byKind(units);
  return lines([
    ...head(
      project,
      `Stops ${project.name}: asks its hosts to shut down, waits a minute for them, then stops its switches.`,
    ),
    run(project, 'beforeProjectStop'),
    run(project, 'beforeHostsStop'),
    ...hosts.toReversed().map((name) => `./${name}/stop "$@"`),
    ...hosts.toReversed().map((name) => `./${name}/stop wait 60`),
    run(project, 'afterHostsStop'),
    ...switches.toReversed().map((name) => `./${name}/stop`),
    run(project, 'afterProjectStop'),
  ]);
}

function head(project: Project, what: string): string[] {
  return [
    '#!/bin/sh',
    `# ${what}`,
    'set -e',
    'cd -P -- "$(dirname -- "$0")"',
    `MLN_PROJECT=${quote(project.name)}`,
    'export MLN_PROJECT',
  ];
}

function run(project: Project, name: HookBlock): string | null {
  return project.hookBlocks[name] === undefined ? null : `./${hookPath(name)}`;
}

function byKind(units: readonly Unit[]): [switches: string[], hosts: string[]] {
  const names = (kind: Unit['kind']): string[] => units.filter((unit) => unit.kind === kind).map((unit) => unit.name);
  return [names('switch'), names('host')];
}

function lines(all: readonly (string | null)[]): string {
  return `${all.filter((line) => line !== null).join('\n')}\n`;
}

function script(path: string, text: string): PlannedFile {
  return { path, text, executable: true };
}
