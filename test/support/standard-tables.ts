import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mln, Plugin } from '@mln/core';
import { advice } from '../../core/src/advice.js';
import { codes } from '../../core/src/codes.js';
import { factsOf, kinds, titleOf } from '../../core/src/explain.js';
import type { Tables } from '../../scripts/docs/tables.js';
import { testKernel, type Loaded } from './test-kernel.js';

/** The folder of this repository. */
export const root = join(import.meta.dirname, '../..');

/** The kernel with the plug-ins of mln.config.json. */
export async function standardKernel(): Promise<Mln> {
  const { plugins } = JSON.parse(readFileSync(join(root, 'mln.config.json'), 'utf8')) as {
    plugins: readonly (string | readonly [name: string, options: Record<string, unknown>])[];
  };
  const loaded = plugins.map(async (entry): Promise<Loaded> => {
    const [name, options] = typeof entry === 'string' ? [entry, {}] : entry;
    const { default: plugin } = (await import(name)) as { default: Plugin };
    return [plugin, options];
  });
  return testKernel(await Promise.all(loaded));
}

/** What the generated files of docs/ are made of. */
export function tablesOf({ keywords }: Mln): Tables {
  return { keywords, codes, advice, kinds, titleOf, factsOf };
}
