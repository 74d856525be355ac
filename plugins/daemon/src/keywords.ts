import type { Keyword } from '@mln/core';
import { persistent } from './fleet/keywords.js';
import { filters } from './tunnels/keywords.js';

/** What the plug-in adds to the language. */
export const keywords: readonly Keyword[] = [...persistent, ...filters];
