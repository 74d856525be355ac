import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { afterAll } from '@jest/globals';
import { MiB, type Edit, type Entry, type Filesystem } from '@mln/core';
import { talk } from '../../../core/src/dialogue.js';
import { runShell } from '../../../core/src/shell.js';
import { extFilesystem } from '../src/ext-filesystem.js';

/** The filesystems that the tests make, each by mke2fs as the calling user. */
export const kinds = {
  ext2: ['-t', 'ext2'],
  ext3: ['-t', 'ext3', '-J', 'size=1'],
  ext4: ['-t', 'ext4', '-J', 'size=1'],
  'ext4 of 4096-byte blocks': ['-t', 'ext4', '-b', '4096', '-O', '^has_journal'],
  'ext4 with inline data': ['-t', 'ext4', '-O', 'inline_data,^has_journal'],
} as const;
export type ImageKind = keyof typeof kinds;

const folder = mkdtempSync(join(tmpdir(), 'mln-ext-test-'));
let made = 0;
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A folder of this test file's own, taken away behind the last test. */
export function scratch(name: string): string {
  return join(folder, name);
}

/** Makes an image; `from` is a folder whose files it begins with. */
export function makeImage(
  kind: ImageKind = 'ext4',
  { size = 4 * MiB, from, options = [] }: { size?: number; from?: string; options?: readonly string[] } = {},
): string {
  const path = join(folder, `${(made += 1)}.img`);
  const fill = from === undefined ? [] : ['-d', from];
  run('mke2fs', '-q', '-F', ...kinds[kind], ...fill, ...options, path, `${size / 1024}k`);
  return path;
}

/** Opens an image anew: nothing that was read before is remembered. */
export function open(image: string): Filesystem {
  return extFilesystem(image, runShell, talk);
}

/** What e2fsck says of an image, and whether it found it clean. */
export function isClean(image: string): boolean {
  try {
    run('e2fsck', '-fn', image);
    return true;
  } catch {
    return false;
  }
}

export function run(program: string, ...args: string[]): string {
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  return execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe', env: { ...process.env, PATH: path } });
}

/** Everything below a folder, a line each: kind, mode, owner:group, path, and content or target. */
export async function outline(filesystem: Filesystem, folder = '/'): Promise<string[]> {
  const line = async (name: string, { type, mode, owner, group }: Entry): Promise<string[]> => {
    const path = posix.join(folder, name);
    if (path === '/lost+found') return [];
    const head = `${type} ${mode.toString(8).padStart(4, '0')} ${owner}:${group} ${path}`;
    if (type === 'file') return [`${head} ${JSON.stringify((await filesystem.read(path)).toString())}`];
    if (type === 'symlink') return [`${head} -> ${await filesystem.readLink(path)}`];
    return type === 'directory' ? [head, ...(await outline(filesystem, path))] : [head];
  };
  const entries = [...((await filesystem.list(folder)) ?? [])];
  return (await Promise.all(entries.map(([name, entry]) => line(name, entry)))).flat().sort();
}

const root = { owner: 0, group: 0 } as const;

/** A file that root owns. */
export function file(path: string, content: string | Buffer = '', mode = 0o644): Edit & { do: 'file' } {
  return { do: 'file', path, content: Buffer.from(content), mode, ...root, replaces: false };
}

export function directory(path: string, mode = 0o755): Edit {
  return { do: 'directory', path, mode, ...root };
}

export function symlink(path: string, target: string): Edit {
  return { do: 'symlink', path, target, mode: 0o777, ...root };
}
