import type { Commands, Mln } from '@mln/core';
import type { Options } from '../options.js';

/** Verbs of the core that may be carried out elsewhere: where a project has its home, or where `--on` says. */
export function wrapVerbs(_commands: Commands, _mln: Mln, _options: Options): void {}
