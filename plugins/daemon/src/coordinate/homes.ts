import { failure, isMlnError, isThisServer, readState, type Mln, type Project } from '@mln/core';
import { LOCAL } from '../client/local.js';
import { guestFolders } from '../operations/guest-user.js';
import { placesOf, type Options } from '../options.js';
import type { Called } from './verbs.js';

/** A project that is built here, and the folder of projects that it lies in. */
export interface Kept {
  readonly project: Project;
  readonly folder: string;
}

/** Looks a project up: in the folder of projects, then in those of the users whose guests run here. Null where it is in none. */
export async function keptHere(mln: Mln, options: Options, name: string): Promise<Kept | null> {
  const { folders } = mln;
  for (const folder of [folders.projects, ...(await guestFolders(placesOf(options, folders)))]) {
    const state = await readState(folder, name).catch((error: unknown) => {
      // The verb itself says what is wrong with it.
      if (isMlnError(error)) return null;
      throw error;
    });
    if (state) return { project: state.project, folder };
  }
  return null;
}

/**
 * The server that has to be asked for a project that is built here: its home, where that is another than this machine; this
 * machine's own daemon where it is at home here and runs as a user of its own. Null where it is this very process's affair.
 */
export async function homeElsewhere(mln: Mln, options: Options, name: string): Promise<string | null> {
  const kept = await keptHere(mln, options, name);
  const home = kept?.project.home ?? null;
  if (home === null || isThisServer(mln, home))
    return kept === null || kept.folder === mln.folders.projects ? null : LOCAL;
  if (!home.startsWith('~')) return home;
  throw failure(
    'MLN_NO_SERVER',
    `${name} is at home with ${home.slice(1)}, on a machine that is no server and cannot be asked`,
    { hint: `${home.slice(1)} gives this command there; with --here it is done for what is on this machine` },
  );
}

/** Which server `--on` names; that of `--background` alone is this machine's own. Null where neither is given. */
export function chosenServer({ given }: Pick<Called, 'given'>): string | null {
  const on = given['on'];
  if (given['here'] === true && (on !== undefined || given['background'] === true))
    throw failure('MLN_USAGE', '--here is for this machine: it goes with neither --on nor --background');
  return typeof on === 'string' ? on : null;
}

/** Says on stderr that a command goes to a project's home. */
export function tellHome({ context }: Called, name: string, home: string): void {
  context.terminal.note(
    home === LOCAL ? `the daemon of this machine does it` : `${name} is at home on ${home}: that server does it`,
  );
}

/** A server as it is called in a sentence. */
export function serverText(server: string): string {
  return server === LOCAL ? 'the daemon of this machine' : server;
}
