import { dirname } from 'node:path/posix';
import type { Mln } from '../kernel.js';
import { isTaken } from '../names.js';
import type { Project } from '../project.js';
import type { SentTemplate, SourceEntry } from './content.js';
import { copiedColumns } from './copied.js';
import { keywordFaults } from './keyword-faults.js';

/** How deep values go: places of included files are what goes deepest. */
const MOST_DEEP = 96;
/** Values in all. */
const MOST_VALUES = 5_000_000;

/** Says of values that nest without end, or have names that stand for something else in JavaScript; null of others. */
export function strangeIn(value: unknown): string | null {
  const waiting: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  let seen = 0;
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { value: each, depth } = next;
    if (typeof each !== 'object' || each === null) continue;
    if (depth > MOST_DEEP) return 'is nested too deep';
    if (Object.hasOwn(each, '__proto__')) return 'has a field __proto__';
    const inner = Object.values(each) as unknown[];
    seen += inner.length;
    if (seen > MOST_VALUES) return 'has too many values';
    for (const one of inner) if (typeof one === 'object') waiting.push({ value: one, depth: depth + 1 });
  }
  return null;
}

/** A project, and what comes along with it. */
export interface Portable {
  readonly project: Project;
  readonly entries: readonly SourceEntry[];
  readonly templates: readonly SentTemplate[];
}

/** What is wrong with a project and what comes with it, each of whose values is right. */
export function portableFaults({ project, entries, templates }: Portable): readonly string[] {
  return [...entryFaults(entries), ...templateFaults({ project, templates }), ...unitFaults(project)];
}

/** Each has its folder before it, and none leads through a file or a link. Where a link points counts in guests alone. */
function entryFaults(entries: readonly SourceEntry[]): string[] {
  const kinds = new Map<string, SourceEntry['kind']>();
  return entries.flatMap(({ path, kind }): string[] => {
    const parent = dirname(path);
    const first = !dirname(parent).includes('/');
    const known = kinds.has(path);
    kinds.set(path, kind);
    if (known) return [`entries: ${path} is there twice`];
    if (first && kind === 'link') return [`entries: ${path} is a link, where a file or folder is to be copied`];
    if (!first && kinds.get(parent) !== 'directory') return [`entries: ${path} lies in no folder that comes before it`];
    return [];
  });
}

function templateFaults({ project, templates }: Pick<Portable, 'project' | 'templates'>): string[] {
  const names = new Set(project.hosts.map(({ template }) => template));
  const texts = templates.map(({ name, version }) => `${name}@${version}`);
  return [
    ...twice(texts, 'templates'),
    ...texts.flatMap((text) => (names.has(text) ? [] : [`templates: no host is made from ${text}`])),
  ];
}

function unitFaults({ hosts, switches }: Project): string[] {
  const names = [...hosts, ...switches].map(({ name }) => name);
  const cards = new Set(hosts.flatMap(({ name, interfaces }) => interfaces.map((each) => `${name}\0${each.name}`)));
  const known = new Set(switches.map(({ name }) => name));
  return [
    ...twice(names, 'hosts and switches'),
    ...names.filter(isTaken).map((name) => `${name} cannot be the name of a host or switch`),
    ...hosts.flatMap(({ name, interfaces, disks }) => [
      ...twice(
        interfaces.map((each) => each.name),
        `interfaces of ${name}`,
      ),
      ...twice(
        disks.flatMap(({ path, existing }) => (existing ? [] : [path])),
        `disks of ${name}`,
      ),
      ...interfaces.flatMap((each) =>
        each.switch === null || known.has(each.switch) ? [] : [`${name}: there is no switch ${each.switch}`],
      ),
    ]),
    ...switches.flatMap(({ name, ports }) =>
      ports.flatMap(([host, card]) =>
        cards.has(`${host}\0${card}`) ? [] : [`${name}: there is no interface ${card} of ${host}`],
      ),
    ),
  ];
}

function twice(names: readonly string[], what: string): string[] {
  const seen = new Set<string>();
  return names.flatMap((name) => {
    const known = seen.has(name);
    seen.add(name);
    return known ? [`${what}: ${name} is there twice`] : [];
  });
}

/** What this machine cannot take: keywords that none of the plug-ins knows, values that they do not have, files that were not sent along. */
export function machineFaults(
  mln: Mln,
  { project, entries }: Pick<Portable, 'project' | 'entries'>,
): readonly string[] {
  const kinds = new Map(entries.map(({ path, kind }) => [path, kind]));
  const sourceFaults = project.hosts.flatMap(({ name, lists }) =>
    Object.entries(lists).flatMap(([list, rows]) =>
      copiedColumns(mln, list).flatMap((at) =>
        rows.flatMap(({ words, place }) => {
          const source = words[at] ?? '';
          const isSent = place === null && /^files\/\d+\/[^/]+$/.test(source) && kinds.has(source);
          return isSent ? [] : [`${name}: ${list}: ${source || 'nothing'} was not sent along`];
        }),
      ),
    ),
  );
  return [...keywordFaults(mln.keywords, project), ...sourceFaults];
}
