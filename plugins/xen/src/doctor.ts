import { missingPrograms, type Check, type Checks, type Finding, type Mln } from '@mln/core';
import type { Options } from './claim.js';

const group = 'Xen';
const LIMIT = 5000;

/** Whether Xen is there. Whoever gives the plug-in its option bridge means to use it. */
export function addChecks(checks: Checks, mln: Mln, { bridge }: Options): void {
  const need: Check['need'] = bridge === undefined ? 'asked' : 'always';
  checks.add({ id: 'xl', group, title: 'toolstack', need, run: () => toolstack(mln) });
  if (bridge !== undefined)
    checks.add({ id: 'bridge', group, title: `bridge ${bridge}`, need, run: () => bridgeFinding(mln, bridge) });
}

/** Asks the hypervisor itself: xl(1) is there on many machines that have not booted it. */
async function toolstack(mln: Mln): Promise<Finding> {
  if ((await missingPrograms(mln, ['xl'])).length > 0)
    return {
      state: 'missing',
      detail: 'not here: xl is not installed',
      remedy: 'apt-get install xen-system-amd64, and boot the hypervisor',
      packages: ['xen-system-amd64'],
    };
  const { exitCode, stdout, stderr } = await mln.shell('xl', ['info'], { accept: anyExit, timeout: LIMIT });
  const value = (name: string): string => new RegExp(`^${name} *: *(.*)$`, 'm').exec(stdout)?.[1]?.trim() ?? '';
  if (exitCode === 0)
    return {
      state: 'ok',
      detail: `Xen ${value('xen_version')}, ${value('free_memory')} of ${value('total_memory')} MiB free, ${value('nr_cpus')} processors`,
    };
  const denied = /permission denied|must be root|not permitted/i.test(stderr);
  return {
    state: 'missing',
    detail: `xl info fails: ${stderr.trim().split('\n').at(-1) || `it ended with ${exitCode}`}`,
    remedy: denied ? 'run mln as root' : 'boot the machine with the Xen hypervisor',
  };
}

async function bridgeFinding(mln: Mln, bridge: string): Promise<Finding> {
  const { exitCode } = await mln.shell('ip', ['link', 'show', 'dev', bridge, 'type', 'bridge'], {
    accept: anyExit,
    timeout: LIMIT,
  });
  return exitCode === 0
    ? { state: 'ok', detail: 'is there' }
    : {
        state: 'missing',
        detail: `the machine has no bridge ${bridge}`,
        remedy: `ip link add ${bridge} type bridge (as root), or correct the option bridge`,
      };
}

const anyExit = Array.from({ length: 256 }, (_, code) => code);
