import type { Mln, Project } from '@mln/core';

/** Something that a project asks of the physical host. */
export interface Demand {
  /** What names it: a host and a keyword, a hook block. */
  readonly by: string;
  /** An absolute path of the server, or null: raw text, commands, devices that are no paths. */
  readonly path: string | null;
  readonly what: string;
}

/** What the units of a project that are named, and its hook blocks, ask of the physical host. */
export function demandsOf(_mln: Mln, _project: Project, _units: readonly string[]): readonly Demand[] {
  throw new Error('not there yet');
}

/** The demands that `allowPaths` does not cover: they want the right `host`. */
export function beyondPaths(_demands: readonly Demand[], _allowed: readonly string[]): Promise<readonly Demand[]> {
  throw new Error('not there yet');
}
