import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { formatSize, missingPrograms, MiB, type Check, type Checks, type Finding, type Mln } from '@mln/core';
import { kernelOf, ramdiskOf, type Options } from './guest-type.js';
import { readOf, thisMachine, type Machine } from './monitor-machine.js';
import { givenUp, readInfo } from './xl-info.js';
import { listCommand, readDomains } from './xl-list.js';

const group = 'Xen';
const LIMIT = 5000;
/** Bytes: with less left, hardly a guest finds room. */
const LITTLE = 128 * MiB;

/** Whether Xen is there, and what guests need of the machine. Whoever gives the plug-in its option bridge means to use it. */
export function addChecks(checks: Checks, mln: Mln, options: Options, machine: Machine = thisMachine()): void {
  const { bridge } = options;
  const need: Check['need'] = bridge === undefined ? 'asked' : 'always';
  checks.add(
    { id: 'xl', group, title: 'toolstack', need, run: () => toolstack(mln) },
    { id: 'memory', group, title: 'memory', need: 'never', run: () => memoryFinding(mln, machine) },
    { id: 'kernel', group, title: 'kernel', need, run: () => Promise.resolve(kernelFinding(options, machine)) },
  );
  if (bridge !== undefined)
    checks.add({ id: 'bridge', group, title: `bridge ${bridge}`, need, run: () => bridgeFinding(mln, bridge) });
}

const notInstalled: Finding = {
  state: 'missing',
  detail: 'not here: xl is not installed',
  remedy: 'apt-get install xen-system-amd64, and boot the hypervisor',
  packages: ['xen-system-amd64'],
};

/** Asks the hypervisor itself: xl(1) is there on many machines that have not booted it. */
async function toolstack(mln: Mln): Promise<Finding> {
  if ((await missingPrograms(mln, ['xl'])).length > 0) return notInstalled;
  const { exitCode, stdout, stderr } = await mln.shell('xl', ['info'], { accept: anyExit, timeout: LIMIT });
  const info = readInfo(stdout);
  if (exitCode === 0)
    return {
      state: 'ok',
      detail: `Xen ${info.version}, ${info.free / MiB} of ${info.total / MiB} MiB free, ${info.processors} processors`,
    };
  const denied = /permission denied|must be root|not permitted/i.test(stderr);
  return {
    state: 'missing',
    detail: `xl info fails: ${stderr.trim().split('\n').at(-1) || `it ended with ${exitCode}`}`,
    remedy: denied ? 'run mln as root' : 'boot the machine with the Xen hypervisor',
  };
}

/** What is left for further guests, with what Domain-0 gives up for them. */
async function memoryFinding(mln: Mln, machine: Machine): Promise<Finding> {
  if ((await missingPrograms(mln, ['xl'])).length > 0) return { ...notInstalled, detail: 'is not known without xl' };
  const run = (...args: string[]) => mln.shell('xl', args, { accept: anyExit, timeout: LIMIT });
  const [told, listed] = [await run('info'), await run(...listCommand)];
  if (told.exitCode !== 0 || listed.exitCode !== 0)
    return { state: 'missing', detail: 'is not known: xl cannot ask the hypervisor' };
  const info = readInfo(told.stdout);
  const dom0 = readDomains(listed.stdout).find(({ id }) => id === 0)?.memory ?? 0;
  const more = givenUp(dom0, info.commandLine, readOf(machine, 'etc/xen/xl.conf') ?? '');
  const detail = `${formatSize(info.free)} free for guests${more > 0 ? `, and ${formatSize(more)} that Domain-0 gives up` : ''}`;
  if (info.free + more >= LITTLE) return { state: 'ok', detail };
  return {
    state: 'warning',
    detail,
    remedy: 'stop other guests, or boot Xen with less for Domain-0: dom0_mem=2G,max:2G on its command line',
  };
}

/** What hosts boot that name no kernel. */
function kernelFinding(options: Options, { root }: Machine): Finding {
  const usual = { keywords: { hvm: false } };
  const files = [kernelOf(usual, options), ramdiskOf(usual, options)].filter((path) => path !== null);
  const missing = files.filter((path) => !isReadable(join(root, path)));
  if (missing.length === 0) return { state: 'ok', detail: files.join(', ') };
  return {
    state: 'missing',
    detail: `not here, or not readable: ${missing.join(', ')}`,
    remedy: 'apt-get install linux-image-amd64, or give the xen plug-in its options kernel and ramdisk',
  };
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
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
