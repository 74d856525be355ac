import { failure, isMlnError, isThisServer, readState, type Mln } from '@mln/core';
import { LOCAL } from '../client/local.js';
import type { Called } from './verbs.js';

/** The server where a project that is built here has its home, where that is another than this machine; else null. */
export async function homeElsewhere(mln: Mln, name: string): Promise<string | null> {
  const state = await readState(mln.folders.projects, name).catch((error: unknown) => {
    // The verb itself says what is wrong with it.
    if (isMlnError(error)) return null;
    throw error;
  });
  const home = state?.project.home ?? null;
  if (home === null || isThisServer(mln, home)) return null;
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
  context.terminal.note(`${name} is at home on ${home}: that server does it`);
}

/** A server as it is called in a sentence. */
export function serverText(server: string): string {
  return server === LOCAL ? 'the daemon of this machine' : server;
}
