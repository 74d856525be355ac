import type { Row, View } from '@mln/core';

/**
 * Deals hosts to servers: `server N` takes the next N, `server all` the rest; servers without a count share what is left
 * in turn. Empty where no server is named; null where hosts are left over, which is told.
 */
export function dealServers(view: View, count: number): readonly string[] | null {
  const rows = view.list('service_hosts');
  if (rows.length === 0) return [];
  const dealt: string[] = [];
  const sharing: string[] = [];
  let rest: string | null = null;
  const wrong: Row[] = [];
  const bad = (row: Row, message: string): void => {
    const lists = view.layers.flatMap((layer) => layer.items.filter((item) => item.kind === 'block'));
    const item = lists.flatMap((list) => list.items).find((each) => each.place === row.place);
    view.error('MLN_BAD_VALUE', message, item ? { item, layer: 0 } : 'service_hosts');
    wrong.push(row);
  };
  for (const row of rows) {
    const [server = '', share, more] = row.words;
    if (more !== undefined) bad(row, `a service host has a name and a count, not ${row.words.join(' ')}`);
    else if (share === undefined) sharing.push(server);
    else if (share === 'all' && rest === null) rest = server;
    else if (share === 'all') bad(row, `${server} all: ${rest ?? ''} takes all the rest already`);
    else if (!/^\d{1,9}$/.test(share)) bad(row, `${server} ${share}: a count is a number, or all`);
    else dealt.push(...Array<string>(Math.min(Number(share), count - dealt.length)).fill(server));
  }
  if (rest !== null && sharing.length > 0)
    for (const row of rows)
      if (row.words.length === 1) bad(row, `nothing is left for ${row.words[0] ?? ''}: ${rest} takes all the rest`);
  if (wrong.length > 0) return null;
  if (rest !== null) return deal(dealt, [rest], count);
  if (sharing.length > 0) return deal(dealt, sharing, count);
  if (dealt.length === count) return dealt;
  const left = count - dealt.length;
  view.error(
    'MLN_BAD_VALUE',
    `the service hosts take ${dealt.length} of ${count} hosts; ${left} ${left === 1 ? 'is' : 'are'} left over`,
    'service_hosts',
    'leave out a count, or give the last one all',
  );
  return null;
}

function deal(dealt: readonly string[], servers: readonly string[], count: number): string[] {
  const left = Array.from({ length: count - dealt.length }, (_, index) => servers[index % servers.length] ?? '');
  return [...dealt, ...left];
}
