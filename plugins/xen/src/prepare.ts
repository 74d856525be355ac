import {
  Exit,
  failure,
  isMlnError,
  MlnError,
  Problems,
  type Host,
  type Mln,
  type Operation,
  type Outcome,
  type Part,
} from '@mln/core';
import type { Options } from './guest-type.js';
import { domainUuid } from './identity.js';
import { roleOf, thisMachine, type Machine } from './monitor-machine.js';
import { checkBridges, checkFiles, checkMemory } from './prepare-checks.js';
import { readInfo, type XenInfo } from './xl-info.js';
import { listCommand, readDomains, type Domain } from './xl-list.js';

/** Milliseconds that xl may take. */
const LIMIT = 30_000;

/**
 * Looks whether the hosts of a part can be started, or stopped, before anything is touched; throws all that is in the
 * way at once. What already runs is not asked for anything.
 */
export async function prepare(
  mln: Mln,
  options: Options,
  operation: Operation,
  part: Part,
  machine: Machine = thisMachine(),
): Promise<Outcome | undefined> {
  const { name } = operation;
  if (part.phase !== 'prepare' || part.server !== null || !['start', 'stop'].includes(name)) return undefined;
  const units = part.units.filter(({ hypervisor }) => hypervisor === 'xen');
  if (units.length === 0) return undefined;
  refuseOthers(
    name,
    part,
    units.map((unit) => unit.name),
    machine,
  );
  const hosts = units.filter((unit) => unit.kind === 'host');
  if (name === 'start' && hosts.length > 0) await prepareStart(mln, options, { ...part, units: hosts }, machine);
  return undefined;
}

function refuseOthers(name: string, { project }: Part, units: readonly string[], { uid }: Machine): void {
  if (uid === 0) return;
  throw failure('MLN_NOT_ALLOWED', `only root may ${name} guests of Xen and their bridges: ${units.join(', ')}`, {
    hint: `as root: mln ${name} -p ${project.name}`,
  });
}

async function prepareStart(mln: Mln, options: Options, part: Part, machine: Machine): Promise<void> {
  const { project } = part;
  const problems = new Problems();
  const xen = await askXen(mln, problems, machine);
  const running = new Set(xen?.domains.filter(({ reason }) => reason === null).map(({ uuid }) => uuid));
  const hosts = part.units.filter(
    (unit): unit is Host => unit.kind === 'host' && !running.has(domainUuid(unit, project)),
  );
  checkFiles(hosts, options, problems, machine);
  checkBridges(hosts, problems, machine);
  if (xen) checkMemory(hosts, xen, problems, machine);
  if (problems.hasErrors) throw new MlnError(problems.all, { exit: Exit.failed });
}

/** What the hypervisor says; null, and a problem, where it does not run or cannot be asked. */
async function askXen(
  { shell }: Mln,
  problems: Problems,
  machine: Machine,
): Promise<{ info: XenInfo; domains: readonly Domain[] } | null> {
  const role = roleOf(machine);
  if (role !== 'dom0') {
    problems.error('MLN_NO_HYPERVISOR', notDom0[role], { hint: notDom0Hint[role] });
    return null;
  }
  try {
    const info = await shell('xl', ['info'], { timeout: LIMIT });
    const list = await shell('xl', listCommand, { timeout: LIMIT });
    return { info: readInfo(info.stdout), domains: readDomains(list.stdout) };
  } catch (error) {
    if (!isMlnError(error)) throw error;
    if (error.code === 'MLN_NO_PROGRAM') problems.addAll(error.problems);
    else
      problems.error('MLN_NO_HYPERVISOR', `Xen runs, and does not answer: ${error.message}`, {
        hint: /xenstore|xs_open/i.test(error.message)
          ? 'its daemon xenstored does not run: systemctl start xen (or service xen start)'
          : 'see what xl info says',
      });
    return null;
  }
}

const notDom0 = {
  none: 'this machine has not been booted with Xen',
  guest: 'this machine is itself a guest of Xen, and runs none',
} as const;

const notDom0Hint = {
  none: 'apt-get install xen-system-amd64, and boot the entry with Xen; mln build --rehearse tries the project without it',
  guest: 'start the project on the physical host; mln build --rehearse tries it without Xen',
} as const;
