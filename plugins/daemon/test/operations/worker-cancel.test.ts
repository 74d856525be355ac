import { afterEach, expect, test } from '@jest/globals';
import type { Mln } from '@mln/core';
import { createHooks } from '../../../../core/src/hooks.js';
import { steps } from '../../../../core/src/steps.js';
import { createCancellation, type Cancellation } from '../../src/operations/worker-cancel.js';

const open: Cancellation[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** Steps at which an operation that is to end does so. */
function endsAt(name: keyof typeof steps): readonly string[] {
  const hooks = createHooks();
  const cancellation = createCancellation({ hooks } as Mln, () => true);
  open.push(cancellation);
  const operation = { id: 'a', name, user: 'anna', at: '', options: {} };
  return steps[name].filter((step) => {
    try {
      hooks.event.call({ operation, project: 'net', unit: null, at: '', state: 'step', step, error: null });
      return false;
    } catch (error) {
      expect(cancellation.is(error)).toBe(true);
      return true;
    }
  });
}

test('an upgrade can be cancelled until it is decided, and not from there on', () => {
  expect(endsAt('upgrade')).toEqual(steps.upgrade.slice(0, steps.upgrade.indexOf('commit')));
});

test('a build until the new project takes its place, a removal before it has begun', () => {
  expect(endsAt('build')).toEqual(steps.build.slice(0, steps.build.indexOf('moveNew')));
  expect(endsAt('remove')).toEqual(['rename']);
});

test('a start and a stop at every step but the last, what puts right what was cut off at none', () => {
  expect(endsAt('start')).toEqual(steps.start.filter((step) => step !== 'end'));
  expect(endsAt('stop')).toEqual(steps.stop.filter((step) => step !== 'end'));
  expect(endsAt('recover')).toEqual([]);
});
