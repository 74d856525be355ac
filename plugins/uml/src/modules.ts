import { existsSync, readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { failure, type Guest, type Host, type Row, type Shell } from '@mln/core';

/** Where Debian's package keeps the modules of its kernel. */
const MODULES = '/usr/lib/uml/modules';
/** What modprobe(8) reads to find a module and what it needs. */
const INDEXES = [
  'modules.dep',
  'modules.dep.bin',
  'modules.alias',
  'modules.alias.bin',
  'modules.builtin',
  'modules.builtin.bin',
];

/** Debian's kernel has IPv6 as a module: a host with such an address loads it. */
export function withIpv6(host: Host): Host['lists'] {
  const needed = host.interfaces.some(({ addresses }) => addresses.some(({ address }) => !isIPv4(address)));
  const rows = host.lists['modules'] ?? [];
  if (!needed || rows.some(({ words }) => words[0] === 'ipv6')) return host.lists;
  const ipv6: Row = { words: ['ipv6'], place: null };
  return { ...host.lists, modules: [ipv6, ...rows] };
}

/** Puts the modules that a host loads into its filesystem: its template cannot know the kernel that it will run. */
export async function copyModules(guest: Guest, host: Host, shell: Shell, modules = MODULES): Promise<void> {
  const rows = host.lists['modules'] ?? [];
  if (rows.length === 0) return;
  const { stdout } = await shell(String(host.keywords['kernel'] ?? 'linux.uml'), ['--version']);
  const version = stdout.trim();
  const from = join(modules, version);
  if (!existsSync(from)) return;
  const needed = new Set(rows.flatMap((row) => closure(row, from, host)));
  for (const path of [...needed, ...INDEXES].filter((each) => existsSync(join(from, each))))
    await guest.copyIn(join(from, path), `/lib/modules/${version}/${path}`);
}

/** A module and all that it depends on, as modules.dep lists them; a built-in one needs nothing. */
function closure(row: Row, from: string, host: Host): string[] {
  const name = (row.words[0] ?? '').replaceAll('-', '_');
  const isNamed = (path: string): boolean =>
    path
      .replace(/^.*\//, '')
      .replace(/\.ko.*$/, '')
      .replaceAll('-', '_') === name;
  const lines = readFileSync(join(from, 'modules.dep'), 'utf8').split('\n');
  const found = lines.find((line) => isNamed(line.split(':')[0] ?? ''));
  if (found !== undefined)
    return found
      .split(/:?\s+/)
      .filter((path) => path !== '')
      .map((path) => path.replace(/:$/, ''));
  if (readFileSync(join(from, 'modules.builtin'), 'utf8').split('\n').some(isNamed)) return [];
  throw failure('MLN_UNSUPPORTED', `${host.name}: the kernel has no module ${name}`, {
    place: row.place ?? undefined,
    hint: `its modules are in ${from}`,
  });
}
