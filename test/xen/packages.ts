import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

/** A Debian package in the version that this machine's lists offer. */
export interface Package {
  readonly name: string;
  readonly version: string;
}

/** What the bed is made of: the names that hold a version, and every package with its own. */
export interface Packages {
  /** As 4.17. */
  readonly xen: string;
  /** As 6.1.0-56-amd64. */
  readonly kernel: string;
  readonly all: readonly Package[];
}

/** Libraries that come with the programs of this machine. */
const onEveryMachine = /^(libc6|libgcc-s1|libstdc\+\+6|libcrypt1)$/;
const programs = ['xen-utils-common', 'xenstore-utils', 'busybox-static', 'lvm2', 'dmsetup', 'kmod'];

/** Finds what the lists of apt offer, without a network; null where they offer no Xen, or there are none. */
export function findPackages(folder: string): Packages | null {
  const apt = aptOf(folder);
  const [hypervisor = ''] = named(dependencies(apt, ['xen-system-amd64']), /^xen-hypervisor-\d[\d.]*-amd64$/);
  const xen = hypervisor.replace(/^xen-hypervisor-|-amd64$/g, '');
  const [image = ''] = named(dependencies(apt, ['linux-image-amd64']), /^linux-image-\d/);
  if (xen === '' || image === '') return null;
  const wanted = [...programs, `xen-utils-${xen}`];
  const graph = dependencies(apt, wanted);
  const names = new Set([...wanted, hypervisor, image]);
  // A set goes on over what is added to it meanwhile.
  for (const name of names)
    if (name !== image)
      for (const each of graph.get(name) ?? [])
        if (each.startsWith('lib') && !onEveryMachine.test(each)) names.add(each);
  return { xen, kernel: image.replace('linux-image-', ''), all: versions(apt, [...names].sort()) };
}

/** Downloads packages and unpacks them into a folder: nothing is installed. */
export function unpackPackages(packages: Packages, target: string, folder: string): void {
  const downloads = `${target}.deb`;
  mkdirSync(downloads, { recursive: true });
  const names = packages.all.map(({ name, version }) => `${name}=${version}`);
  aptOf(folder).run('apt-get', ['-qq', 'download', ...names], downloads);
  for (const file of readdirSync(downloads)) execFileSync('dpkg', ['-x', join(downloads, file), target]);
  rmSync(downloads, { recursive: true });
}

interface Apt {
  readonly run: (program: 'apt-get' | 'apt-cache', args: readonly string[], cwd?: string) => string;
}

/** Gets new lists, as versions that are offered no longer cannot be downloaded: root those of the machine. */
export function renewLists(folder: string): void {
  if (!isRoot()) mkdirSync(join(folder, 'apt/lists/partial'), { recursive: true });
  aptOf(folder).run('apt-get', ['-qq', 'update']);
}

/** With the lists of the machine; an ordinary user has others for the bed alone, once they were renewed. */
function aptOf(folder: string): Apt {
  const state = join(folder, 'apt');
  const own = !isRoot() && existsSync(state);
  if (own) mkdirSync(join(state, 'cache/archives/partial'), { recursive: true });
  const options = own
    ? [`Dir::State::lists=${join(state, 'lists')}`, `Dir::Cache=${join(state, 'cache')}`]
    : // Root gives up its rights for downloads otherwise, and then cannot write here.
      [`APT::Sandbox::User=${userInfo().username}`];
  const all = options.flatMap((each) => ['-o', each]);
  return {
    run: (program, args, cwd = '/') =>
      execFileSync(program, [...all, ...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
  };
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** What packages depend on, and what these depend on. */
function dependencies(apt: Apt, names: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const without = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map(
    (each) => `--no-${each}`,
  );
  const graph = new Map<string, string[]>();
  let told = '';
  try {
    told = apt.run('apt-cache', ['depends', '--recurse', ...without, ...names]);
  } catch (error) {
    // It ends so where it knows none of them.
    if ((error as { status?: number }).status !== 100) throw error;
  }
  let of: string[] = [];
  for (const line of told.split('\n')) {
    const [, dependency] = /^[ |]+(?:Pre)?Depends: (\S+)/.exec(line) ?? [];
    if (dependency !== undefined) of.push(dependency);
    else if (/^\S/.test(line)) graph.set(line, (of = []));
  }
  return graph;
}

function named(graph: ReadonlyMap<string, readonly string[]>, pattern: RegExp): readonly string[] {
  return [...graph.keys()].filter((name) => pattern.test(name));
}

/** Names that are only provided by others have no version, and are left out. */
function versions(apt: Apt, names: readonly string[]): Package[] {
  const told = apt.run('apt-cache', ['policy', ...names]);
  return [...told.matchAll(/^(\S+):\n.*\n {2}Candidate: (\S+)/gm)].flatMap(([, name = '', version = '']) =>
    version === '(none)' ? [] : [{ name, version }],
  );
}
