import type { Mln, Operation, Outcome, Part } from '@mln/core';
import type { Options } from '../options.js';

/** Throws where the guests of a build would have more memory than this server may give. */
export function requireMemory(
  _mln: Mln,
  _options: Options,
  _operation: Operation,
  _part: Part,
): Promise<Outcome | undefined> {
  return Promise.resolve(undefined);
}
