import type { Place, Problems, Row, View } from '@mln/core';

/** A server, and where the project names it. */
export interface Server {
  readonly name: string;
  readonly place: Place | null;
}

/** What a line of service_hosts asks for: so many hosts, all that are left, or (null) a share of what is left. */
interface Share {
  readonly server: Server;
  readonly count: number | 'all' | null;
}

/**
 * Deals hosts to servers: `server N` takes the next N, `server all` the rest; servers without a count share what is left
 * in turn. Empty where no server is named; null where hosts are left over or a line is wrong, which is told, or where it
 * is not known how many hosts there are.
 */
export function dealServers(view: View, hosts: number | null, problems: Problems): readonly Server[] | null {
  const rows = view.list('service_hosts');
  if (rows.length === 0) return [];
  const shares = rows.flatMap((row) => readShare(row) ?? []);
  const rest = takersOfRest(shares, problems);
  if (shares.length < rows.length || rest === null || hosts === null) return null;
  const dealt: Server[] = [];
  for (const { server, count } of shares)
    if (typeof count === 'number')
      for (let taken = 0; taken < count && dealt.length < hosts; taken += 1) dealt.push(server);
  const left = hosts - dealt.length;
  for (let index = 0; index < left; index += 1) {
    const server = rest[index % rest.length];
    if (server) dealt.push(server);
  }
  if (dealt.length === hosts) return dealt;
  view.error(
    'MLN_BAD_VALUE',
    `the service hosts take ${dealt.length} of ${hosts} hosts; ${left} ${left === 1 ? 'is' : 'are'} left over`,
    'service_hosts',
    'leave out a count, or give one of them all',
  );
  return null;
}

/** Null for a row that does not fit its columns, which is told. */
function readShare({ words, place }: Row): Share | null {
  const [name = '', count, more] = words;
  const server = { name, place };
  if (count === undefined) return { server, count: null };
  if (more !== undefined) return null;
  if (count === 'all') return { server, count };
  return /^\d{1,9}$/.test(count) ? { server, count: Number(count) } : null;
}

/** Whoever shares what the counts leave: the one server with `all`, or those without a count. */
function takersOfRest(shares: readonly Share[], problems: Problems): readonly Server[] | null {
  const [first, ...others] = shares.filter(({ count }) => count === 'all');
  const sharing = shares.filter(({ count }) => count === null);
  if (!first) return sharing.map(({ server }) => server);
  for (const { server } of [...others, ...sharing])
    problems.error('MLN_BAD_VALUE', `nothing is left for ${server.name}: ${first.server.name} takes all the rest`, {
      place: server.place ?? undefined,
    });
  return others.length + sharing.length > 0 ? null : [first.server];
}
