import { Exit, formatSize, table, type CommandContext, type CommandOptions, type ExitCode } from '@mln/core';
import type { Options } from '../options.js';
import { askAll, type Answer } from './ask-all.js';
import { groupsOf, inGroups } from './groups.js';
import { serverUsage, type ServerUsage } from './top-route.js';
import type { Usage } from './usage.js';
import { showing } from './watch.js';

/** A guest, and where it runs. */
interface Row extends Usage {
  readonly server: string;
}

/** `mln top`: a line for each guest that runs, those that use most of a processor first. */
export async function top(
  { mln, terminal }: CommandContext,
  options: Options,
  given: CommandOptions,
): Promise<ExitCode> {
  const groups = groupsOf(given);
  let silent: readonly Answer<ServerUsage>[] = [];
  await showing(terminal, given, async () => {
    const all = await askAll(mln, options, '/v1/top', serverUsage);
    const answers = all.filter(({ value }) => value === null || inGroups(value, groups));
    silent = answers.filter(({ value }) => value === null);
    const rows = answers
      .flatMap(({ server, value }) => (value?.guests ?? []).map((guest): Row => ({ ...guest, server })))
      .sort(byUse);
    if (given['json'] === true) return { json: documentOf(rows, silent) };
    return {
      text: table([['Guest', 'Server', 'CPU', 'Memory', 'Received/s', 'Sent/s'], ...rows.map(cells)]),
      notes: silent.map(({ server, reason }) => (reason?.includes(server) ? reason : `${server}: ${reason ?? ''}`)),
    };
  });
  return silent.length === 0 ? Exit.done : Exit.partly;
}

function byUse(one: Row, other: Row): number {
  return (other.cpu ?? -1) - (one.cpu ?? -1) || (other.memory ?? 0) - (one.memory ?? 0);
}

function cells({ project, host, server, cpu, memory, received, sent }: Row): string[] {
  const size = (bytes: number | null): string => (bytes === null ? '-' : formatSize(Math.round(bytes)));
  return [
    `${host}.${project}`,
    server,
    cpu === null ? '-' : `${cpu.toFixed(1)}%`,
    size(memory),
    size(received),
    size(sent),
  ];
}

function documentOf(rows: readonly Row[], silent: readonly Answer<ServerUsage>[]): object {
  return {
    apiVersion: 'mln/v1',
    kind: 'Top',
    items: rows,
    silent: silent.map(({ server, reason }) => ({ server, reason })),
  };
}
