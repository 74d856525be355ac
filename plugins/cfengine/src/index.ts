import type { Mln } from '@mln/core';

interface Options {
  /** Where the policy lies inside a guest. */
  readonly path?: string;
}

/** CFEngine: the policy that a project holds, written into its guests. */
export default function cfengine(mln: Mln, { path = '/cfengine/inputs/cfagent.conf' }: Options): void {
  mln.hooks.keywords.tap('cfengine', (table) => {
    table.declare({ name: 'cfagent', in: ['host'], kind: 'text', help: 'The CFEngine policy of the guest.' });
  });
  mln.hooks.configureFilesystem.tapPromise('cfengine', async (guest, host) => {
    const policy = host.text['cfagent'];
    if (policy !== undefined) await guest.write(path, `${policy}\n`);
  });
}
