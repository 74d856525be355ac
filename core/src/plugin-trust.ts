import { existsSync, lstatSync, readdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { dirname, join, sep } from 'node:path';
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
  let child = realpathSync(path);
  const reason = wrong(statSync(child), asker);
  if (reason !== null) return reason;
  for (let folder = dirname(child); ; child = folder, folder = dirname(folder)) {
    const found = wrong(statSync(folder), asker);
    if (found !== null) return `lies in ${folder}, which ${found}`;
    if (imports && asker.uid === 0 && hasModulesOfOthers(folder, asker))
      return `could import from ${join(folder, 'node_modules')}, which belongs to another user`;
    if (folder === dirname(folder) || asker.uid !== 0) return null;
  }
}

/** Throws MLN_PLUGIN_UNTRUSTED where others than the asker may have written a plug-in: its file, or a file of its package. */
export function refuseStrangers(name: string, path: string, kind: 'file' | 'package', asker: Asker): void {
  for (const file of kind === 'file' ? [path] : [path, ...filesOf(dirname(realpathSync(path)))]) {
    const reason = strangerReason(file, asker, true);
    if (reason === null) continue;
    throw failure('MLN_PLUGIN_UNTRUSTED', `the plug-in ${name} is not run: ${file} ${reason}`, {
      hint:
        asker.uid === 0
          ? 'root runs only what belongs to root and nobody else can write: chown root, chmod go-w, or keep it in /etc/mln'
          : 'make it your own: copy it, chmod o-w',
    });
  }
}

/** In a sticky folder nobody takes away what is root's, but anybody adds a node_modules, which Node looks through. */
function hasModulesOfOthers(folder: string, asker: Asker): boolean {
  const found = lstatSync(join(folder, 'node_modules'), { throwIfNoEntry: false });
  return found !== undefined && wrong(found, asker) !== null;
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
