import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { announcer, newOperation } from '../src/announce.js';
import type { OperationEvent } from '../src/operation.js';
import type { SteppedOperation, StepOf } from '../src/steps.js';
import { fakeMln } from './fake-hypervisor.js';
import { scratchFolder } from './scratch.js';

async function announced(name: SteppedOperation, step: string, folder: string): Promise<readonly OperationEvent[]> {
  const mln = await fakeMln(scratchFolder());
  const events: OperationEvent[] = [];
  mln.hooks.event.tap('test', (event) => {
    // Whoever is told finds the step in the journal.
    if (!folder.endsWith('missing')) expect(readFileSync(join(folder, 'journal.ndjson'), 'utf8')).toContain(step);
    events.push(event);
  });
  await announcer(mln, newOperation(name), name, 'p')(step as StepOf<typeof name>, folder, { units: ['a'] });
  return events;
}

test('a step is in the journal before anyone is told of it', async () => {
  const folder = scratchFolder();
  expect(await announced('start', 'hosts', folder)).toMatchObject([
    { state: 'step', step: 'hosts', project: 'p', unit: null, operation: { name: 'start' } },
  ]);
  expect(JSON.parse(readFileSync(join(folder, 'journal.ndjson'), 'utf8'))).toMatchObject({
    name: 'start',
    state: 'step',
    step: 'hosts',
    units: ['a'],
  });
});

test.each<[SteppedOperation, string]>([
  ['build', 'disks'],
  ['build', 'moveNew'],
  ['start', 'hosts'],
  ['template add', 'image'],
])('%s %s is not done where it cannot be written down', async (name, step) => {
  await expect(announced(name, step, join(scratchFolder(), 'missing'))).rejects.toMatchObject({ code: 'MLN_IO' });
});

test.each<[SteppedOperation, string]>([
  ['build', 'removeOld'],
  ['build', 'end'],
  ['start', 'end'],
  ['stop', 'kill'],
  ['remove', 'rename'],
  ['recover', 'takeBackBuild'],
])('%s %s is done all the same: a full disk is no reason to leave it', async (name, step) => {
  expect(await announced(name, step, join(scratchFolder(), 'missing'))).toHaveLength(1);
});
