import { isMlnError, missingPrograms, programsCheck, type Checks, type Finding, type Mln } from '@mln/core';
import { chooseMode } from './debian-mode.js';
import { findBusybox } from './tiny.js';

const group = 'templates';

/** What the recipes of templates need; templates can also be added that others have made. */
export function addChecks(checks: Checks, mln: Mln): void {
  checks.add(
    { id: 'tiny', group, title: 'tiny', need: 'never', run: () => tinyFinding(mln) },
    programsCheck(mln, {
      id: 'mmdebstrap',
      group,
      title: 'debian',
      need: 'never',
      programs: ['mmdebstrap', 'setpriv', 'unshare'],
      version: ['mmdebstrap', '--version'],
    }),
    { id: 'debian', group, title: 'debian’s users', need: 'never', run: () => debianFinding(mln) },
  );
}

/** The recipe's own question is asked: is there a busybox that stands alone? */
async function tinyFinding(mln: Mln): Promise<Finding> {
  try {
    const path = await findBusybox(mln);
    const { stdout } = await mln.shell(path, ['--help'], { timeout: 5000 });
    return { state: 'ok', detail: `${path} ${/v(\d\S*)/.exec(stdout)?.[1] ?? ''}`.trim() };
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return { state: 'missing', detail: error.message, packages: ['busybox-static'] };
  }
}

const ways = {
  root: 'root in a mount namespace',
  unshare: 'a user namespace with subordinate ids',
  fakechroot: 'fakechroot',
} as const;

/** The recipe's own choice is made, which tries the namespaces. */
async function debianFinding(mln: Mln): Promise<Finding> {
  if ((await missingPrograms(mln, ['mmdebstrap'])).length > 0)
    return { state: 'missing', detail: 'not tried: without mmdebstrap' };
  try {
    const { mode, why } = await chooseMode(mln.shell);
    if (why === null) return { state: 'ok', detail: ways[mode] };
    return {
      state: 'warning',
      detail: `${ways[mode]}, which takes twice as long: ${why}`,
      remedy: `for a quicker way: ${why.includes('newuidmap') ? 'apt-get install uidmap' : 'see user_namespaces(7) and subuid(5)'}`,
    };
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return { state: 'missing', detail: error.message, remedy: error.problems[0]?.hint };
  }
}
