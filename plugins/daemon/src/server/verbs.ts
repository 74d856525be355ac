import type { Commands, Mln } from '@mln/core';
import type { Options } from '../options.js';

/** `mln daemon`, and verbs for the operations of daemons. */
export function addDaemonVerbs(_commands: Commands, _mln: Mln, _options: Options): void {}
