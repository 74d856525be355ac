import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { isMlnError, programsCheck, type Check, type Finding, type Mln, type Shell } from '@mln/core';
import type { Network, SwitchProgram } from './uplink.js';

const group = 'networks to the outside';

const TUN = '/dev/net/tun';
const LIMIT = 5000;

/** The plug-in's options that say what hosts are joined with. */
interface Wanted {
  readonly network?: Network;
  readonly switch?: SwitchProgram;
}

/** What switches and guests are joined to the world with: useful, and needed where an option asks for it. */
export function outsideChecks(mln: Mln, need: Check['need'], wanted: Wanted): Check[] {
  const isRoot = process.getuid?.() === 0;
  const ifWanted = (is: boolean): Check['need'] => (is ? need : 'never');
  const byTap = ifWanted(wanted.network === 'tap');
  const tap = (): Promise<Finding> => tapFinding(mln.shell, isRoot);
  const namespaces = (): Promise<Finding> => namespaceFinding(mln.shell, isRoot);
  return [
    { id: 'tap', group, title: 'taps', need: byTap, run: tap },
    { id: 'namespaces', group, title: 'own network', need: 'never', run: namespaces },
    programsCheck(mln, { id: 'ip', group, title: 'ip', need: byTap, programs: ['ip'], version: ['ip', '-V'] }),
    programsCheck(mln, {
      id: 'slirp',
      group,
      title: 'slirp',
      need: ifWanted(wanted.network === 'slirp'),
      programs: ['slirp-fullbolt'],
    }),
    programsCheck(mln, {
      id: 'vde',
      group,
      title: 'vde_switch',
      need: ifWanted(wanted.switch === 'vde_switch'),
      programs: ['vde_switch'],
      version: ['vde_switch', '--version'],
    }),
  ];
}

/** The device is opened, and a tap is made in a network of its own, which goes with the program that made it. */
async function tapFinding(shell: Shell, isRoot: boolean): Promise<Finding> {
  try {
    await (await open(TUN, constants.O_RDWR)).close();
  } catch (error) {
    return notOpened((error as NodeJS.ErrnoException).code ?? '');
  }
  const made = await works(shell, ['ip', 'tuntap', 'add', 'dev', 'tap0', 'mode', 'tap'], isRoot);
  if (made !== null)
    return {
      state: 'warning',
      detail: `${TUN} opens, but no tap could be made to try it: ${made}`,
      remedy: 'modprobe tun (as root), and see that ip and unshare are installed',
    };
  return {
    state: 'ok',
    detail: isRoot
      ? `${TUN} gives taps`
      : `${TUN} gives taps; root makes them: ip tuntap add tap0 mode tap user ${userInfo().username}`,
  };
}

function notOpened(code: string): Finding {
  if (code === 'EACCES' || code === 'EPERM')
    return {
      state: 'missing',
      detail: `${TUN} may not be opened by this user`,
      remedy: `chmod 0666 ${TUN} (as root), as udev does it`,
    };
  return {
    state: 'missing',
    detail: code === 'ENOENT' ? `there is no ${TUN}` : `${TUN} cannot be opened: ${code}`,
    remedy: `modprobe tun (as root); in a container --device ${TUN}`,
  };
}

/** Where an ordinary user is root in a namespace, whole networks can be tried without touching the machine's. */
async function namespaceFinding(shell: Shell, isRoot: boolean): Promise<Finding> {
  const refused = await works(shell, ['true'], isRoot);
  if (refused === null)
    return { state: 'ok', detail: `network namespaces, by unshare ${isRoot ? '-n' : '-Urn (user namespaces)'}` };
  const settings = ['kernel.unprivileged_userns_clone=1', 'kernel.apparmor_restrict_unprivileged_userns=0'];
  const closed = await Promise.all(settings.map(isOtherwise));
  const setting = settings.find((_, index) => closed[index]) ?? 'user.max_user_namespaces=10000';
  return {
    state: 'missing',
    detail: `no network namespace of one’s own: ${refused}`,
    remedy: isRoot ? 'give the container the capability: --cap-add SYS_ADMIN' : `sysctl ${setting} (as root)`,
  };
}

/** Runs a program in a new network namespace; gives what went wrong, or null. */
async function works(shell: Shell, command: readonly string[], isRoot: boolean): Promise<string | null> {
  try {
    await shell('unshare', [isRoot ? '-n' : '-Urn', ...command], { timeout: LIMIT });
    return null;
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return error.message;
  }
}

/** Whether a sysctl, given as `name=value`, is there and has another value. */
async function isOtherwise(setting: string): Promise<boolean> {
  const [name = '', wanted] = setting.split('=');
  const found = await readFile(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').catch(() => wanted);
  return found?.trim() !== wanted;
}
