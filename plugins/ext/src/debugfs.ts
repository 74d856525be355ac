import { failure, type Edit, type Shell } from '@mln/core';
import type { PrivateFolder } from './private-folder.js';
import { dirname, basename } from 'node:path/posix';

/*
 * debugfs(8) is told what to do line by line. A line is cut into words by blanks; a word in "…" may hold blanks, and
 * "" in it is one quote. `<12>` means an inode, and an option begins with a dash: paths are given absolute, so they
 * are neither. What makes something new (mkdir, symlink, write) is given a plain name in the working folder: write
 * would put a slash into the directory, and the others take /NAME for a name in the working folder.
 * The exit code is always 0; what went wrong is on stderr.
 */

/** debugfs reads lines into a buffer of BUFSIZ bytes, fgets(3). */
const MAX_LINE = 8000;

/**
 * What debugfs is asked last, what it prints before it does that, and what it complains of then: all else has come before.
 * With `-f -` it reads lines and shows each; without, it reads characters by readline, which takes five times as long.
 */
export const last = {
  line: 'open /mln-asks-for-an-answer',
  printed: 'debugfs: open /mln-asks-for-an-answer\n',
  complaint: 'debugfs: No such file or directory while trying to open /mln-asks-for-an-answer\n',
} as const;

/** File types in an inode's mode, inode(7). */
const typeBits = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;

/** Quotes a path or name as one word. */
export function word(text: string): string {
  if (/[\0-\x1f\x7f]/.test(text))
    throw failure('MLN_GUEST_PATH', `${JSON.stringify(text)} has control characters, which debugfs cannot be given`);
  return `"${text.replaceAll('"', '""')}"`;
}

/** The lines that carry out one edit; sourceOf tells where the new content of a file lies on the physical host. */
export function linesFor(edit: Edit, sourceOf: (edit: Edit & { do: 'file' }) => string): string[] {
  const path = word(edit.path);
  const folder = `cd ${word(dirname(edit.path))}`;
  const name = word(basename(edit.path));
  const attributes = (type: keyof typeof typeBits): string[] => {
    if (edit.do === 'remove') return [];
    const mode = (typeBits[type] + edit.mode).toString(8);
    return [`sif ${path} mode 0${mode}`, `sif ${path} uid ${edit.owner}`, `sif ${path} gid ${edit.group}`];
  };
  switch (edit.do) {
    case 'remove':
      return [`${edit.type === 'directory' ? 'rmdir' : 'rm'} ${toRemove(edit.path)}`];
    case 'directory':
      return [folder, `mkdir ${name}`, ...attributes('directory')];
    case 'symlink':
      return [folder, `symlink ${name} ${word(edit.target)}`, ...attributes('symlink')];
    case 'attributes':
      return attributes(edit.type === 'directory' ? 'directory' : 'file');
    case 'file':
      return [
        ...(edit.replaces ? [`rm ${toRemove(edit.path)}`] : []),
        folder,
        `write ${word(sourceOf(edit))} ${name}`,
        ...attributes('file'),
      ];
  }
}

/** Of a path with one slash in front alone, debugfs removes the name from its working folder. */
function toRemove(path: string): string {
  return word(dirname(path) === '/' ? `/.${path}` : path);
}

export interface DebugfsResult {
  readonly stdout: string;
  /** What debugfs complained of, line by line. */
  readonly complaints: readonly string[];
}

/** Asks debugfs once about an image, with all these lines. */
export async function debugfs(shell: Shell, image: string, lines: readonly string[]): Promise<DebugfsResult> {
  const { stdout, stderr } = await shell('debugfs', ['-f', '-', image], { input: textOf(lines) });
  return { stdout, complaints: complaintsIn(stderr) };
}

/** Lets debugfs change an image, once, by all these lines. Gives what it complains of. */
export async function debugfsWrite(
  shell: Shell,
  image: string,
  lines: readonly string[],
  folder: PrivateFolder,
): Promise<readonly string[]> {
  const script = folder.fileWith(Buffer.from(textOf(lines)));
  const { stderr } = await shell('debugfs', ['-w', '-f', script, image], { ignoreStdout: true });
  return complaintsIn(stderr);
}

/** Lines as debugfs is given them. */
export function textOf(lines: readonly string[]): string {
  const long = lines.find((line) => Buffer.byteLength(line) > MAX_LINE);
  if (long !== undefined) throw failure('MLN_GUEST_PATH', `a path is too long for debugfs: ${long.slice(0, 80)}…`);
  return lines.map((line) => `${line}\n`).join('');
}

/** The first line of stderr is the version. */
export function complaintsIn(stderr: string): readonly string[] {
  return stderr.split('\n').filter((line) => line !== '' && !/^debugfs \d/.test(line));
}
