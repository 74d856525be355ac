import type { Mln } from '@mln/core';
import { checkOptions, USUAL_PATH, writePolicy, type Options } from './policy.js';

/** CFEngine: the policy that a project holds, written into its guests. */
export default function cfengine(mln: Mln, options: Options): void {
  checkOptions(options);
  mln.hooks.keywords.tap('cfengine', (table) => {
    table.declare({
      name: 'cfagent',
      in: ['host'],
      kind: 'text',
      example: 'cfagent { processes: "cron" signal=hup }',
      help: 'The CFEngine policy of the guest.',
    });
  });
  mln.hooks.configureFilesystem.tapPromise('cfengine', (guest, host, previous) =>
    writePolicy(guest, host, previous, options.path ?? USUAL_PATH),
  );
}
