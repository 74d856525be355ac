import { readdirSync, statSync, type Dirent } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Characters that no shell shows as they are, and what stands for bytes that are no text. */
const odd = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\uFFFD]/u;

/** The paths that begin as this one does, in its own spelling; folders end with a slash. `home`: its ~ is the home folder. */
export function pathsFrom(typed: string, which: 'file' | 'folder' | 'project-file', home: boolean): readonly string[] {
  const cut = typed.lastIndexOf('/') + 1;
  const [folder, begin] = [typed.slice(0, cut), typed.slice(cut)];
  const real = home ? join(homedir(), folder.slice(1)) : folder;
  const entries = readdirSync(real === '' ? '.' : real, { withFileTypes: true }).filter(
    ({ name }) => name.startsWith(begin) && (begin !== '' || !name.startsWith('.')) && !odd.test(name),
  );
  const folders = entries.filter((each) => isFolder(each, real)).map(({ name }) => `${folder}${name}/`);
  const files = entries.filter((each) => !isFolder(each, real)).map(({ name }) => folder + name);
  const projects = which === 'project-file' ? files.filter((name) => name.endsWith('.mln')) : [];
  const offered = which === 'folder' ? [] : projects.length > 0 ? projects : files;
  return [...offered.sort(), ...folders.sort()];
}

function isFolder(entry: Dirent, parent: string): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return statSync(join(parent, entry.name), { throwIfNoEntry: false })?.isDirectory() === true;
}
