import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, systemFailure } from '../errors.js';
import { readIfThere, syncFolder } from '../files.js';
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
async function decisionIn(directory: string): Promise<'commit' | 'refuse' | null> {
  const text = await readIfThere(join(upgradeFolder(directory), FILE));
  return text === 'commit' || text === 'refuse' ? text : null;
}

/** Decides, where nobody has before; gives what counts. */
async function decide(directory: string, decision: 'commit' | 'refuse'): Promise<'commit' | 'refuse'> {
  const folder = upgradeFolder(directory);
  try {
    const file = await open(join(folder, FILE), 'wx', 0o600);
    try {
      await file.writeFile(decision);
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(folder);
    return decision;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw systemFailure(error, `what was decided cannot be written into ${folder}`);
    // One that was cut off while it was written counts for nothing that was done.
    return (await decisionIn(directory)) ?? 'refuse';
  }
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
  return existsSync(upgradeFolder(directory)) && (await decide(directory, 'refuse')) === 'commit';
}
