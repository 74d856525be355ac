import type { Host, Mln } from '@mln/core';
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
import { templateBuild } from './template-build.js';

/** Linux inside the guest: each keyword's meaning, by the family that is found in its template. */
export default function linux(mln: Mln): void {
  const hash = createHasher();
  mln.hooks.commands.tap('linux', (commands) => {
    commands.add(templateBuild);
  });
  mln.hooks.configureFilesystem.tapPromise('linux', async (guest, host: Host) => {
    const family = await findFamily(guest, host);
    await configureHostname(guest, host);
    await configureNetwork(guest, host, family);
    await configureAccounts(guest, host, hash);
    await configureModules(guest, host);
    await configureFstab(guest, host);
    await configureConsole(guest, host, family);
    await configureBoot(guest, host, family);
    // What a project copies in wins over what is generated.
    await copyFiles(guest, host, mln.folders.files);
  });
}
