import type { Commands, Mln } from '@mln/core';
import type { Options } from '../options.js';

/** `mln ca …`. */
export function addAuthorityVerbs(_commands: Commands, _mln: Mln, _options: Options): void {}
