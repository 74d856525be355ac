import { expect, test } from '@jest/globals';
import {
  broadcastOf,
  inNetwork,
  netmaskOf,
  parseAddress,
  parseNetmask,
  unusable,
  type Address,
} from '../src/addresses.js';

test.each([
  ['10.0.0.1', { address: '10.0.0.1', prefix: null }],
  ['10.0.0.1/24', { address: '10.0.0.1', prefix: 24 }],
  ['0.0.0.0/0', { address: '0.0.0.0', prefix: 0 }],
  ['2001:DB8:0:0::1', { address: '2001:db8::1', prefix: null }],
  ['::1/128', { address: '::1', prefix: 128 }],
  ['010.0.0.1', 'an octet has a leading zero'],
  ['10.0.0.00', 'an octet has a leading zero'],
  ['300.1.1.1', 'an octet is larger than 255'],
  ['10.0.0', 'not an address'],
  ['10.0.0.1.2', 'not an address'],
  ['0x0a.0.0.1', 'not an address'],
  ['here', 'not an address'],
  ['', 'not an address'],
  ['1:2:3', 'not an address'],
  ['10.0.0.1/33', 'a prefix length goes from 0 to 32'],
  ['10.0.0.1/', 'a prefix length goes from 0 to 32'],
  ['10.0.0.1/-1', 'a prefix length goes from 0 to 32'],
  ['10.0.0.1/24/24', 'a prefix length goes from 0 to 32'],
  ['10.0.0.1/255.255.255.0', 'a prefix length goes from 0 to 32'],
  ['::1/129', 'a prefix length goes from 0 to 128'],
])('the address %j', (text, expected) => {
  expect(parseAddress(text)).toEqual(expected);
});

test.each([
  ['255.255.255.0', 24],
  ['255.255.255.255', 32],
  ['255.255.240.0', 20],
  ['0.0.0.0', 0],
  ['255.0.255.0', 'a netmask has no holes'],
  ['0.0.0.255', 'a netmask has no holes'],
  ['24', 'not a netmask'],
  ['ffff::', 'not a netmask'],
])('the netmask %j', (text, expected) => {
  expect(parseNetmask(text)).toBe(expected);
});

test.each(Array.from({ length: 33 }, (_, prefix) => prefix))('/%d and its netmask', (prefix) => {
  expect(parseNetmask(netmaskOf(prefix))).toBe(prefix);
});

test.each<[Address, string | null]>([
  [{ address: '10.0.0.1', prefix: 24 }, null],
  [{ address: '10.0.0.0', prefix: 24 }, 'it is the address of the network itself'],
  [{ address: '10.0.0.255', prefix: 24 }, 'it is the broadcast address'],
  [{ address: '10.0.0.255', prefix: 16 }, null],
  [{ address: '10.0.0.0', prefix: 31 }, null],
  [{ address: '10.0.0.1', prefix: 32 }, null],
  [{ address: '10.0.0.3', prefix: 30 }, 'it is the broadcast address'],
  [{ address: '2001:db8::', prefix: 64 }, null],
])('%j for a host', (address, expected) => {
  expect(unusable(address)).toBe(expected);
});

test.each<[string, Address, boolean]>([
  ['10.0.0.254', { address: '10.0.0.1', prefix: 24 }, true],
  ['10.0.1.1', { address: '10.0.0.1', prefix: 24 }, false],
  ['10.200.1.1', { address: '10.0.0.1', prefix: 8 }, true],
  ['2001:db8::2', { address: '2001:db8::1', prefix: 64 }, true],
  ['2001:db8:1::2', { address: '2001:db8::1', prefix: 64 }, false],
  ['10.0.0.1', { address: '2001:db8::1', prefix: 0 }, false],
  ['no address', { address: '10.0.0.1', prefix: 0 }, false],
])('%s in the network of %j', (address, network, expected) => {
  expect(inNetwork(address, network)).toBe(expected);
});

test.each<[Address, string]>([
  [{ address: '10.0.0.1', prefix: 24 }, '10.0.0.255'],
  [{ address: '10.0.0.1', prefix: 20 }, '10.0.15.255'],
])('the broadcast address of %j', (address, expected) => {
  expect(broadcastOf(address)).toBe(expected);
});
