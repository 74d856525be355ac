/*
 * `npm run test:release`: mln as it is given away, packed and installed by npm, and as Debian's package in a Debian of
 * its own. Gets what is missing, and ends with a line `N passed, N failed`. With arguments, jest is given these too.
 */
import { jest, tell } from './jest.js';
import { ensureBuilt, ensurePrograms, forTests } from './setup.js';

ensurePrograms(forTests);
ensureBuilt();
tell(jest(['--selectProjects', 'release', '--maxWorkers', '2', ...process.argv.slice(2)]));
