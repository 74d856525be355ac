import type { Keyword } from '@mln/core';

export const filters: readonly Keyword[] = [];
