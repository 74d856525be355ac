import type { Mln } from '@mln/core';
import type { Options } from '../options.js';
import type { Principal } from '../protocol.js';
import { createClient, type FleetClient } from './client.js';

const clients = new WeakMap<Mln, FleetClient>();
const principals = new WeakMap<Mln, Principal>();

/** The client that all of a process's work shares, so that connections are kept from one request to the next. */
export function fleetClient(mln: Mln, options: Options): FleetClient {
  const known = clients.get(mln);
  if (known) return known;
  const made = createClient(mln, options, principals.get(mln) ?? null);
  clients.set(mln, made);
  return made;
}

/** What follows is done for somebody else, whose rights other servers ask for; to be called before anything is asked. */
export function actFor(mln: Mln, principal: Principal): void {
  // A user of this very machine is nobody elsewhere: the server's own rights count then.
  if (principal.kind !== 'local') principals.set(mln, principal);
}
