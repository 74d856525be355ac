import { mkdtempSync, rmSync } from 'node:fs';
import type { Server as PlainServer } from 'node:http';
import type { Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandOptions, Mln } from '@mln/core';
import { tryPlugin, type TriedVerb } from '../../../../core/src/testing.js';
import type { Options } from '../../src/options.js';
import { readIdentity } from '../../src/tls/identity.js';
import { addAuthorityVerbs } from '../../src/tls/verbs.js';
import { daemonOf, placesIn, serve } from './fleet.js';

/* Machines on which `mln ca …` is typed: gateway1 has the authority, and a server of its own runs there. */

/** The folder of the test; each machine has one in it. */
export const folder = mkdtempSync(join(tmpdir(), 'mln-ca-'));
export const home = join(folder, 'gateway1');
/** The socket of this machine's daemon. */
export const socket = join(folder, 'daemon.sock');
/** What is ended with the test. */
export const servers: (Server | PlainServer)[] = [];
/** The servers that are configured at gateway1, with their addresses. */
export const known: Record<string, string> = {};

/** The plug-in as far as these verbs go. */
export function ca(mln: Mln, options: Options): void {
  mln.hooks.commands.tap('daemon', (commands) => {
    addAuthorityVerbs(commands, mln, options);
  });
}

export interface Machine {
  readonly name?: string;
  readonly fleet: string;
  readonly options?: Options;
}

export const gateway1: Machine = {
  name: 'gateway1',
  fleet: home,
  options: { servers: known, listen: ['127.0.0.1'], timeout: 5 },
};

/** Types a verb on a machine. */
export async function run(
  { name, fleet, options = {} }: Machine,
  verb: string,
  args: readonly string[] = [],
  given: CommandOptions = {},
): Promise<TriedVerb> {
  const trial = { options: { socket, ...options, fleet }, ...(name === undefined ? {} : { serviceHost: name }) };
  const tried = await tryPlugin(ca, 'global { project p }', trial);
  return tried.run(verb, args, given);
}

/** Makes the authority on gateway1, and lets its server run; gives the server's port. */
export async function beginFleet(): Promise<number> {
  const { exit, stderr } = await run(gateway1, 'ca init', [], { name: 'acme' });
  if (exit !== 0) throw new Error(stderr);
  const { server, port } = await serve(await readIdentity(home), new Set(), await daemonOf(placesIn(home)));
  servers.push(server);
  return port;
}

export function endFleet(): void {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  rmSync(folder, { recursive: true });
}

/** Lets a machine join by a token. */
export async function joined(name: string, kind: 'server' | 'user', port: number): Promise<Machine> {
  const issued = await run(gateway1, 'ca issue', [name], { [kind]: true });
  const machine: Machine = { fleet: join(folder, name), ...(kind === 'server' ? { name } : {}) };
  const { exit, stderr, stdout } = await run(machine, 'ca join', [`127.0.0.1:${port}`, issued.stdout.trim()]);
  if (exit !== 0 || stdout !== '') throw new Error(issued.stderr + stderr);
  return machine;
}
