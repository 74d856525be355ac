import { chmod, chown, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failure, isHere, unitsOf, type Mln, type Project, type Shell } from '@mln/core';
import type { Options, Places } from '../options.js';
import type { Principal } from '../protocol.js';
import type { Run } from './folder.js';

/** The user as whom guests of others run, where no other is configured. */
const USUAL = 'mln-guest';

/** What is needed to decide as whom something runs. */
export interface Ground {
  readonly mln: Mln;
  readonly options: Options;
  readonly places: Places;
  /** Whether this process may become somebody else. */
  readonly root: boolean;
}

/**
 * As whom a project is carried out that is built for somebody: User-Mode Linux guests of others run as a user of their own,
 * where the daemon could run them as root. Throws MLN_DAEMON where there is no such user.
 */
export async function runFor(ground: Ground, project: Project, principal: Principal): Promise<Run> {
  const { mln, root } = ground;
  const here = unitsOf(project).filter((unit) => isHere(mln, unit, project));
  if (!root || principal.kind === 'local' || here.some(({ hypervisor }) => hypervisor !== 'uml')) return ownRun(ground);
  return guestRun(ground, ground.options.guestUser ?? USUAL);
}

/** As the daemon's own user, with the server's own folders. */
export function ownRun({ mln: { folders } }: Pick<Ground, 'mln'>): Run {
  return { user: null, projects: folders.projects, templates: folders.templates };
}

/** As whom a project is carried out that lies in a projects folder. */
export async function runIn(ground: Ground, projects: string): Promise<Run> {
  const own = ownRun(ground);
  return projects === own.projects ? own : guestRun(ground, dirname(projects).split('/').at(-1) ?? '');
}

/** The projects folders of users whose guests run here. */
export async function guestFolders({ state }: Places): Promise<readonly string[]> {
  const users = await readdir(join(state, 'users')).catch(() => []);
  return users.map((user) => join(state, 'users', user, 'projects'));
}

async function guestRun({ mln, places }: Ground, name: string): Promise<Run> {
  const { uid, gid } = await findUser(mln.shell, name);
  const folder = join(places.state, 'users', name);
  await searchable(dirname(places.state));
  for (const path of [places.state, join(places.state, 'users'), join(places.state, 'operations')])
    await searchable(path);
  await ownFolder(folder, 0, gid, 0o750);
  const [projects, templates] = [join(folder, 'projects'), join(folder, 'templates')];
  for (const path of [projects, templates]) await ownFolder(path, uid, gid, 0o700);
  return { user: { name, uid, gid }, projects, templates };
}

/** Looks a user of the system up, wherever it keeps them: getent(1). */
async function findUser(shell: Shell, name: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const { stdout } = await shell('getent', ['passwd', name], { accept: [0, 2] });
  const [, , uid = '', gid = ''] = stdout.split(':');
  if (/^\d+$/.test(uid) && /^\d+$/.test(gid) && uid !== '0') return { uid: Number(uid), gid: Number(gid) };
  throw failure('MLN_DAEMON', `guests of others cannot run here: there is no user ${name}`, {
    hint: `mln setup --service-host makes it, as does useradd --system --user-group --shell /bin/false ${name} (as root)`,
  });
}

/** Others may go through it to what is theirs, and not see what else is there. */
async function searchable(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o711 });
  const { mode } = await stat(path);
  if ((mode & 0o011) !== 0o011) await chmod(path, (mode & 0o7777) | 0o011);
}

async function ownFolder(path: string, uid: number, gid: number, mode: number): Promise<void> {
  if ((await mkdir(path, { recursive: true, mode })) === undefined) return;
  await chown(path, uid, gid);
  await chmod(path, mode);
}
