import { expect, test } from '@jest/globals';
import { addressText, readAddress } from '../../src/client/address.js';

test.each([
  ['10.0.0.3', '10.0.0.3', 34001],
  ['10.0.0.3:80', '10.0.0.3', 80],
  ['backend3.example.org', 'backend3.example.org', 34001],
  ['backend3:34002', 'backend3', 34002],
  ['::1', '::1', 34001],
  ['2001:db8::2:3', '2001:db8::2:3', 34001],
  ['[::1]', '::1', 34001],
  ['[fe80::1%eth0]:99', 'fe80::1%eth0', 99],
])('%s', (text, host, port) => {
  expect(readAddress(text)).toEqual({ host, port });
  expect(readAddress(addressText({ host, port }))).toEqual({ host, port });
});

test.each([
  '',
  ':80',
  'a:',
  'a:b',
  'a:0',
  'a:65536',
  'a b',
  '[::1',
  '::1]',
  '[::1]x',
  '[a]',
  'https://a',
  'a/b',
  'a:1:2',
])('not %j', (text) => {
  expect(readAddress(text)).toBeNull();
});
