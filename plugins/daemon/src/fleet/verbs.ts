import type { Commands, Mln } from '@mln/core';
import type { Options } from '../options.js';

/** `mln daemon-status` and `mln top`. */
export function addFleetVerbs(_commands: Commands, _mln: Mln, _options: Options): void {}
