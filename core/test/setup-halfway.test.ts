import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { apply } from '../src/setup/apply.js';
import type { Choice, Item } from '../src/setup/items.js';
import { look, type Seen } from '../src/setup/look.js';
import { readRecord, type SetupRecord } from '../src/setup/record.js';
import { fakeShell } from '../../test/support/examine.js';
import { scratchFolder } from './scratch.js';

const shell = fakeShell(() => null);

test('setup that was stopped halfway knows its own files again, and goes on', async () => {
  const root = scratchFolder();
  const record = join(root, 'setup.json');
  const folders = { projects: join(root, 'p'), templates: join(root, 't'), files: join(root, 'f') };
  const choice: Choice = { kind: 'user', serviceHost: null, boot: false, folders };
  const items = (text: string, ...names: readonly string[]): readonly Item[] =>
    names.map((name) => ({ kind: 'file', what: name, path: join(root, name), text }));
  const work = async (planned: readonly Item[]): Promise<readonly Seen[]> => {
    const known: SetupRecord | null = await readRecord(record);
    const seen = await look(planned, known, shell);
    await apply({ choice, seen, leftovers: [], before: known, record, prefix: null, shell });
    return seen;
  };
  const found = async (planned: readonly Item[]): Promise<readonly string[]> =>
    (await look(planned, await readRecord(record), shell)).map(({ state }) => state);

  await work(items('old', 'a', 'c'));
  // No file can have such a name, with what is behind it while it is written.
  const halfway = items('new', 'a', 'b'.repeat(255), 'c', 'd');
  await expect(work(halfway)).rejects.toMatchObject({ code: 'MLN_IO' });
  expect(readdirSync(root).sort()).toEqual(['a', 'c', 'setup.json']);
  expect(await found(items('new', 'a', 'c', 'd'))).toEqual(['ok', 'outdated', 'missing']);
  await work(items('new', 'a', 'c', 'd'));
  expect(await found(items('new', 'a', 'c', 'd'))).toEqual(['ok', 'ok', 'ok']);
  const { wrote = {} } = (await readRecord(record)) ?? {};
  expect(['a', 'c', 'd'].map((name) => wrote[join(root, name)]?.length)).toEqual([1, 1, 1]);
});
