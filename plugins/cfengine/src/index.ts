import type { Mln } from '@mln/core';
import { policyFiles, type Options } from './policy.js';

/** CFEngine: the policy that a project holds, written into its guests. */
export default function cfengine(mln: Mln, options: Options): void {
  mln.hooks.keywords.tap('cfengine', (table) => {
    table.declare({
      name: 'cfagent',
      in: ['host'],
      kind: 'text',
      example: 'cfagent { processes: "cron" signal=hup }',
      help: 'The CFEngine policy of the guest.',
    });
  });
  mln.hooks.configureFilesystem.tapPromise('cfengine', async (guest, host) => {
    // CFEngine reads no policy that others may write, or that is another user's.
    for (const [path, text] of policyFiles(host, options))
      await guest.write(path, text, { mode: 0o600, owner: 0, group: 0 });
  });
}
