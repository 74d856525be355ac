/*
 * `npm run test:xen`: domain files read by the real xl, and the life of a project on a real Xen that runs in QEMU. Gets
 * what is missing, and ends with a line `N passed, N failed`. With arguments, jest is given these too.
 */
import { jest, tell } from './jest.js';
import { ensureBuilt, ensureInstalled, forXen } from './setup.js';

ensureInstalled(forXen);
ensureBuilt();
tell(jest(['--selectProjects', 'xen', '--runInBand', ...process.argv.slice(2)]));
