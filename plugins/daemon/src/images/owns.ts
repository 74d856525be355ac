import { failure, isMlnError, type Failure, type Mln, type Outcome, type Part } from '@mln/core';
import { cleanText } from '../client/answer.js';
import { fleetClient } from '../client/shared.js';
import type { Options } from '../options.js';

/** Asks a server whether hosts are its own by now: one that is not is told as a failure. Throws where it does not say so. */
export async function ownsThere(
  mln: Mln,
  options: Options,
  { server, units, project }: Part & { readonly server: string },
): Promise<Outcome> {
  const hosts = await hostsThere(mln, options, server, project.name);
  const failures = units.flatMap(({ name }): Failure[] =>
    hosts.get(name) === server
      ? []
      : [
          {
            unit: name,
            server,
            problem: { severity: 'error', code: 'MLN_NO_UNIT', message: `${name} is not on ${server}` },
          },
        ],
  );
  return { failures };
}

/** The servers of a project's hosts, as a server has them. A project that is not there has none. */
async function hostsThere(
  mln: Mln,
  options: Options,
  server: string,
  project: string,
): Promise<ReadonlyMap<string, string>> {
  let answer: unknown;
  try {
    answer = await fleetClient(mln, options).request(server, 'GET', `/v1/projects/${encodeURIComponent(project)}`);
  } catch (error) {
    if (isMlnError(error) && error.code === 'MLN_NO_PROJECT') return new Map();
    throw error;
  }
  const { hosts } = Object(answer) as { readonly hosts?: unknown };
  if (!Array.isArray(hosts)) throw failure('MLN_NO_SERVER', `${server} does not say what it has of ${project}`);
  return new Map(
    hosts.map((each: unknown) => {
      const { name, serviceHost } = Object(each) as Readonly<Record<string, unknown>>;
      return [cleanText(String(name)), cleanText(String(serviceHost))] as const;
    }),
  );
}
