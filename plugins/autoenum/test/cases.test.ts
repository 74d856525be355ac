import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { outline } from './resolved.js';

/*
 * A case is a file: what stands in the global block (from its second line on), a line of dashes, the hosts that come of
 * it, or the errors. `# --scale NAME=N` above it is the option. UPDATE_GOLDEN=1 writes anew what is expected: read
 * `git diff` then.
 */
const cases = join(import.meta.dirname, 'cases');

test.each(readdirSync(cases))('%s', async (name) => {
  const [, head = '', scale, inGlobal = '', expected] =
    /^(# --scale (\S+)\n)?([^]*?)\n-----\n([^]*)$/.exec(readFileSync(join(cases, name), 'utf8')) ?? [];
  const lines = await outline(inGlobal, scale === undefined ? {} : { scale });
  const found = `${lines.join('\n')}\n`;
  if (process.env['UPDATE_GOLDEN'] && found !== expected)
    writeFileSync(join(cases, name), `${head}${inGlobal}\n-----\n${found}`);
  else expect(found).toBe(expected);
});
