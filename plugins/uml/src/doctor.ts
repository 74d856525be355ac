import {
  formatSize,
  missingPrograms,
  programsCheck,
  type Check,
  type Checks,
  type Finding,
  type Mln,
  type Scratch,
} from '@mln/core';
import { memoryCheck } from './doctor-memory.js';
import { outsideChecks } from './doctor-outside.js';
import { bootProbe, type Probe } from './doctor-probe.js';
import { whyNot } from './doctor-reasons.js';
import { roomCheck } from './doctor-room.js';
import type { Network, SwitchProgram } from './uplink.js';

const group = 'User-Mode Linux guests';

/** Seconds for a guest to boot on a busy machine, with its end. */
const BOOT_LIMIT = 50;

/** The plug-in's options, as far as they say what is needed. */
export interface Wanted {
  readonly default?: boolean;
  readonly network?: Network;
  readonly switch?: SwitchProgram;
}

/** What the guests need. Those that name no hypervisor are ours by option: then everybody needs it. */
export function addChecks(checks: Checks, mln: Mln, options: Wanted): void {
  const { switch: program = 'uml_switch' } = options;
  const need = options.default === true ? 'always' : 'asked';
  checks.add(
    programsCheck(mln, {
      id: 'kernel',
      group,
      title: 'kernel',
      need,
      programs: ['linux.uml'],
      version: ['linux.uml', '--version'],
    }),
    programsCheck(mln, { id: 'tools', group, title: 'tools', need, programs: ['uml_switch', 'uml_mconsole'] }),
    programsCheck(mln, {
      id: 'setarch',
      group,
      title: 'setarch',
      need,
      programs: ['setarch', 'setsid', 'flock'],
      version: ['setarch', '--version'],
    }),
    memoryCheck(group, need, mln.shell),
    ...probeChecks(mln, need, program),
    roomCheck(group, need),
    ...outsideChecks(mln, need, options),
    terminalCheck(mln, 'screen', ['screen'], ['screen', '-v']),
    terminalCheck(mln, 'xterm', ['xterm', 'script'], ['xterm', '-version']),
  );
}

/** One guest is booted for all of them. The first tells why it has not booted, the others only that nothing is known. */
function probeChecks(mln: Mln, need: Check['need'], program: SwitchProgram): Check[] {
  let booted: Promise<Probe | Finding> | undefined;
  const boot = (scratch: Scratch): Promise<Probe | Finding> => (booted ??= bootIfThere(mln, scratch, program));
  const check = (id: string, under: string, title: string, run: Check['run']): Check => ({
    id,
    group: under,
    title,
    need,
    limit: BOOT_LIMIT,
    run,
  });
  const ifBooted =
    (judge: (probe: Probe) => Finding): Check['run'] =>
    async (scratch) => {
      const probe = await boot(scratch).catch(() => null);
      return probe === null || 'state' in probe || probe.release === null
        ? { state: 'missing', detail: 'not tried: no guest boots' }
        : judge(probe);
    };
  return [
    check('boot', group, 'a guest boots', async (scratch) => {
      const probe = await boot(scratch);
      return 'state' in probe ? probe : judgeBoot(probe);
    }),
    check('control', group, 'it answers', ifBooted(judgeAnswer)),
    check('cow', 'copy-on-write disks', 'of a guest', ifBooted(judgeDisk)),
    check(
      'switch',
      'networks of a project',
      'switch',
      ifBooted((probe) => judgeSwitch(probe, program)),
    ),
  ];
}

async function bootIfThere(mln: Mln, scratch: Scratch, program: SwitchProgram): Promise<Probe | Finding> {
  const missing = await missingPrograms(mln, ['linux.uml', 'setarch', 'setsid', 'mke2fs']);
  return missing.length === 0
    ? bootProbe(mln, scratch, program)
    : { state: 'missing', detail: `not tried: without ${missing.join(', ')}` };
}

function judgeBoot(probe: Probe): Finding {
  const { release, seconds, memory, root } = probe;
  if (release === null) return whyNot(probe);
  const parts = [
    `Linux ${release} in ${seconds.toFixed(1)} s`,
    ...(memory === null ? [] : [`${formatSize(memory)} of memory`]),
    ...(root === 'host' ? ['on the files of this machine, as there is no static busybox'] : []),
  ];
  return { state: 'ok', detail: parts.join(', ') };
}

function judgeAnswer({ answer }: Probe): Finding {
  return answer.startsWith('OK')
    ? { state: 'ok', detail: 'to uml_mconsole' }
    : {
        state: 'missing',
        detail: `its kernel does not answer uml_mconsole${answer === '' ? '' : `: ${answer}`}`,
        remedy: 'keep projects on a local filesystem (-P FOLDER): their sockets have to work there',
        packages: [],
      };
}

function judgeDisk({ disk, cow }: Probe): Finding {
  return disk && cow !== null
    ? { state: 'ok', detail: `a disk over an image, ${formatSize(cow)} of its own` }
    : {
        state: 'missing',
        detail: disk ? 'the kernel made no copy-on-write disk' : 'a guest cannot write on its copy-on-write disk',
        remedy: 'keep projects on a local filesystem that keeps holes, such as ext4: -P FOLDER',
      };
}

function judgeSwitch(probe: Probe, program: SwitchProgram): Finding {
  if (probe.switch === null) return { state: 'missing', detail: `not tried: without ${program}` };
  if (probe.switch !== 'listens')
    return {
      state: 'missing',
      detail: `${program} does not listen in the projects folder: ${probe.switch || 'it said nothing'}`,
      remedy: 'keep projects on a local filesystem (-P FOLDER): their sockets have to work there',
    };
  return probe.card
    ? { state: 'ok', detail: `a guest’s network card is connected to ${program}` }
    : {
        state: 'missing',
        detail: `a guest’s network card cannot be connected to ${program}`,
        remedy: `use kernel and ${program} of one release of Debian`,
      };
}

function terminalCheck(
  mln: Mln,
  id: string,
  programs: readonly string[],
  version: readonly [string, ...string[]],
): Check {
  return programsCheck(mln, {
    id,
    group: 'consoles in a window (term)',
    title: id,
    need: 'never',
    programs,
    version,
  });
}
