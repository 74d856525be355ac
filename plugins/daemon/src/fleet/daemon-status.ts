import { Exit, formatSize, table, type CommandContext, type CommandOptions, type ExitCode } from '@mln/core';
import type { Options } from '../options.js';
import { askAll, type Answer } from './ask-all.js';
import { groupsOf, inGroups } from './groups.js';
import { serverStatus, type ServerStatus } from './server-status.js';
import { showing } from './watch.js';

/** `mln daemon-status`: a line for each server, as in the paper's Table 1. */
export async function daemonStatus(
  { mln, terminal }: CommandContext,
  options: Options,
  given: CommandOptions,
): Promise<ExitCode> {
  const groups = groupsOf(given);
  let silent: readonly Answer<ServerStatus>[] = [];
  await showing(terminal, given, async () => {
    const all = await askAll(mln, options, '/v1/status', serverStatus);
    const answers = all.filter(({ value }) => value === null || inGroups(value, groups));
    silent = answers.filter(({ value }) => value === null);
    if (given['json'] === true) return { json: documentOf(answers) };
    const rows = given['summary'] === true ? [] : answers.map(row);
    return {
      text: table([['Server', '#Projs', '#vms', 'Mem Used', 'Mem Ava', 'Groups'], ...rows, total(answers)]),
      notes: silent.map(({ server, reason }) => (reason?.includes(server) ? reason : `${server}: ${reason ?? ''}`)),
    };
  });
  return silent.length === 0 ? Exit.done : Exit.partly;
}

function row({ server, value }: Answer<ServerStatus>): string[] {
  if (value === null) return [server, 'n/a', 'n/a', 'n/a', 'n/a', ''];
  const { projects, running, memory, groups } = value;
  return [
    server,
    String(projects.length),
    String(running),
    size(memory.used),
    size(availableIn(value)),
    groups.join(','),
  ];
}

/** A project that is on several servers is one project. */
function total(answers: readonly Answer<ServerStatus>[]): string[] {
  const { projects, running, used, available } = sums(answers);
  return ['total', String(projects), String(running), size(used), size(available), ''];
}

function sums(
  answers: readonly Answer<ServerStatus>[],
): Record<'projects' | 'hosts' | 'running' | 'used' | 'available', number> {
  const all = answers.flatMap(({ value }) => value ?? []);
  const sum = (of: (status: ServerStatus) => number): number => all.reduce((before, each) => before + of(each), 0);
  return {
    projects: new Set(
      all.flatMap((each) => each.projects.map(({ name, home }) => `${name} ${home ?? each.name ?? ''}`)),
    ).size,
    hosts: sum(({ hosts }) => hosts),
    running: sum(({ running }) => running),
    used: sum(({ memory }) => memory.used),
    available: sum(availableIn),
  };
}

function availableIn({ memory }: ServerStatus): number {
  return Math.max(0, memory.maximum - memory.used);
}

function size(bytes: number): string {
  return formatSize(bytes);
}

function documentOf(answers: readonly Answer<ServerStatus>[]): object {
  return {
    apiVersion: 'mln/v1',
    kind: 'DaemonStatus',
    items: answers.map(({ server, value, reason }) => ({ ...value, name: server, answers: value !== null, reason })),
    total: sums(answers),
  };
}
