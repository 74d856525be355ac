import { expect, test } from '@jest/globals';
import { startLast, stopFirst } from '../src/insserv.js';

/* The makefiles of a fresh Debian 12 with sysvinit-core. */

const start = `TARGETS = killprocs bootlogs rmnologin single rc.local
INTERACTIVE =
single: killprocs
rc.local: bootlogs rmnologin
`;

const stop = `TARGETS = sendsigs urandom umountnfs.sh halt
INTERACTIVE =
umountnfs.sh: sendsigs
halt: umountnfs.sh urandom
`;

test('what starts last waits for all others', () => {
  expect(startLast(start, 'mln')).toBe(`TARGETS = killprocs bootlogs rmnologin single rc.local mln
INTERACTIVE =
single: killprocs
rc.local: bootlogs rmnologin
mln: killprocs bootlogs rmnologin single rc.local
`);
});

test('what stops first is waited for by all others', () => {
  expect(stopFirst(stop, 'mln')).toBe(`TARGETS = mln sendsigs urandom umountnfs.sh halt
INTERACTIVE =
umountnfs.sh: sendsigs mln
halt: umountnfs.sh urandom mln
sendsigs: mln
urandom: mln
`);
});

test('a second time changes nothing', () => {
  expect(startLast(startLast(start, 'mln'), 'mln')).toBe(startLast(start, 'mln'));
  expect(stopFirst(stopFirst(stop, 'mln'), 'mln')).toBe(stopFirst(stop, 'mln'));
});
