import type { Keyword } from '@mln/core';

export const persistent: readonly Keyword[] = [];
