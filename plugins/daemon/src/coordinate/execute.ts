import type { Mln, Operation, Outcome, Part, Report } from '@mln/core';
import type { Options } from '../options.js';

/** Has another server carry out its part. */
export function executeThere(
  _mln: Mln,
  _options: Options,
  _operation: Operation,
  _part: Part,
  _report: Report,
): Promise<Outcome | undefined> {
  return Promise.resolve(undefined);
}
