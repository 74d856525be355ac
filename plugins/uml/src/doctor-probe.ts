import { mkdir, readFile, copyFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MiB, type Mln, type Scratch } from '@mln/core';
import { MARK, probeScript, type Root } from './doctor-script.js';
import type { SwitchProgram } from './uplink.js';

/** What came of a guest that was booted to try it out. */
export interface Probe {
  /** The kernel’s release, where its userland has run. */
  readonly release: string | null;
  readonly root: Root;
  /** Seconds until its userland ran, or until it was given up. */
  readonly seconds: number;
  /** Bytes that it took on the physical host. */
  readonly memory: number | null;
  /** What its kernel said when it was asked for its version; empty where it did not answer. */
  readonly answer: string;
  /** `listens`, or what the switch said when it did not; null where there is none. */
  readonly switch: string | null;
  /** Whether the guest could write on its disk, and bring its network card up. */
  readonly disk: boolean;
  readonly card: boolean;
  /** Bytes of the copy-on-write disk. */
  readonly cow: number | null;
  /** How it ended, where it did so by itself. */
  readonly exit: number | null;
  readonly console: string;
}

/** Milliseconds for a program, and for the script, which ends by itself. */
const QUICK = 10_000;
const LONG = 45_000;
const IMAGE = 6 * MiB;
/** Characters of a folder in which a vde_switch can listen. */
const LONGEST = 80;

/**
 * Boots a guest in the projects folder, or as near to it as there is a folder: over an image with busybox where there is
 * one that stands alone, over the physical host's own files (read-only) otherwise.
 */
export async function bootProbe(mln: Mln, scratch: Scratch, program: SwitchProgram): Promise<Probe> {
  // Whether projects can be kept in their folder is the core’s question.
  const near = await scratch.folder(mln.folders.projects).catch(() => scratch.folder());
  // A vde_switch asks for its folder's whole path, which unix(7) bounds; projects have another way out.
  const folder = program === 'vde_switch' && near.length > LONGEST ? await scratch.folder() : near;
  const busybox = await staticBusybox(mln);
  const root = busybox === null ? 'host' : 'busybox';
  const content = join(folder, 'root');
  for (const each of ['bin', 'dev', 'proc']) await mkdir(join(content, each), { recursive: true });
  if (busybox !== null) await copyFile(busybox, join(content, 'bin/busybox'));
  const image = join(folder, 'image');
  await writeFile(image, '', { mode: 0o600 });
  await truncate(image, IMAGE);
  await mln.shell('mke2fs', ['-q', '-F', '-t', 'ext4', '-O', '^has_journal', '-d', content, image], { timeout: QUICK });
  const { stdout } = await mln.shell('sh', ['-c', probeScript(root, program)], { cwd: folder, timeout: LONG });
  return readProbe(stdout, root);
}

/** Reads what the probe's script has printed. */
export function readProbe(printed: string, root: Root): Probe {
  const text = printed.replaceAll('\r', '');
  const end = text.indexOf('\n\n');
  const [facts, said] = end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 2)];
  const told = new RegExp(`^${MARK} (.*)$`, 'm').exec(said)?.[1] ?? '';
  const values = new Map(
    [...facts.split('\n'), ...told.split(' ')].map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }),
  );
  const number = (name: string): number | null => {
    const value = values.get(name) ?? '';
    return /^\d+(\.\d+)?$/.test(value) ? Number(value) : null;
  };
  const scaled = (name: string, unit: number): number | null => {
    const value = number(name);
    return value === null ? null : value * unit;
  };
  return {
    release: values.get('release') ?? null,
    root,
    seconds: (number('ready') ?? 0) - (number('begun') ?? 0),
    memory: scaled('memory', 1024),
    answer: values.get('mconsole') ?? '',
    switch: values.get('switch') ?? null,
    disk: number('disk') === 0,
    card: number('card') === 0,
    cow: scaled('cow', 512),
    exit: number('exit'),
    console: said,
  };
}

/** A busybox that needs no shared library: only such a one runs in a guest that has no other file. */
async function staticBusybox(mln: Mln): Promise<string | null> {
  try {
    const { stdout } = await mln.shell('busybox', ['which', 'busybox'], { timeout: QUICK });
    const path = stdout.trim();
    return /\/lib(?:32|64)?\/ld-/.test(await readFile(path, 'latin1')) ? null : path;
  } catch {
    return null;
  }
}
