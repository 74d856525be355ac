import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of the @mln/core that runs, and the range of Node versions that it runs on. */
export function runningCore(): { readonly folder: string; readonly node: string } {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (!existsSync(file)) continue;
    const { name, engines } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; engines?: { node: string } };
    if (name === '@mln/core') return { folder, node: engines?.node ?? '*' };
  }
  throw new Error(`${import.meta.dirname} belongs to no package @mln/core`);
}
