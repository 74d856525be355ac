import { dirname } from 'node:path';
import { failure } from '@mln/core';
import { writing, type Mode, type Wanted } from './debian-script.js';

export interface Failed {
  readonly exitCode: number;
  /** Lines on standard error. */
  readonly said: readonly string[];
  readonly mode: Mode;
  readonly wanted: Wanted;
}

/** What a build that failed is told as: what apt, dpkg or mke2fs said last, without what mmdebstrap makes of it. */
export function tellFailure({ exitCode, said, mode, wanted }: Failed): Error {
  const errors = said.filter((line) =>
    /^E: (?!setup failed|mmdebstrap failed|command failed|Some index files|apt-get |run_)/.test(line),
  );
  const words = (errors.length > 0 ? errors : said.filter((line) => !line.startsWith('I: ')))
    .slice(-3)
    .join('\n')
    .replace(/^E: /gm, '');
  if (said.some((line) => /No space left on device|Disk quota exceeded/.test(line))) {
    const inMemory = mode !== 'fakechroot' && !said.includes(writing);
    return failure(
      'MLN_NO_SPACE',
      `${inMemory ? 'the memory for packages' : `the disk of ${dirname(dirname(wanted.image))}`} is full: ${words}`,
      {
        hint: inMemory ? 'packages are unpacked into half of the memory at most' : 'free some space and try again',
      },
    );
  }
  return failure(
    'MLN_COMMAND_FAILED',
    `Debian ${wanted.suite} cannot be built: ${words || `it ended with ${exitCode}`}`,
    {
      hint: hintFor(words),
    },
  );
}

function hintFor(words: string): string | undefined {
  if (/Unable to locate package|has no installation candidate|Version .* was not found/.test(words))
    return 'see the names in --packages, and whether the suite has them';
  if (
    /Could not resolve|Temporary failure|Could not connect|Connection (failed|refused|timed out)|Failed to fetch/.test(
      words,
    )
  )
    return 'the mirror cannot be reached; --mirror names another';
  if (/NO_PUBKEY|not signed|keyring/.test(words)) return 'on Debian: apt-get install debian-archive-keyring';
  if (words.includes('need a filesystem of')) return 'give more with --size, or leave it out';
  return undefined;
}
