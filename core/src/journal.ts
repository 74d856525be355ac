import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { systemFailure } from './errors.js';
import { readIfThere } from './files.js';

/** One line of a journal: what is about to be done, or was done. */
export interface JournalEntry {
  readonly operation: string;
  readonly name: string;
  readonly state: 'begun' | 'done' | 'failed';
  readonly at: string;
  readonly units?: readonly string[];
}

const FILE = 'journal.ndjson';
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
    } finally {
      await file.close();
    }
  } catch (error) {
    throw systemFailure(error, `the journal ${path} cannot be written`);
  }
}

/** The last lines, oldest first. A line that a crash cut off is left out. */
export async function readJournal(folder: string): Promise<readonly JournalEntry[]> {
  const text = (await readIfThere(join(folder, FILE))) ?? '';
  return text
    .split('\n')
    .slice(-KEPT)
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as JournalEntry];
      } catch {
        return [];
      }
    });
}

/** The operation that was begun last and never ended, if there is one. */
export function cutOff(entries: readonly JournalEntry[]): JournalEntry | null {
  const last = entries.at(-1);
  return last?.state === 'begun' ? last : null;
}
