import { dirname, resolve } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { failure, isMlnError, readIfThere, type Mln } from '@mln/core';
import { readAddress, type Address } from '../client/address.js';
import { placesOf, type Options } from '../options.js';
import { createAllowList } from '../tls/allow.js';
import { readIdentity, revokedOf, serverOptions, type Identity } from '../tls/identity.js';
import { readRights, type Rights } from '../rights/rights.js';

/** All that a daemon is told, and reads anew at a reload. */
export interface Settings {
  readonly options: Options;
  readonly rights: Rights;
  readonly allows: (address: string) => boolean;
  /** Null where it listens on no address, and has no certificate. */
  readonly secure: Secure | null;
  /** Changes with whatever says who may connect, and do what. */
  readonly stamp: string;
}

export interface Secure {
  readonly identity: Identity;
  readonly revoked: ReadonlySet<string>;
  readonly context: SecureContextOptions & ReturnType<typeof serverOptions>;
}

/** Reads and checks all of it. Throws the first thing that is wrong. */
export async function readSettings(mln: Mln, options: Options): Promise<Settings> {
  const places = placesOf(options, mln.folders);
  listenAddresses(options);
  const secure = await readSecure(places.fleet, (options.listen ?? []).length > 0);
  const roles = await readIfThere(places.roles);
  return {
    options,
    rights: await readRights(mln, places.roles),
    allows: createAllowList(options.allow),
    secure,
    stamp: JSON.stringify([secure?.identity, roles, options.allow, options.groups]),
  };
}

/** Where it listens. Throws MLN_BAD_CONFIGURATION. */
export function listenAddresses({ listen = [] }: Options): readonly Address[] {
  return listen.map((text) => {
    const address = readAddress(text);
    if (address) return address;
    throw failure(
      'MLN_BAD_CONFIGURATION',
      `the option listen of @mln/plugin-daemon has an address that cannot be read: ${text}`,
      {
        hint: 'write ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT',
      },
    );
  });
}

async function readSecure(fleet: string, needed: boolean): Promise<Secure | null> {
  try {
    const identity = await readIdentity(fleet);
    return { identity, revoked: await revokedOf(identity), context: serverOptions(identity) };
  } catch (error) {
    if (!needed && isMlnError(error) && error.code === 'MLN_NO_CERTIFICATE') return null;
    throw error;
  }
}

/** By what name configurations list this plug-in. */
const NAME = '@mln/plugin-daemon';

/** The plug-in's options in a configuration that was read anew; null where that no longer lists it. */
export function optionsIn({ plugins }: Mln['configuration'], loaded: Mln['plugins']): Options | null {
  const folder = dirname(loaded.find(({ name }) => name === NAME)?.source ?? '/');
  const entry = plugins.find(({ name, from }) => name === NAME || resolve(from, name) === folder);
  return entry?.options ?? null;
}
