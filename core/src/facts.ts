import { dirname, relative, resolve } from 'node:path';
import type { KeywordTable } from './keywords.js';
import {
  unitsOf,
  type Disk,
  type Host,
  type Interface,
  type Project,
  type Switch,
  type Unit,
  type Value,
} from './project.js';
import { hidden, secretsOfRow, withoutWords } from './secrets.js';
import type { Row } from './list-rows.js';
import { writeSize, writeValue, writeWords } from './written.js';

/** One thing that a project says, under the keywords that lead to it. */
export interface Fact {
  /** Such as `network`, `eth0`, `address`; an entry of a list stands under its key: `users`, `jack`. */
  readonly path: readonly string[];
  /** As it may stand in the file; a text as its lines; a secret is hidden; null where the project says nothing. */
  readonly value: string | readonly string[] | null;
  /** Two facts are the same where this is: secrets are in it, and files by where they lie. */
  readonly same: string | null;
  /** Where two values look alike and name different files: the value with the file’s path. */
  readonly full?: string;
  readonly secret: boolean;
}

/** All that a host says. What follows from it, such as the names of devices, is left out. Its texts may hold secret variables of the project, and what is secret in itself. */
export function factsOfHost(
  host: Host,
  project: Project,
  keywords: KeywordTable,
  secrets: ReadonlySet<string>,
): readonly Fact[] {
  const { superclasses, hypervisor, template, memory, disks, bootOrder, term, serviceHost } = host;
  return [
    ...fact(['superclass'], superclasses[0]),
    ...fact(['hypervisor'], hypervisor),
    ...templateFacts(template, host.templateFrom, project),
    ...fact(['memory'], writeSize(memory)),
    ...disks.flatMap((disk) => diskFacts(disk, project)),
    ...fact(['boot_order'], String(bootOrder)),
    ...fact(['term'], term),
    ...fact(['service_host'], serviceHost),
    ...host.interfaces.flatMap((each) => interfaceFacts(each, project, keywords)),
    ...keywordFacts('host', host.keywords, project, keywords),
    ...Object.entries(host.lists).flatMap(([name, rows]) => listFacts(name, rows, project, keywords)),
    ...textFacts(host.text, () => [...secretsOfUnit(host, keywords), ...secretVariables(project, secrets)]),
  ];
}

/** All that a switch says; its ports are what hosts say. */
export function factsOfSwitch(each: Switch, project: Project, keywords: KeywordTable): readonly Fact[] {
  return [
    ...fact(['hypervisor'], each.hypervisor),
    ...fact(['hub'], each.hub ? 'yes' : null),
    ...fact(['bridge'], each.bridge),
    ...fact(['tap'], each.tap),
    ...fileFact(['socket'], each.socket, project),
    ...fact(['mtu'], each.mtu),
    ...fact(['service_host'], each.serviceHost),
    ...keywordFacts('switch', each.keywords, project, keywords),
  ];
}

/** What a project says outside its hosts and switches. */
export function factsOfProject(project: Project, secrets: ReadonlySet<string>): readonly Fact[] {
  const variables = Object.entries(project.variables).map(([name, value]): Fact => {
    const secret = secrets.has(value);
    return { path: [`$${name}`], value: secret ? hidden : value, same: value, secret };
  });
  return [
    ...fact(['project'], project.name),
    ...variables,
    ...textFacts(project.hookBlocks, () => secretVariables(project, secrets)),
  ];
}

/** The words of a project that are never printed: variables may hold them too. */
export function secretsOf(project: Project, keywords: KeywordTable): ReadonlySet<string> {
  return new Set(unitsOf(project).flatMap((unit) => secretsOfUnit(unit, keywords)));
}

function secretsOfUnit(unit: Unit, keywords: KeywordTable): string[] {
  const values = Object.entries(unit.keywords).map(([name, value]) =>
    keywords.find(unit.kind, name)?.secret === undefined ? '' : String(value),
  );
  const words = Object.entries(unit.kind === 'host' ? unit.lists : {}).flatMap(([name, rows]) => {
    const secret = keywords.find('host', name)?.secret;
    return rows.flatMap((row) => secretsOfRow(row.words, secret));
  });
  return [...values, ...words].filter((word) => word !== '');
}

function secretVariables({ variables }: Project, secrets: ReadonlySet<string>): string[] {
  return Object.values(variables).filter((value) => secrets.has(value));
}

function fact(path: readonly string[], value: string | number | null | undefined): Fact[] {
  const text = value === null || value === undefined ? null : String(value);
  return [{ path, value: text, same: text, secret: false }];
}

/** A file is the same where it lies at the same place beside its project file: a project may be moved as a whole. */
function fileFact(path: readonly string[], file: string | null, project: Project): Fact[] {
  const near = file === null ? null : beside(project, file);
  return [{ path, value: near, same: near, secret: false }];
}

function templateFacts(template: string | null, from: string | null, project: Project): Fact[] {
  if (template === null) return fact(['template'], null);
  const full = template.includes('/') && from !== null ? beside(project, resolve(dirname(from), template)) : template;
  return [{ path: ['template'], value: template, same: full, full, secret: false }];
}

function diskFacts({ role, store, path, existing, size, freeSpace, mount }: Disk, project: Project): Fact[] {
  if (mount) {
    const value = writeWords([beside(project, path), mount.type, mount.options]);
    return [{ path: ['mount', mount.point], value, same: value, secret: false }];
  }
  if (role === 'swap') return fact(['swap'], size === null ? null : writeSize(size));
  return [
    ...fact(['size'], size === null ? null : writeSize(size)),
    ...fact(['free_space'], freeSpace === null ? null : writeSize(freeSpace)),
    ...fileFact(['filesystem'], existing ? path : null, project),
    ...fact(['store'], store),
  ];
}

function interfaceFacts(each: Interface, project: Project, keywords: KeywordTable): Fact[] {
  const path = ['network', each.name];
  const addresses = [
    ...each.addresses.map(({ address, prefix }) => `${address}/${prefix}`),
    ...(each.dhcp ? ['dhcp'] : []),
  ];
  return [
    ...fact(path, ''),
    ...fact([...path, 'switch'], each.switch),
    ...fact([...path, 'bridge'], each.bridge),
    ...fact([...path, 'address'], addresses.length > 0 ? addresses.join(', ') : null),
    ...fact([...path, 'gateway'], each.gateway),
    ...fact([...path, 'broadcast'], each.broadcast),
    ...fact([...path, 'mac'], each.mac),
    ...fact([...path, 'mtu'], each.mtu),
    ...keywordFacts('network', each.keywords ?? {}, project, keywords).map((fact) => ({
      ...fact,
      path: [...path, ...fact.path],
    })),
  ];
}

function keywordFacts(
  kind: string,
  values: Readonly<Record<string, Value>>,
  project: Project,
  keywords: KeywordTable,
): Fact[] {
  return Object.entries(values).flatMap(([name, value]): Fact[] => {
    // An earlier name says nothing of what a host is.
    if (kind === 'host' && name === 'was') return [];
    const keyword = keywords.find(kind, name);
    const text = writeValue(value, keyword);
    if (keyword?.secret !== undefined) return [{ path: [name], value: hidden, same: text, secret: true }];
    return text.startsWith('/') ? fileFact([name], text, project) : fact([name], text);
  });
}

function listFacts(name: string, rows: readonly Row[], project: Project, keywords: KeywordTable): Fact[] {
  const key = keywords.find('host', name)?.key ?? 0;
  const from = secretFrom(name, keywords);
  const all = rows.map(({ words }) => words);
  if (from <= key) return [{ path: [name], value: hidden, same: JSON.stringify(all), secret: true }];
  return rows.map(({ words, place }): Fact => {
    const [source = '', ...others] = words;
    const isFile = name === 'files' && words.length > 1;
    const file = isFile ? beside(project, resolve(place ? dirname(place.file) : project.source, source)) : source;
    const shown = (first: string): string => {
      const left = [first, ...others].flatMap((word, at) => (at === key || at >= from ? [] : [quoted(word)]));
      return [...left, ...(words.length > from ? [hidden] : [])].join(' ');
    };
    return {
      path: [name, words[key] ?? words.join(' ')],
      value: shown(source),
      same: JSON.stringify([file, ...others]),
      full: shown(file),
      secret: words.length > from,
    };
  });
}

function quoted(word: string): string {
  return writeWords([word]);
}

/** From which word of a list’s rows on nothing is printed. */
function secretFrom(name: string, keywords: KeywordTable): number {
  const secret = keywords.find('host', name)?.secret;
  return secret === true ? 0 : (secret ?? Infinity);
}

function textFacts(texts: Readonly<Record<string, string>>, secrets: () => readonly string[]): Fact[] {
  const hide = Object.keys(texts).length === 0 ? [] : secrets();
  return Object.entries(texts).flatMap(([name, text]): Fact[] => {
    const same = text.replace(/\n$/, '');
    const shown = withoutWords(same, hide);
    return same === '' ? [] : [{ path: [name], value: shown.split('\n'), same, secret: shown !== same }];
  });
}

/** A path below the folder of the project file, from there; any other one whole. */
function beside({ source }: Project, path: string): string {
  const near = relative(source, path);
  return near === '' || near === '..' || near.startsWith('../') ? path : `./${near}`;
}
