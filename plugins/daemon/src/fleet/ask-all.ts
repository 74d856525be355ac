import { isMlnError, type Mln } from '@mln/core';
import { LOCAL } from '../client/client.js';
import { fleetClient } from '../client/shared.js';
import { placesOf, type Options } from '../options.js';
import { guestFolders } from '../operations/guest-user.js';
import type { Daemon } from '../server/route.js';

/** What a server has answered, or why it has not. */
export interface Answer<T> {
  readonly server: string;
  readonly value: T | null;
  readonly reason: string | null;
}

/** The parts of a daemon that answer questions; a command has them too, where no daemon runs. */
export type Ground = Pick<Daemon, 'mln' | 'options' | 'name' | 'projectFolders'>;

/**
 * Asks all configured servers, and this machine: all at once, none longer than the limit. Where no daemon runs here, this
 * machine is looked at by the command itself.
 */
export async function askAll<T>(
  mln: Mln,
  options: Options,
  path: string,
  here: (ground: Ground) => Promise<T>,
): Promise<readonly Answer<T>[]> {
  const client = fleetClient(mln, options);
  const name = mln.configuration.serviceHost;
  const others = client.servers.filter((server) => server !== name);
  const ask = async (server: string): Promise<Answer<T>> => {
    try {
      return { server, value: (await client.request(server, 'GET', path)) as T, reason: null };
    } catch (error) {
      if (!isMlnError(error)) throw error;
      return { server, value: null, reason: error.message };
    }
  };
  const local = async (): Promise<readonly Answer<T>[]> => {
    const answer = await ask(LOCAL);
    const server = name ?? 'this machine';
    if (answer.value !== null) return [{ ...answer, server }];
    if (name === null && others.length > 0) return [];
    return [{ server, value: await here(groundHere(mln, options)), reason: null }];
  };
  const [first, ...more] = await Promise.all([local(), ...others.map(async (server) => [await ask(server)])]);
  return [...first, ...more.flat()];
}

function groundHere(mln: Mln, options: Options): Ground {
  return {
    mln,
    options,
    name: mln.configuration.serviceHost,
    projectFolders: async () => [
      ...new Set([mln.folders.projects, ...(await guestFolders(placesOf(options, mln.folders)))]),
    ],
  };
}
