import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure } from '../../errors.js';
import type { Mln } from '../../kernel.js';
import { statusesOf } from '../../monitor.js';
import { unitsOf, type Project, type Unit } from '../../project.js';
import { listProjects, requireState } from '../../state.js';
import { isHere, isThisServer, serversOf, type Server } from '../../servers.js';
import { unknownStatus, type Look, type Status } from '../../status.js';
import { table } from '../../terminal.js';
import { formatSize } from '../../values.js';
import { eachProject } from '../each-project.js';
import { listOption, textOption } from '../choose.js';

/** One line of what is shown. */
export interface Shown {
  readonly project: string;
  readonly unit: Pick<Unit, 'kind' | 'name' | 'hypervisor'>;
  /** Where it is. */
  readonly servers: readonly Server[];
  readonly status: Status;
}

export async function status(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln } = context;
  const { projects } = mln.folders;
  const name = textOption(options, 'project') ?? args[0];
  const names = name === undefined ? await listProjects(projects) : [name];
  const all: Shown[] = [];
  const look: Look = { usage: true };
  const read = await eachProject(names, async (each) => {
    const { project } = await requireState(projects, each);
    const units = chosenUnits(project, options, name !== undefined).filter(
      (unit) => options['here'] !== true || isHere(mln, unit, project),
    );
    const statuses = await statusesOf(mln, project, units, look);
    for (const unit of units)
      all.push({
        project: each,
        unit,
        servers: serversOf(unit, project),
        status: statuses.get(unit.name) ?? unknownStatus,
      });
    return Exit.done;
  });
  const told = tellStatus(context, all, options);
  return read === Exit.done ? told : read;
}

/** Shows what was found of some units, as the options of the verb say; gives the exit code. */
export function tellStatus(
  { mln, terminal }: CommandContext,
  all: readonly Shown[],
  options: CommandOptions,
): ExitCode {
  const shown = all.filter(
    ({ status: { state } }) =>
      (options['up'] !== true || state === 'up') && (options['down'] !== true || state === 'down'),
  );
  if (options['json'] === true)
    terminal.json({
      apiVersion: 'mln/v1',
      kind: 'Status',
      items: shown.map(({ project, unit, servers, status: found }) => ({
        project,
        kind: unit.kind,
        name: unit.name,
        hypervisor: unit.hypervisor,
        servers: servers.filter((server) => server !== null),
        ...found,
      })),
    });
  else if (shown.length > 0) terminal.print(table(shown.map((each) => row(mln, each))));
  return options['check'] === true && shown.some(({ status: { state } }) => state !== 'up') ? Exit.asked : Exit.done;
}

/** -h and -s choose; a name that a project named by -p does not have is an error. */
function chosenUnits(project: Project, options: CommandOptions, strict: boolean): readonly Unit[] {
  const [hosts, switches] = [listOption(options, 'host'), listOption(options, 'switch')];
  if (!hosts && !switches) return unitsOf(project);
  const wanted = { host: hosts ?? [], switch: switches ?? [] };
  const found = unitsOf(project).filter((unit) => wanted[unit.kind].includes(unit.name));
  const missing = [...wanted.host, ...wanted.switch].find((each) => !found.some((unit) => unit.name === each));
  if (strict && missing !== undefined)
    throw failure('MLN_NO_UNIT', `the project ${project.name} has no host or switch ${missing}`);
  return found;
}

function row(mln: Mln, { project, unit, servers, status }: Shown): string[] {
  const { state, ready, memory, cpu, cpuPercent, network, detail } = status;
  const elsewhere = servers.some((server) => !isThisServer(mln, server));
  const more = [
    elsewhere ? `on ${servers.map((server) => server ?? 'this machine').join(' and ')}` : null,
    ready === null || state !== 'up' ? null : ready ? 'ready' : 'booting',
    memory === null ? null : formatSize(memory),
    cpu === null ? null : `${cpu.toFixed(1)} s CPU`,
    cpuPercent == null ? null : `${Math.round(cpuPercent * 10) / 10}% CPU`,
    network ? `${formatSize(network.received)} received, ${formatSize(network.sent)} sent` : null,
    detail,
  ];
  return [project, unit.kind, unit.name, state, more.filter((part) => part !== null).join(', ')];
}
