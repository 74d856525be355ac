import { failure, type Guest, type Host } from '@mln/core';

export interface Options {
  /** Where the policy lies inside a guest. */
  readonly path?: string;
}

/** Where the paper's cfagent looks. */
export const USUAL_PATH = '/cfengine/inputs/cfagent.conf';

/** Refuses options that cannot be meant. */
export function checkOptions({ path }: Options): void {
  if (path === undefined || (typeof path === 'string' && path.startsWith('/'))) return;
  throw failure('MLN_BAD_CONFIGURATION', `the cfengine plug-in’s option path is no path: ${JSON.stringify(path)}`, {
    hint: 'a path inside a guest begins with /',
  });
}

/** Writes a host's policy into its guest; one that the host had before, and has no more, goes away. */
export async function writePolicy(guest: Guest, host: Host, previous: Host | null, path: string): Promise<void> {
  const policy = host.text['cfagent'] ?? '';
  if (policy !== '') await guest.write(path, `${policy}\n`);
  else if ((previous?.text['cfagent'] ?? '') !== '') await guest.remove(path);
}
