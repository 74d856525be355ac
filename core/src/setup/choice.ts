import { dirname } from 'node:path';
import type { CommandOptions } from '../commands.js';
import { failure } from '../errors.js';
import { defaultFolders, type Folders } from '../folders.js';
import type { Mln } from '../kernel.js';
import { isName, namePattern } from '../names.js';
import type { Choice } from './items.js';
import { foldersIn, placesOf, type Caller, type Kind } from './places.js';
import { recordOf, type SetupRecord } from './record.js';

/** The kind that options name; undefined where they name none. */
export function kindOption(options: CommandOptions): Kind | undefined {
  const { serviceHost } = options;
  const named: readonly Kind[] = [
    ...(options['user'] === true ? (['user'] as const) : []),
    ...(options['system'] === true ? (['system'] as const) : []),
    ...(typeof serviceHost === 'string' ? (['service-host'] as const) : []),
  ];
  if (named.length > 1) throw failure('MLN_USAGE', 'for whom? --user, --system and --service-host exclude each other');
  if (typeof serviceHost === 'string' && !isName(serviceHost))
    throw failure('MLN_USAGE', `${serviceHost} cannot be the name of a server: ${namePattern}`);
  return named[0];
}

/**
 * What setup remembers of the kind that is asked for. Root's is the system's: what a user is said to have set up is
 * taken up by root only where it is asked for. Below a prefix it may be either.
 */
export async function findRecord(kind: Kind | undefined, caller: Caller): Promise<SetupRecord | null> {
  if (kind !== undefined) return recordOf(kind, caller);
  if (caller.prefix === null) return recordOf(caller.uid === 0 ? 'system' : 'user', caller);
  return (await recordOf('system', caller)) ?? recordOf('user', caller);
}

/**
 * What is chosen without asking: by options, else by the configuration that is there, else as before, else as is
 * usual for the caller.
 */
export function choiceOf(options: CommandOptions, caller: Caller, mln: Mln, record: SetupRecord | null): Choice {
  const before = record?.choice;
  const kind = kindOption(options) ?? before?.kind ?? (caller.uid === 0 ? 'system' : 'user');
  const name = typeof options['serviceHost'] === 'string' ? options['serviceHost'] : before?.serviceHost;
  const { boot } = options;
  const own = placesOf(kind, caller).configuration;
  const { folders, configuration } = mln;
  const chosen = (key: keyof Folders): Partial<Folders> => {
    const origin = configuration.origins[key];
    const counts =
      origin === 'command line' || (caller.prefix === null && origin !== undefined && dirname(origin) === own);
    return counts ? { [key]: folders[key] } : {};
  };
  return {
    kind,
    serviceHost: kind === 'service-host' ? (name ?? null) : null,
    boot: typeof boot === 'boolean' ? boot : (before?.boot ?? false),
    folders: {
      ...(before?.folders ?? foldersFor(kind, caller)),
      ...chosen('projects'),
      ...chosen('templates'),
      ...chosen('files'),
    },
  };
}

/** The folders that setup chooses for a kind. */
export function foldersFor(kind: Kind, caller: Caller): Folders {
  return foldersIn(placesOf(kind, caller));
}

/** The folders that count where no configuration names others. */
export function usualFolders(kind: Kind, caller: Caller): Folders {
  return kind === 'user' ? defaultFolders(caller.environment, caller.uid) : foldersFor(kind, caller);
}
