import type { Checks, Mln } from '@mln/core';
import type { Options } from '../options.js';

export function addChecks(_checks: Checks, _mln: Mln, _options: Options): void {}
