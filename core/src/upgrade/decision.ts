import { randomBytes } from 'node:crypto';
import { link, lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, systemFailure } from '../errors.js';
import { readIfThere, syncFolder, writeAtomically } from '../files.js';
import type { Mln } from '../kernel.js';
import { isHere } from '../servers.js';
import { readStateIn } from '../state.js';
import { upgradeFolder } from './places.js';

/*
 * Of a host that moves two servers must never believe that it is theirs. The one that takes it decides: its upgrade takes
 * its place, or whoever is in doubt asks it and has it refuse for ever. Both make one file; who is first wins.
 */

const FILE = '.decision';

/** What was decided; null where nothing is yet. */
export async function decisionIn(directory: string): Promise<'commit' | 'refuse' | null> {
  const text = await readIfThere(join(upgradeFolder(directory), FILE));
  return text === 'commit' || text === 'refuse' ? text : null;
}

/** Decides, where nobody has before; gives what counts. The file has its name only when it is whole. */
async function decide(directory: string, decision: 'commit' | 'refuse'): Promise<'commit' | 'refuse'> {
  const folder = upgradeFolder(directory);
  const path = join(folder, `${FILE}.${randomBytes(4).toString('hex')}`);
  try {
    // Whoever asks may be root, where another user's upgrade is to read it.
    await writeAtomically(path, decision, 0o644);
    await link(path, join(folder, FILE)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
    await rm(path, { force: true });
    await syncFolder(folder);
  } catch (error) {
    throw systemFailure(error, `what was decided cannot be written into ${folder}`);
  }
  return (await decisionIn(directory)) ?? 'refuse';
}

/** Decides that an upgrade takes its place. Throws where somebody in doubt has asked before. */
export async function decideCommit(directory: string, project: string): Promise<void> {
  if ((await decide(directory, 'commit')) === 'commit') return;
  throw failure('MLN_PARTLY', `the upgrade of ${project} was given up on another server while it was under way`, {
    hint: 'give the command again',
  });
}

/**
 * Whether hosts of a project are this server's by now, or will be; where they are not, an upgrade that would make them so
 * finds itself refused. Given is the project's folder; nobody needs to hold its lock.
 */
export async function ownsOrRefuses(
  mln: Pick<Mln, 'configuration'>,
  directory: string,
  hosts: readonly string[],
): Promise<boolean> {
  const state = await readStateIn(directory);
  const owns = (name: string): boolean => {
    const host = state?.project.hosts.find((each) => each.name === name);
    return host !== undefined && state !== null && isHere(mln, host, state.project);
  };
  if (hosts.every(owns)) return true;
  const staging = await lstat(upgradeFolder(directory)).catch(() => null);
  return staging?.isDirectory() === true && (await decide(directory, 'refuse')) === 'commit';
}
