import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import {
  continueJournal,
  cutOff,
  readJournal,
  shortenJournal,
  writeJournal,
  type JournalEntry,
} from '../src/journal.js';
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

const line = (operation: string, name: string, state: JournalEntry['state'], step?: string): JournalEntry => ({
  ...entry(operation, state),
  name,
  ...(step === undefined ? {} : { step }),
});
const begun = line('1', 'start', 'begun');
const hosts = line('1', 'start', 'step', 'hosts');
const units = line('2', 'recover', 'step', 'units');

test.each<[string, readonly JournalEntry[], readonly JournalEntry[] | null]>([
  ['nothing', [], null],
  ['an operation that was done', [begun, hosts, line('1', 'start', 'done')], null],
  ['an operation that failed', [begun, line('1', 'start', 'failed')], null],
  ['an operation that was settled', [begun, hosts, units, line('1', 'start', 'settled')], null],
  ['an operation that never ended', [line('0', 'build', 'done'), begun], [begun]],
  ['an operation that never ended its second step', [begun, hosts], [begun, hosts]],
  ['a recovery that never ended', [begun, hosts, units, units], [begun, hosts]],
  ['a recovery of something else', [line('1', 'start', 'done'), units], null],
])('after %s', (_, entries, lines) => {
  expect(cutOff(entries)?.lines ?? null).toEqual(lines);
});

test('a journal that has grown large is cut to its last lines, a small one is left', async () => {
  const folder = await folderWith(entry('first', 'done'));
  await shortenJournal(folder);
  expect(await readJournal(folder)).toEqual([entry('first', 'done')]);
  const names = Array.from({ length: 1000 }, (_, index) => `host${index}`);
  const many = Array.from({ length: 40 }, (_, index) => ({ ...entry(String(index), 'done'), units: names }));
  appendFileSync(join(folder, 'journal.ndjson'), many.map((each) => `${JSON.stringify(each)}\n`).join(''));
  await shortenJournal(folder);
  const kept = await readJournal(folder);
  expect(kept).toEqual(many.slice(-kept.length));
  expect(kept.length).toBeGreaterThan(5);
  expect(statSync(join(folder, 'journal.ndjson')).size).toBeLessThan(128 * 1024);
});

test('a new journal goes on with the last lines of the old one', async () => {
  const old = await folderWith(...Array.from({ length: 120 }, (_, index) => entry(String(index), 'done')));
  appendFileSync(join(old, 'journal.ndjson'), '{"cut o');
  const folder = scratchFolder();
  await continueJournal(old, folder);
  await writeJournal(folder, entry('new', 'begun'));
  const operations = (await readJournal(folder)).map(({ operation }) => operation);
  expect(operations.slice(-3)).toEqual(['118', '119', 'new']);
  expect(operations.length).toBeLessThan(110);
  await continueJournal(scratchFolder(), folder);
  expect(await readJournal(folder)).toHaveLength(operations.length);
});
