import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { systemFailure } from './errors.js';
import { readIfThere, syncFolder, writeAtomically } from './files.js';
import type { Project } from './project.js';

/** One line of a journal: what is about to be done, or how it ended. */
export interface JournalEntry {
  readonly operation: string;
  readonly name: string;
  /** `settled`: it was cut off, and a later command has put right what it left. */
  readonly state: 'begun' | 'step' | 'done' | 'failed' | 'settled';
  readonly at: string;
  readonly step?: string;
  readonly units?: readonly string[];
  /** The part of a project whose disks are about to be made outside its folder. */
  readonly outside?: Project;
  /** Bytes that a disk is about to have. */
  readonly size?: number;
}

const FILE = 'journal.ndjson';
/** Bytes above which a journal is cut to its last lines before an operation begins. */
const LARGE = 256 * 1024;
const KEPT = 100;

/** Writes a line, and waits until it is on the disk. A line that a crash cut off does not take this one with it. */
export async function writeJournal(folder: string, entry: JournalEntry): Promise<void> {
  const path = join(folder, FILE);
  try {
    const file = await open(path, 'a+', 0o600);
    try {
      const { size } = await file.stat();
      const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: Math.max(0, size - 1) });
      const whole = size === 0 || buffer.toString() === '\n';
      await file.writeFile(`${whole ? '' : '\n'}${JSON.stringify(entry)}\n`);
      await file.datasync();
      if (size === 0) await syncFolder(folder);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw systemFailure(error, `the journal ${path} cannot be written`);
  }
}

/** Cuts a journal that has grown large to its last lines. Called between operations: the lines of one stay together. */
export async function shortenJournal(folder: string): Promise<void> {
  const path = join(folder, FILE);
  const text = (await readIfThere(path)) ?? '';
  if (text.length > LARGE) await writeAtomically(path, lastLines(text));
}

/** Begins a journal with the last lines of another, where that is there: a new build of a project goes on in its journal. */
export async function continueJournal(from: string, to: string): Promise<void> {
  const text = await readIfThere(join(from, FILE));
  if (text !== null) await writeAtomically(join(to, FILE), lastLines(text));
}

/** At most KEPT lines, and at most half of what is large: it is not to be cut again soon. */
function lastLines(text: string): string {
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .slice(-KEPT);
  let bytes = 0;
  const from = lines.findLastIndex((line) => (bytes += line.length + 1) > LARGE / 2);
  return lines
    .slice(from + 1)
    .map((line) => `${line}\n`)
    .join('');
}

/** All lines, oldest first. A line that a crash cut off is left out. */
export async function readJournal(folder: string): Promise<readonly JournalEntry[]> {
  const text = (await readIfThere(join(folder, FILE))) ?? '';
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as JournalEntry];
    } catch {
      return [];
    }
  });
}

/** An operation that was begun and never ended, and its lines, oldest first. */
export interface CutOff {
  readonly operation: string;
  readonly name: string;
  readonly lines: readonly JournalEntry[];
}

/** The operation that was begun last and never ended, if there is one. What was done to put it right is not it. */
export function cutOff(entries: readonly JournalEntry[]): CutOff | null {
  const last = entries.findLast(({ name }) => name !== 'recover');
  if (!last || (last.state !== 'begun' && last.state !== 'step')) return null;
  const { operation, name } = last;
  return { operation, name, lines: entries.filter((entry) => entry.operation === operation) };
}
