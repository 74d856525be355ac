import { userInfo } from 'node:os';
import { failure, type Shell } from '@mln/core';
import { enter, type Mode } from './debian-script.js';

export interface Chosen {
  readonly mode: Mode;
  /** Why it is not a better one; null where there is none. */
  readonly why: string | null;
}

/** Finds the way to build by trying it. Throws MLN_NO_PROGRAM and MLN_NOT_ALLOWED where none is open. */
export async function chooseMode(shell: Shell, uid = process.getuid?.() ?? 0): Promise<Chosen> {
  await shell('mmdebstrap', ['--version']);
  const best = uid === 0 ? 'root' : 'unshare';
  const tried = await attempt(shell, 'setpriv', [...enter(best), 'mount', '-t', 'tmpfs', 'mln', '/tmp']);
  if (tried === null) return { mode: best, why: null };
  const { why, hint } = await reason(shell, uid, tried);
  for (const program of ['fakechroot', 'fakeroot'])
    if ((await attempt(shell, program, ['--version'])) !== null)
      throw failure('MLN_NOT_ALLOWED', `nobody here can build as root: ${why}, and ${program} is not installed`, {
        hint: `${hint}; or, on Debian: apt-get install fakechroot fakeroot`,
      });
  return { mode: 'fakechroot', why };
}

/** Null where a program did what it should; else its last word. */
async function attempt(shell: Shell, program: string, args: readonly string[]): Promise<string | null> {
  try {
    await shell(program, args);
    return null;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n').at(-1) ?? '') : String(error);
  }
}

async function reason(shell: Shell, uid: number, tried: string): Promise<{ why: string; hint: string }> {
  if (uid === 0) return { why: `there are no mount namespaces (${tried})`, hint: 'do it on the machine itself' };
  if ((await attempt(shell, 'sh', ['-c', 'command -v newuidmap'])) !== null)
    return { why: 'newuidmap is not installed', hint: 'on Debian: apt-get install uidmap' };
  const user = userInfo({ encoding: 'utf8' }).username;
  if ((await attempt(shell, 'grep', ['-qE', `^(${user}|${uid}):`, '/etc/subuid', '/etc/subgid'])) !== null)
    return {
      why: `${user} has no subordinate ids`,
      hint: `as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${user}`,
    };
  return { why: `there are no user namespaces (${tried})`, hint: 'see user_namespaces(7)' };
}
