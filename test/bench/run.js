/*
 * Measures mln beside what it is compared with, in turns in one run, and prints medians and their ratio: machines are
 * shared and noisy, a single time says little. `npm run bench -- build` runs only the benchmarks whose name has "build".
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { ensureBuilt, ensurePrograms, forGuests } from '../../scripts/setup.js';
import { benchCommands } from './commands.js';
import { benchDisks } from './disks.js';
import { benchFleet } from './fleet.js';
import { fuzz } from './fuzz.js';
import { benchGuests } from './guests.js';
import { benchLanguage } from './language.js';
import { environment, folder, isWanted, mln, time } from './measure.js';
import { benchMigrations } from './migrate.js';
import { benchTransfers } from './transfer.js';

ensurePrograms(forGuests);
ensureBuilt();
try {
  time([...mln, 'template', 'build', 'tiny']);
  benchCommands();
  await benchLanguage();
  benchDisks();
  benchGuests();
  await benchTransfers();
  await benchMigrations();
  await benchFleet();
  if (isWanted('fuzz') && !(await fuzz())) process.exitCode = 1;
} finally {
  // Whatever went wrong, no guest goes on.
  spawnSync(mln[0], [...mln.slice(1), 'stop', '-a', '-w', '0'], { env: environment });
  rmSync(folder, { recursive: true, force: true });
}
