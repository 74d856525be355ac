import type { Host } from '@mln/core';

export interface Options {
  /** The language of the policies: that of cfagent (2, the paper's), or of cf-agent (3). */
  readonly version?: 2 | 3;
  /** Where the policy lies inside a guest. */
  readonly path?: string;
  /** The name or address of the server that the guest's CFEngine copies from. */
  readonly policy_server?: string;
}

/** Where the paper's cfagent looks, and where Debian's cf-agent does. */
const places = { 2: '/cfengine/inputs/cfagent.conf', 3: '/var/lib/cfengine3/inputs/promises.cf' };

/**
 * The files that a host's CFEngine reads, by their paths inside the guest; none where the host has no policy.
 *
 * CFEngine 2 has no file for its policy server: its reference manual gives it to policies as the variable policyhost of
 * their control section. CFEngine 3 reads it, as $(sys.policy_hub), from the one line of policy_server.dat in its working
 * directory, which is above `inputs`; cf-agent --bootstrap writes the same.
 */
export function policyFiles({ text }: Host, options: Options): ReadonlyMap<string, string> {
  const { version = 2, path = places[version], policy_server: server } = options;
  const policy = text['cfagent'] ?? '';
  if (policy === '') return new Map();
  if (server === undefined) return new Map([[path, `${policy}\n`]]);
  if (version === 2) return new Map([[path, `control:\n  policyhost = ( ${server} )\n\n${policy}\n`]]);
  const directory = path.replace(/(\/inputs)?\/[^/]*$/, '');
  return new Map([
    [path, `${policy}\n`],
    [`${directory}/policy_server.dat`, `${server}\n`],
  ]);
}
