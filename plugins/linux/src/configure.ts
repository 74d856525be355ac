import { Problems, type Guest, type Host } from '@mln/core';
import { configureAccounts } from './accounts.js';
import { configureBoot } from './boot.js';
import { configureConsole } from './console.js';
import { findFamily } from './family.js';
import { copyFiles } from './files.js';
import { configureFstab } from './fstab.js';
import { configureHostname } from './hostname.js';
import { configureModules } from './modules.js';
import { configureNetwork } from './network.js';
import { createHasher } from './password.js';

/** Guests share passwords, and a hash takes some 10 ms. */
const hash = createHasher();

/** Does all that the keywords say of a guest's inside; previous is the host as it was built before. Throws all that does not go with its template at once. */
export async function configure(guest: Guest, host: Host, previous: Host | null, filesFolder: string): Promise<void> {
  const problems = new Problems();
  const family = await findFamily(guest, host);
  await configureHostname(guest, host);
  await configureNetwork(guest, host, family);
  await configureAccounts(guest, host, previous, hash, problems);
  await configureModules(guest, host);
  await configureFstab(guest, host);
  await configureConsole(guest, host, family);
  await configureBoot(guest, host, family);
  // What a project copies in wins over what is generated.
  await copyFiles(guest, host, filesFolder, problems);
  problems.throwErrors();
}
