import type { HostUse, Keyword } from '../keywords.js';
import type { Mln } from '../kernel.js';
import type { Disk, Project, Unit, Value } from '../project.js';

/** Something that a project asks of the physical host. */
export interface Demand {
  /** What names it: a host and a keyword, a hook block. */
  readonly by: string;
  /** An absolute path of the server, or null: raw text, commands, devices that are no paths. */
  readonly path: string | null;
  readonly what: string;
}

/** A value with the keyword that gives it. */
interface Given {
  readonly by: string;
  /** The block that the keyword stands in. */
  readonly block: string;
  readonly keyword: string;
  readonly value: Value | readonly string[] | null | undefined;
}

/**
 * What the units of a project that are named, and its hook blocks, ask of the physical host. The project is asked as it was
 * sent, before paths in it became those of this server. What keywords do is in their table; those of plug-ins that are not
 * loaded ask for nothing here.
 */
export function demandsOf(mln: Mln, project: Project, units: readonly string[]): readonly Demand[] {
  const wanted = new Set(units);
  const all: readonly Unit[] = [...project.switches, ...project.hosts].filter(({ name }) => wanted.has(name));
  const hooks = Object.entries(project.hookBlocks).map(([keyword, value]): Given => ({
    by: keyword,
    block: 'global',
    keyword,
    value,
  }));
  const given = [...hooks, ...all.flatMap((unit) => valuesOf(unit))];
  return [
    ...given.flatMap((each) => demandedBy(each, mln)),
    ...all.flatMap((unit) => (unit.kind === 'host' ? unit.disks.flatMap((disk) => strayDisk(unit.name, disk)) : [])),
  ];
}

/** All values of a unit, those of its model's own fields under the keywords that they come from. */
function valuesOf(unit: Unit): readonly Given[] {
  const { name, kind } = unit;
  const values = (block: string, by: string, fields: Readonly<Record<string, Given['value']>>): Given[] =>
    Object.entries(fields).map(([keyword, value]) => ({ by: `${by}: ${keyword}`, block, keyword, value }));
  const own = values(kind, name, unit.keywords);
  if (kind === 'switch') {
    const { bridge, tap, socket } = unit;
    return [...own, ...values(kind, name, { bridge, tap, socket })];
  }
  const { interfaces, disks, lists, text, template } = unit;
  return [
    ...own,
    ...values(kind, name, text),
    ...values(kind, name, { template }),
    ...Object.entries(lists).flatMap(([keyword, rows]) =>
      rows.flatMap(({ words }) => values(kind, name, { [keyword]: words })),
    ),
    ...disks.flatMap(({ existing, role, path }) =>
      existing ? values(kind, name, { [role === 'mount' ? 'mount' : 'filesystem']: [path] }) : [],
    ),
    ...interfaces.flatMap(({ name: card, bridge, keywords = {} }) =>
      values('network', `${name}: ${card}`, { ...keywords, bridge }),
    ),
  ];
}

function demandedBy({ by, block, keyword: name, value }: Given, mln: Mln): readonly Demand[] {
  if (value === null || value === undefined || value === false || value === '') return [];
  const keyword = mln.keywords.find(block, name);
  if (block === 'host' && name === 'template')
    return String(value).includes('/') ? [pathDemand(by, String(value))] : [];
  if (!keyword) return [];
  const words = typeof value === 'object' ? value : [String(value)];
  const copied = copiedFrom(keyword, words).map((path) => pathDemand(by, path));
  return keyword.host === undefined ? copied : [...copied, ...used(keyword.host, by, words[0] ?? '', keyword)];
}

function used(host: HostUse, by: string, word: string, { kind }: Keyword): readonly Demand[] {
  if (host === 'raw' || kind === 'text' || kind === 'block')
    return [{ by, path: null, what: 'it is given to the server as it is' }];
  if (host === 'path') return [pathDemand(by, word)];
  if (host.except !== undefined && new RegExp(host.except).test(word)) return [];
  const plain = /^[^/\0]+$/.test(word) && word !== '.' && word !== '..';
  return [{ by, path: plain ? `${host.below}/${word}` : null, what: `${word} of the server` }];
}

/** Sources of files that go into guests travel with the project; what lies elsewhere is the server's own. */
function copiedFrom({ columns = [] }: Keyword, words: readonly string[]): readonly string[] {
  return columns.flatMap(({ copied }, at) => {
    const source = words[at] ?? '';
    return copied === true && (source.startsWith('/') || source.split('/').includes('..')) ? [source] : [];
  });
}

/** A disk that mln makes lies in the project's folder, or where its store has it; what it stands on, too. */
function strayDisk(host: string, { existing, path, standsOn }: Disk): readonly Demand[] {
  const strays = (text: string): boolean => text.startsWith('/') || text.split('/').includes('..');
  return [
    ...(!existing && (path.includes('/') || path === '..') ? [path] : []),
    ...(standsOn !== undefined && strays(standsOn) ? [standsOn] : []),
  ].map((each) => pathDemand(`${host}: disk`, each));
}

/** A bare word is a program of the server, by the name. */
function pathDemand(by: string, path: string): Demand {
  return { by, path: path.startsWith('/') ? path : null, what: `${path} of the server` };
}
