import { expect, test } from '@jest/globals';
import { isMlnError } from '@mln/core';
import { createAllowList } from '../../src/tls/allow.js';

const cases: readonly (readonly [allow: readonly string[], admitted: readonly string[], refused: readonly string[]])[] =
  [
    [[], [], ['10.0.0.1', '::1']],
    [
      ['10.0.0.1'],
      ['10.0.0.1', '::ffff:10.0.0.1', '::FFFF:10.0.0.1'],
      ['10.0.0.2', '10.0.0.11', '110.0.0.1', '::1', ''],
    ],
    [
      ['10.0.0.*'],
      ['10.0.0.0', '10.0.0.12', '10.0.0.255', '::ffff:10.0.0.12'],
      ['110.0.0.12', '10.0.1.0', '10.0.0.256'],
    ],
    [['10.1.*'], ['10.1.0.0', '10.1.255.255'], ['10.2.0.0', '10.10.0.0']],
    [['10.*.*.*'], ['10.255.0.1'], ['11.0.0.1', '100.0.0.1']],
    [['*'], ['1.2.3.4', '255.255.255.255'], ['::1', 'fe80::1%eth0']],
    [['10.0.0.9/24'], ['10.0.0.1', '10.0.0.255'], ['10.0.1.1']],
    [['10.0.0.0/31'], ['10.0.0.0', '10.0.0.1'], ['10.0.0.2']],
    [['0.0.0.0/0'], ['1.2.3.4', '::ffff:1.2.3.4'], ['::1']],
    [['::/0'], ['::1', 'fe80::1%eth0'], ['1.2.3.4', '::ffff:1.2.3.4']],
    [['fd00:1::/32'], ['fd00:1::1', 'fd00:1:ffff::'], ['fd00:2::1', 'fc00:1::1']],
    [['fe80::1'], ['fe80::1', 'fe80::1%eth0', 'FE80:0:0:0::1'], ['fe80::2']],
    [['::ffff:10.0.0.0/104'], ['10.1.2.3', '::ffff:10.1.2.3'], ['11.0.0.1']],
    [
      ['10.0.0.1', 'fd00::/8'],
      ['10.0.0.1', 'fd12::3'],
      ['10.0.0.3', 'fe00::1'],
    ],
  ];

test.each(cases)('%j admits %j, and not %j', (allow, admitted, refused) => {
  const admits = createAllowList(allow);
  expect(admitted.filter((address) => !admits(address))).toEqual([]);
  expect(refused.filter((address) => admits(address))).toEqual([]);
});

test('without a list all may connect', () => {
  expect(createAllowList(undefined)('192.0.2.1')).toBe(true);
});

test('all wrong entries are named', () => {
  const wrong = [
    '',
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/1/2',
    '10.0.0.1*',
    '*.0.0.1',
    '*.*.*.*.*',
    'fd00::/129',
    '300.0.0.*',
    'host',
    '10.0.0.0/-1',
  ];
  let said: readonly string[] = [];
  try {
    createAllowList(['10.0.0.1', ...wrong, 'fd00::/8']);
  } catch (error) {
    if (!isMlnError(error)) throw error;
    expect(error.code).toBe('MLN_BAD_CONFIGURATION');
    said = error.problems.map(({ message }) => message);
  }
  expect(said).toEqual(wrong.map((entry) => `allow: ${JSON.stringify(entry)} is neither an address nor a network`));
});
