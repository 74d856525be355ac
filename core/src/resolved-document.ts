import type { Problem } from './errors.js';
import type { Keyword, KeywordTable } from './keywords.js';
import type { Disk, Host, Interface, Project, Switch } from './project.js';
import type { ReadProject } from './read-project.js';
import { flatProblem } from './render-problem.js';
import { hidden, secretsSeen, secretWords, withoutWords } from './secrets.js';
import { counts } from './resolve-host.js';
import type { View } from './view.js';

/** Host keywords that have a field of their own in the document. */
const fields = new Set(['superclass', 'template', 'memory', 'service_host', 'boot_order', 'term', 'network', 'mount']);

/** What a resolved project is to other programs: numbers in bytes, values as they are written, absent ones null. */
export interface ResolvedDocument {
  readonly apiVersion: 'mln/v1';
  readonly kind: 'Project';
  readonly warnings: readonly object[];
  readonly items: readonly object[];
}

export function resolvedDocument(read: ReadProject, keywords: KeywordTable, showSecrets: boolean): ResolvedDocument {
  const { project, views, warnings } = read;
  const secrets = showSecrets ? new Set<string>() : secretWords(views.values(), keywords);
  const secretsOf = showSecrets ? (): readonly string[] => [] : secretsSeen(read, keywords);
  const writing: Writing = { keywords, showSecrets, views, secretsOf };
  const variables = Object.entries(project.variables).map(([name, value]) => [
    name,
    secrets.has(value) ? hidden : value,
  ]);
  return {
    apiVersion: 'mln/v1',
    kind: 'Project',
    warnings: warnings.map((warning: Problem) => flatProblem(warning)),
    items: [
      {
        name: project.name,
        variables: Object.fromEntries(variables) as object,
        hosts: project.hosts.map((host) => hostItem(host, writing)),
        switches: project.switches.map((each) => switchItem(each, writing)),
        text: linesOf(project.hookBlocks, secretsOf('')),
      },
    ],
  };
}

interface Writing {
  readonly keywords: KeywordTable;
  readonly showSecrets: boolean;
  readonly views: ReadonlyMap<string, View>;
  /** What is not to be seen in the texts of a host. */
  readonly secretsOf: (name: string) => readonly string[];
}

function hostItem(host: Host, writing: Writing): object {
  const { name, superclasses, hypervisor, memory, template, serviceHost, bootOrder, term } = host;
  return {
    name,
    superclasses,
    hypervisor,
    memory,
    template,
    serviceHost,
    bootOrder,
    term,
    disks: host.disks.map(diskItem),
    interfaces: host.interfaces.map(
      ({ name: card, switch: joined, bridge, addresses, dhcp, gateway, mac, ...rest }) => ({
        name: card,
        switch: joined,
        bridge,
        addresses: addresses.map(({ address, prefix }) => ({ address, prefix })),
        dhcp,
        gateway,
        broadcast: rest.broadcast,
        mac,
        mtu: rest.mtu,
        ...(rest.keywords && { keywords: shownValues(rest.keywords, writing) }),
      }),
    ),
    keywords: writtenValues('host', name, writing),
    lists: listsOf(host, writing),
    text: linesOf(host.text, writing.secretsOf(name)),
  };
}

/** What only plug-ins know of an interface. */
function shownValues(values: NonNullable<Interface['keywords']>, { keywords, showSecrets }: Writing): object {
  const shown = Object.entries(values).map(([name, value]) => [
    name,
    keywords.find('network', name)?.secret !== undefined && !showSecrets ? hidden : value,
  ]);
  return Object.fromEntries(shown) as object;
}

function diskItem({ role, store, path, existing, size, freeSpace, device, mount }: Disk): object {
  return { role, store, path, existing, size, freeSpace, device, mount };
}

function switchItem(each: Switch, writing: Writing): object {
  const { name, hypervisor, hub, bridge, tap, socket, mtu, serviceHost, ports } = each;
  const keywords = writtenValues('switch', name, writing);
  return { name, hypervisor, hub, bridge, tap, socket, mtu, serviceHost, ports, keywords };
}

/** Values as they are written, variables replaced: flags as booleans, numbers as numbers, all else as text. */
function writtenValues(kind: string, name: string, { keywords, views, showSecrets }: Writing): object {
  const view = views.get(name);
  const values: [string, string | number | boolean][] = [];
  for (const written of view?.keywords() ?? []) {
    const keyword = keywords.find(kind, written);
    if (!view || !keyword || (kind === 'host' && fields.has(written))) continue;
    if (!counts(view, written, keywords.of(kind))) continue;
    const value = writtenValue(view, keyword);
    if (value !== null) values.push([keyword.sameAs ?? written, keyword.secret && !showSecrets ? hidden : value]);
  }
  // Names come nearest first.
  return Object.fromEntries(values.reverse());
}

function writtenValue(view: View, { name, kind }: Keyword): string | number | boolean | null {
  if (kind === 'list' || kind === 'text' || kind === 'block' || kind === 'address') return null;
  if (kind === 'flag') return view.flag(name);
  if (kind === 'number') return view.number(name);
  const word = view.word(name);
  return kind === 'size' && word?.toLowerCase() === 'no' ? false : word;
}

function listsOf(host: Host, { keywords, showSecrets }: Writing): object {
  return Object.fromEntries(
    Object.entries(host.lists).map(([name, rows]) => {
      const secret = showSecrets ? undefined : keywords.find('host', name)?.secret;
      return [
        name,
        rows.map(({ words }) => words.map((word, at) => (secret === true || secret === at ? hidden : word))),
      ];
    }),
  );
}

function linesOf(texts: Project['hookBlocks'] | Host['text'], secrets: readonly string[]): object {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, withoutWords(text, secrets).split('\n')]),
  );
}
