import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync, statSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { failure } from './errors.js';

/*
 * Whose code is run. docs/decisions/0016 says why. For root: what belongs to root, in folders that belong to root up to
 * the top, and that nobody else may write. For others: what belongs to them, to root, or to whoever installed mln, and
 * not everybody may write.
 */

/** Who asks, and whom else they trust: whoever installed the mln that they run. */
export interface Asker {
  readonly uid: number | undefined;
  readonly installer: number | null;
}

/** Who runs this process. */
export function whoAsks(distribution: string | null): Asker {
  const uid = process.geteuid?.();
  return { uid, installer: distribution === null || uid === 0 ? null : statSync(distribution).uid };
}

/** Says why others than the asker may have written a file, or (imports) what it imports, in words that follow its path. */
export function strangerReason(path: string, asker: Asker, imports = false): string | null {
  if (asker.uid === undefined) return null;
  const real = realPath(path);
  const reason = wrong(statSync(real), asker);
  if (reason !== null) return reason;
  if (asker.uid !== 0) return wrongFolder(dirname(real), asker, imports);
  const passed = linksOf(path).map((link) => {
    const { uid } = lstatSync(link);
    if (uid !== 0) return `is behind the link ${link}, which belongs to another user`;
    const found = wrongFolders(dirname(link), asker, false);
    return found && `is behind the link ${link}, which ${found}`;
  });
  return passed.find((each) => each !== null) ?? wrongFolders(dirname(real), asker, imports);
}

/** The same of a folder and, up to the top, of those above. */
function wrongFolders(start: string, asker: Asker, imports: boolean): string | null {
  for (let folder = start; ; folder = dirname(folder)) {
    const found = wrongFolder(folder, asker, imports);
    if (found !== null || folder === dirname(folder)) return found;
  }
}

function wrongFolder(folder: string, asker: Asker, imports: boolean): string | null {
  const found = wrong(statSync(folder), asker);
  if (found !== null) return `lies in ${folder}, which ${found}`;
  const others = imports && asker.uid === 0 ? importsOfOthers(folder, asker) : undefined;
  return others === undefined ? null : `could import by way of ${others}, which others may have written`;
}

/** Where a path leads. One into /proc may name no file but a pipe, as that of a shell's <(…): it stands for itself. */
export function realPath(path: string): string {
  const real = realpathSync(path);
  return existsSync(real) ? real : resolve(path);
}

/** The links that lead from a path to its file, those among its folders too. */
function linksOf(path: string): readonly string[] {
  const links: string[] = [];
  const rest = resolve(path).split(sep);
  let done: string = sep;
  // The real path is known by now: the links do not go round in circles.
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const next = join(done, name);
    const found = lstatSync(next, { throwIfNoEntry: false });
    // What /proc says of open files names nothing that could be followed further.
    if (found === undefined) return links;
    if (!found.isSymbolicLink()) {
      done = next;
      continue;
    }
    links.push(next);
    const target = readlinkSync(next);
    if (isAbsolute(target)) done = sep;
    rest.unshift(...target.split(sep));
  }
  return links;
}

/** Throws MLN_PLUGIN_UNTRUSTED where others than the asker may have written a plug-in: its file, or a file of its package. */
export function refuseStrangers(name: string, path: string, kind: 'file' | 'package', asker: Asker): void {
  const folder = dirname(realpathSync(path));
  for (const file of kind === 'file' ? [path] : [path, ...filesOf(folder)]) {
    // What lies in the package imports by the same folders as its package.json would.
    const imports = file === path || !realpathSync(file).startsWith(`${folder}${sep}`);
    const reason = strangerReason(file, asker, imports);
    if (reason === null) continue;
    throw failure('MLN_PLUGIN_UNTRUSTED', `the plug-in ${name} is not run: ${file} ${reason}`, {
      hint:
        asker.uid === 0
          ? 'root runs only what belongs to root and nobody else can write: chown root, chmod go-w, or keep it in /etc/mln'
          : 'make it your own: copy it, chmod o-w',
    });
  }
}

/**
 * What belongs to others in a folder above a plug-in, and tells Node where to find what it imports. In a sticky folder
 * nobody takes away what is root's, but anybody may add these.
 */
function importsOfOthers(folder: string, asker: Asker): string | undefined {
  return ['node_modules', 'package.json']
    .map((name) => join(folder, name))
    .find((path) => {
      if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return false;
      // A link that leads nowhere may lead somewhere soon.
      return !existsSync(path) || (statSync(path).mode & 0o002) !== 0 || strangerReason(path, asker) !== null;
    });
}

function wrong({ uid, gid, mode }: Stats, asker: Asker): string | null {
  if (uid !== 0 && uid !== asker.uid && uid !== asker.installer) return 'belongs to another user';
  // In a folder such as /tmp nobody takes away what belongs to others.
  const sticky = (mode & 0o1000) !== 0 && (mode & 0o170000) === 0o040000;
  if (sticky) return null;
  if ((mode & 0o002) !== 0) return 'can be written by everybody';
  return asker.uid === 0 && (mode & 0o020) !== 0 && gid !== 0 ? `can be written by the group ${gid}` : null;
}

/** The files and folders of a package, those behind links too; what it depends on is not among them. */
function filesOf(folder: string, seen = new Set<string>()): string[] {
  if (seen.has(realpathSync(folder))) return [];
  seen.add(realpathSync(folder));
  return readdirSync(folder, { withFileTypes: true }).flatMap((each) => {
    const path = join(folder, each.name);
    if (each.name === 'node_modules' || each.name === '.git') return [];
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isDirectory() ? [path, ...filesOf(path, seen)] : found ? [path] : [];
  });
}

/** Throws MLN_PLUGIN_UNTRUSTED where the module of a package does not lie in it: then nobody has looked at it. */
export function refuseOutside(name: string, path: string, module: string): void {
  const folder = realpathSync(dirname(path));
  const real = existsSync(module) ? realpathSync(module) : module;
  if (real.startsWith(`${folder}${sep}`) && !real.slice(folder.length).includes(`${sep}node_modules${sep}`)) return;
  throw failure('MLN_PLUGIN_UNTRUSTED', `the plug-in ${name} is not run: its module ${real} is no file of ${folder}`, {
    hint: 'exports in its package.json is to name a file of the package',
  });
}
