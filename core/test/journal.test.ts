import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { cutOff, readJournal, writeJournal, type JournalEntry } from '../src/journal.js';
import { scratchFolder } from './scratch.js';

const entry = (operation: string, state: JournalEntry['state']): JournalEntry => ({
  operation,
  name: 'ring',
  state,
  at: '2026-01-01T00:00:00.000Z',
});

async function folderWith(...entries: readonly JournalEntry[]): Promise<string> {
  const folder = scratchFolder();
  for (const each of entries) await writeJournal(folder, each);
  return folder;
}

test('what was written is read, oldest first', async () => {
  const folder = await folderWith(entry('build', 'begun'), entry('build', 'done'), entry('start', 'begun'));
  expect(await readJournal(folder)).toEqual([entry('build', 'begun'), entry('build', 'done'), entry('start', 'begun')]);
});

test('a project without a journal has an empty one', async () => {
  expect(await readJournal(scratchFolder())).toEqual([]);
});

test('a line that was cut off anywhere is left out, and takes no other with it', async () => {
  const whole = `${JSON.stringify(entry('build', 'begun'))}\n`;
  for (let length = 0; length < whole.length - 1; length += 7) {
    const folder = await folderWith(entry('build', 'done'), entry('build', 'begun'));
    truncateSync(join(folder, 'journal.ndjson'), JSON.stringify(entry('build', 'done')).length + 1 + length);
    expect(await readJournal(folder)).toEqual([entry('build', 'done')]);
    await writeJournal(folder, entry('start', 'begun'));
    expect(await readJournal(folder)).toEqual([entry('build', 'done'), entry('start', 'begun')]);
  }
});

test('a line whose newline alone is missing counts', async () => {
  const folder = await folderWith();
  writeFileSync(join(folder, 'journal.ndjson'), JSON.stringify(entry('build', 'begun')));
  await writeJournal(folder, entry('build', 'done'));
  expect(await readJournal(folder)).toEqual([entry('build', 'begun'), entry('build', 'done')]);
});

test('a line of another kind of damage is left out', async () => {
  const folder = await folderWith(entry('build', 'begun'));
  appendFileSync(join(folder, 'journal.ndjson'), '\0\0\0\0\n');
  await writeJournal(folder, entry('build', 'done'));
  expect(await readJournal(folder)).toEqual([entry('build', 'begun'), entry('build', 'done')]);
});

test('each entry is one line', async () => {
  const folder = await folderWith({ ...entry('build', 'begun'), units: ['a\nb'] });
  expect(readFileSync(join(folder, 'journal.ndjson'), 'utf8').split('\n')).toHaveLength(2);
});

test.each<[string, readonly JournalEntry[], JournalEntry | null]>([
  ['nothing', [], null],
  ['an operation that was done', [entry('build', 'begun'), entry('build', 'done')], null],
  ['an operation that failed', [entry('build', 'begun'), entry('build', 'failed')], null],
  ['an operation that never ended', [entry('build', 'done'), entry('start', 'begun')], entry('start', 'begun')],
])('after %s', (_, entries, expected) => {
  expect(cutOff(entries)).toEqual(expected);
});
