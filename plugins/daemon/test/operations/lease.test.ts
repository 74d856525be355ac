import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { scratchFolder } from '../../../../core/test/scratch.js';
import { folderAt, type OperationFolder } from '../../src/operations/folder.js';
import { nextPhase } from '../../src/operations/worker-requests.js';

let folder: OperationFolder;
beforeEach(() => {
  folder = folderAt(scratchFolder());
  mkdirSync(folder.requests);
});
const never = new AbortController().signal;
const phase = { number: 3, phase: 'hosts', units: ['a'] };

test('a phase that is there, or comes, is given', async () => {
  const waited = nextPhase(folder, 3, never);
  writeFileSync(join(folder.requests, '3.json'), JSON.stringify(phase));
  expect(await waited).toEqual(phase);
  expect(await nextPhase(folder, 3, never)).toEqual(phase);
});

test('where nothing is heard it is given up', async () => {
  expect(await nextPhase(folder, 0, never, 1)).toBeNull();
});

test('a sign of life lets it wait on', async () => {
  const waited = nextPhase(folder, 3, never, 1500);
  let signs = 0;
  const timer = setInterval(() => {
    signs += 1;
    utimesSync(folder.requests, signs, signs);
    // Long after it would have been given up.
    if (signs === 25) writeFileSync(join(folder.requests, '3.json'), JSON.stringify(phase));
  }, 100);
  expect(await waited).toEqual(phase);
  clearInterval(timer);
});

test('who is cancelled waits no longer', async () => {
  const cancel = new AbortController();
  const waited = nextPhase(folder, 0, cancel.signal);
  cancel.abort();
  expect(await waited).toBeNull();
});
