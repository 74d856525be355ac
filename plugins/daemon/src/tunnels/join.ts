import type { Mln, Operation, Outcome, Part, Report } from '@mln/core';
import type { Options } from '../options.js';

/** Has this machine's daemon join a project's switches to their parts on other servers, or leave them. */
export function joinHere(
  _mln: Mln,
  _options: Options,
  _operation: Operation,
  _part: Part,
  _report: Report,
): Promise<Outcome | undefined> {
  return Promise.resolve(undefined);
}
