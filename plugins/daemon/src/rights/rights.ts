import type { Mln } from '@mln/core';
import type { Principal, Verb } from '../protocol.js';

/** A question to those who decide: may this principal do that? */
export interface Question {
  readonly principal: Principal;
  readonly verb: Verb;
  /** Null: the server as a whole. */
  readonly project: string | null;
  /** The groups of this server. */
  readonly groups: readonly string[];
}

/** Who may do what; read from a file, which is read anew at a reload. */
export interface Rights {
  /** Throws MLN_NOT_ALLOWED (77), saying which right is missing to whom. */
  require(question: Question): void;
  allows(question: Question): boolean;
}

/** Reads the roles file. Where there is none, only `local` may do anything. Throws MLN_BAD_CONFIGURATION. */
export function readRights(_mln: Mln, _file: string): Promise<Rights> {
  throw new Error('not there yet');
}
