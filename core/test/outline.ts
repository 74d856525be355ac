import { relative } from 'node:path';
import type { Place, Problem } from '../src/errors.js';
import type { Host, Interface, Project, Switch, Value } from '../src/project.js';
import type { Item } from '../src/tree.js';
import { formatSize, MiB } from '../src/values.js';
import type { Reason } from '../src/why.js';

/** Items as lines: words as written with a · between them, blocks with a {, and (`raw`) their text behind |. */
export function outlineOfItems(items: readonly Item[], raw: boolean, indent = ''): string[] {
  return items.flatMap((item) => {
    switch (item.kind) {
      case 'statement':
        return [indent + words(item.keyword, ...item.words)];
      case 'assignment':
        return [`${indent}$${item.name} := ${words(...item.words)}`];
      case 'include':
        return [`${indent}#include ${item.path}`];
      case 'block':
        return [
          `${indent}${words(item.keyword, ...item.words)} ${item.fenced ? '<<' : '{'}`,
          ...(raw || item.fenced ? text(item.raw, `${indent}  `) : []),
          ...outlineOfItems(item.items, raw, `${indent}  `),
        ];
    }
  });
}

/** A project as lines, in start order; what is at its default is left out. */
export function outlineOfProject(project: Project): string[] {
  return [
    `project ${project.name}`,
    ...Object.entries(project.variables).map(([name, value]) => `  $${name} = ${value}`),
    ...Object.entries(project.hookBlocks).flatMap(([name, value]) => [`  ${name}`, ...text(value, '    ')]),
    ...project.switches.flatMap(outlineOfSwitch),
    ...project.hosts.flatMap(outlineOfHost),
  ];
}

/** Problems as lines: place, code, sentence; below where the value comes from, and the hint. */
export function outlineOfProblems(problems: readonly Problem[], folder: string, main: string): string[] {
  return problems.flatMap(({ severity, code, message, place: at, origin, hint }) =>
    [
      `${severity === 'warning' ? 'warning ' : ''}${outlineOfPlace(at, folder, main)} ${code} ${message}`,
      ...(origin === undefined ? [] : [`  from ${origin}`]),
      ...(hint === undefined ? [] : [`  ${hint}`]),
    ].map((line) => line.replaceAll(`${folder}/`, '')),
  );
}

/** What set a value, as lines. */
export function outlineOfReason(reason: Reason | null, folder: string, main: string): string[] {
  if (!reason) return ['unknown'];
  const at = (place: Place | null): string => outlineOfPlace(place ?? undefined, folder, main);
  return [
    reason.path.join(' '),
    ...reason.says.flatMap(({ text: line, place, origin, counts, variables }) => [
      [counts ? '→' : ' ', at(place), line, ...(origin === null ? [] : [`(${origin})`])].join(' '),
      ...variables.map(({ name, value, place: where, origin: from }) => `    $${name} = ${value} ${from ?? at(where)}`),
    ]),
    ...(reason.default === null ? [] : [`default ${reason.default}`]),
  ];
}

function outlineOfPlace(at: Place | undefined, folder: string, main: string): string {
  if (!at) return '-';
  const from = at.includedFrom ? ` < ${outlineOfPlace(at.includedFrom, folder, main)}` : '';
  return `${at.file === main ? '' : `${relative(folder, at.file)}:`}${at.line}:${at.column}${from}`;
}

function outlineOfSwitch(unit: Switch): string[] {
  return [
    `switch ${unit.name}`,
    ...unit.ports.map(([host, name]) => `  port ${host} ${name}`),
    ...rest(unit, ['kind', 'name', 'ports', 'place', 'hypervisor', 'keywords'], { hub: false }),
    ...rest(unit.keywords, Object.keys(unit), {}),
  ];
}

function outlineOfHost(host: Host): string[] {
  return [
    [`host ${host.name}`, ...host.superclasses].join(' < '),
    ...(host.memory === 128 * MiB ? [] : [`  memory ${formatSize(host.memory)}`]),
    ...rest(host, ['template', 'bootOrder', 'term', 'serviceHost'], { bootOrder: 99, term: 'none' }, true),
    ...host.disks.flatMap(({ role, path, existing, size, freeSpace, mount }) => {
      const details = { size, freeSpace, mount: mount && words(mount.point, mount.type, mount.options) };
      const found = rest(details, [], {}).map((line) => line.trim());
      if (role === 'root' && found.length === 0 && !existing) return [];
      return [`  ${[role, path, ...(existing ? ['existing'] : []), ...found].join(', ')}`];
    }),
    ...host.interfaces.map(outlineOfInterface),
    ...rest(host.keywords, [], {}),
    ...Object.entries(host.lists).flatMap(([name, rows]) => [
      `  ${name}`,
      ...rows.map((row) => `    ${words(...row.words)}`),
    ]),
    ...Object.entries(host.text).flatMap(([name, value]) => [`  ${name}`, ...text(value, '    ')]),
  ];
}

function outlineOfInterface({ name, addresses, dhcp, ...others }: Interface): string {
  const values = [
    ...addresses.map(({ address, prefix }) => `${address}/${prefix}`),
    ...(dhcp ? ['dhcp'] : []),
    ...rest(others, ['place'], {}).map((line) => line.trim()),
  ];
  return `  network ${[name, ...values].join(', ')}`;
}

/** `name value` for each entry that is neither null nor its default; `only` turns the list of names round. */
function rest(from: object, names: readonly string[], defaults: Record<string, unknown>, only = false): string[] {
  return Object.entries(from).flatMap(([name, value]: [string, Value | null]) =>
    names.includes(name) !== only || value === null || value === defaults[name] ? [] : [`  ${name} ${String(value)}`],
  );
}

function text(value: string, indent: string): string[] {
  return value
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => `${indent}|${line}`);
}

function words(...all: readonly string[]): string {
  return all.map((word) => (word === '' ? '∅' : word.replaceAll('\n', '⏎'))).join(' · ');
}
