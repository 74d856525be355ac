import type { Mln, Project } from '@mln/core';
import type { Package } from '../protocol.js';
import type { FleetClient } from '../client/client.js';

/** A package, and where its files lie on this machine, by their digests. */
export interface Packed {
  readonly package: Package;
  readonly files: ReadonlyMap<string, string>;
}

/** Gathers what a server needs to build the hosts of a project that are named: the project with its paths made the package's own. */
export function packProject(_mln: Mln, _project: Project, _hosts: readonly string[], _source: string): Promise<Packed> {
  throw new Error('not there yet');
}

/** Sends a server what it does not have of a package's files; what a cut left is gone on with. Gives the bytes that were sent. */
export function sendFiles(_client: FleetClient, _server: string, _packed: Packed): Promise<number> {
  throw new Error('not there yet');
}
