import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openLog, readLog } from '../../src/operations/log-file.js';

/* What the worker's user may have put in the place of a log. */

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mln-log-'));
  path = join(folder, 'log.ndjson');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function kinds(): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { kind } of readLog(path, -1, { follow: false, written: () => false })) found.push(kind);
  return found;
}

test('a line without an end is not gathered for ever', async () => {
  const log = openLog(path);
  log.write({ kind: 'note', text: 'begun' });
  log.close();
  const before = process.memoryUsage.rss();
  // A terabyte of holes.
  truncateSync(path, 1024 ** 4);
  expect(await kinds()).toEqual(['note']);
  expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1024 * 1024);
});

test('a line that is cut off is no entry, and the next is', async () => {
  writeFileSync(path, '{"kind":"note","te');
  const log = openLog(path);
  log.write({ kind: 'end', state: 'failed', exit: 1 });
  log.close();
  expect(await kinds()).toEqual(['end']);
});

test('a fifo is not written to, nor waited for', async () => {
  execFileSync('mkfifo', [path]);
  expect(() => openLog(path)).toThrow('is no file');
  expect(await kinds()).toEqual([]);
});
