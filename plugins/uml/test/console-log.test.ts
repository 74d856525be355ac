import { expect, test } from '@jest/globals';
import { causeOfDeath } from '../src/console-log.js';

test.each([
  [
    '<3>Bus error - the host /dev/shm or /tmp mount\n<0>Kernel panic - not syncing: Kernel mode signal 7\n',
    /^no memory/,
  ],
  [
    '[ 1.0] Kernel panic - not syncing: VFS: Unable to mount root fs\r\nmore',
    /^its kernel panicked: VFS: Unable to mount root fs$/,
  ],
  ['somebody wrote: Bus error - the host\n', /^null$/],
  ['<0>Kernel panic - not syncing: Kernel mode signal 7\n', /^no memory/],
  ['', /^null$/],
])('what %j says of a death', (log, cause) => {
  expect(String(causeOfDeath(log))).toMatch(cause);
});
