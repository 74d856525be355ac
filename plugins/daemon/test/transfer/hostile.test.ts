import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isMlnError } from '@mln/core';
import { fc } from '../../../../test/support/fast-check.js';
import type { Package } from '../../src/protocol.js';
import { checkPackage, placePackage } from '../../src/transfer/receive.js';
import { scratch, serverLab } from './lab.js';
import { good, placingIn, put, sentLab, valid } from './ring.js';

/* Packages that no mln has made. */

const { mln } = (await serverLab()).daemon;
const host = good.package.project.hosts[0];
const page = good.package.entries[1];

const hostile: readonly (readonly [what: string, place: string, value: unknown, told: RegExp])[] = [
  ['an unknown field', 'extra', 1, /extra/],
  ['an unknown field of a host', 'project.hosts.0.run', 'sh', /hosts\.0.*run/],
  ['another project', 'project.name', 'other', /ring is expected/],
  ['a name that leads out', 'project.hosts.0.name', '../b', /hosts\.0\.name/],
  ['a name of the project’s own files', 'project.switches.0.name', 'start', /start cannot be the name/],
  ['a host twice', 'project.hosts.+', host, /a is there twice/],
  ['an #include', 'source', 'global { }\n  #include /etc/shadow\n', /#include/],
  ['an #include behind a brace', 'source', 'host x { #include x }', /#include/],
  ['a source beyond 4 MiB', 'source', 'x'.repeat(4 * 1024 * 1024 + 1), /source/],
  ['an entry that leads out', 'entries.1.path', 'files/0/../../../etc/x', /entries\.1\.path/],
  ['an absolute entry', 'entries.1.path', '/etc/passwd', /entries\.1\.path/],
  ['an entry with a dot', 'entries.1.path', 'files/0/www/./x', /entries\.1\.path/],
  ['an entry with an empty part', 'entries.1.path', 'files/0//x', /entries\.1\.path/],
  ['an entry with a NUL', 'entries.1.path', 'files/0/www/a\0b', /entries\.1\.path/],
  ['an entry twice', 'entries.+', page, /is there twice/],
  [
    'an entry below a link',
    'entries.+',
    { ...page, path: 'files/0/www/link/x' },
    /lies in no folder that comes before it/,
  ],
  ['an entry below a file', 'entries.+', { ...page, path: 'files/0/www/index.html/x' }, /lies in no folder/],
  [
    'a link where a folder is to be copied',
    'entries.+',
    { path: 'files/7/etc', kind: 'link', target: '/etc' },
    /is a link/,
  ],
  ['a file of the server', 'project.hosts.0.lists.files.0.words.0', '/etc/shadow', /was not sent along/],
  [
    'a file of the server for a host elsewhere',
    'project.hosts.1.lists.files.+',
    { words: ['/etc/shadow', '/x'], place: null },
    /was not sent along/,
  ],
  [
    'a folder of the server to begin at',
    'project.hosts.0.lists.files.0.place',
    { file: '/etc/x', line: 1, column: 1 },
    /was not sent along/,
  ],
  ['a mode with setuid', 'entries.1.mode', 0o4755, /entries\.1\.mode/],
  ['a digest that is none', 'entries.1.blob.sha256', '../../x', /sha256/],
  ['a huge size', 'entries.1.blob.size', 1e300, /size/],
  ['a template that is a path', 'project.hosts.0.template', '/etc/shadow', /template/],
  ['a template that no host has', 'templates.0.version', '9', /no host is made from/],
  ['a folder for a template', 'project.hosts.0.templateFrom', '/etc/x', /templateFrom/],
  ['a disk that is made elsewhere', 'project.hosts.0.disks.0.path', '../../x.img', /disks\.0/],
  ['a made disk with a path', 'project.hosts.0.disks.0.path', '/dev/sda', /plain name/],
  ['a disk that stands on a file', 'project.hosts.0.disks.0.standsOn', '/etc/shadow', /standsOn/],
  ['an existing disk with dots', 'project.hosts.0.disks.2.path', '/srv/../etc/x', /disks\.2/],
  ['a wrong card', 'project.hosts.0.interfaces.0.mac', 'ff:ff:ff:ff:ff:ff', /mac/],
  ['a wrong address', 'project.hosts.0.interfaces.0.addresses.0.address', '$(id)', /address/],
  ['a prefix too long', 'project.hosts.0.interfaces.0.addresses.0.prefix', 64, /prefix/],
  ['a packet too small', 'project.hosts.0.interfaces.0.mtu', 10, /mtu/],
  ['a switch that is nowhere', 'project.hosts.0.interfaces.0.switch', 'nowhere', /no switch nowhere/],
  ['a port that is nowhere', 'project.switches.0.ports.+', ['a', 'eth7'], /no interface eth7/],
  ['an unknown hook', 'project.hookBlocks', { afterAll: 'id' }, /hookBlocks/],
  ['a keyword that nobody knows', 'project.hosts.0.keywords.run_this', 'x', /knows run_this/],
  ['a list that nobody knows', 'project.hosts.0.lists.copy_all', [], /knows copy_all/],
  ['a value of another kind', 'project.hosts.0.keywords.nice', 'x; id', /nice is a number/],
  ['a value out of bounds', 'project.hosts.0.keywords.nice', -30, /nice is a number/],
  ['a row that does not fit', 'project.hosts.0.lists.users.0.words.0', 'a b:c', /users: the name/],
  ['a line in a word', 'project.hosts.0.keywords.owner', 'jack\nroot', /control characters/],
  ['a field of the prototype', 'project.__proto__', {}, /__proto__/],
  ['memory that is no number', 'project.hosts.0.memory', '64M', /memory/],
];

function refusalOf(value: unknown): Error {
  try {
    checkPackage(value, 'ring', mln);
  } catch (error) {
    return error as Error;
  }
  return new Error('it was taken');
}

test.each(hostile)('%s is refused, and named', (_, place, value, told) => {
  const changed = valid();
  put(changed, place.split('.'), value);
  const error = refusalOf(changed);
  if (!isMlnError(error)) throw error;
  expect(error.code).toBe('MLN_BAD_REQUEST');
  expect(error.problems.map(({ message }) => message).join('\n')).toMatch(told);
});

test('values that nest without end', () => {
  let deep: unknown = {};
  for (let at = 0; at < 200_000; at += 1) deep = { includedFrom: deep };
  const changed = valid();
  put(changed, ['project', 'hosts', 0, 'place'], deep);
  expect(() => checkPackage(changed, 'ring', mln)).toThrow('nested too deep');
  for (const value of [null, undefined, 7, 'x', [], [[]], { project: null }])
    expect(() => checkPackage(value, 'ring', mln)).toThrow(/was sent/);
});

/** All places in a value, as lists of keys. */
function placesIn(value: unknown, at: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [at];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [at, ...keys.flatMap((key) => placesIn((value as Record<string | number, unknown>)[key], [...at, key]))];
}

test('whatever is put into a package, it is refused in words, or lies where it should', async () => {
  const places = placesIn(valid()).filter((each) => each.length > 0);
  const words = [
    '../x',
    '/etc/passwd',
    'files/0/../../x',
    'files/1/x',
    'a\0b',
    '',
    '.',
    '-rf',
    '$(id)',
    '__proto__',
    '\ud800',
  ];
  const value = fc.oneof(
    fc.constantFrom<unknown>(...words),
    fc.jsonValue(),
    fc.constantFrom<unknown>(-1, 2 ** 53, 1e308, 0.5),
  );
  const lab = await sentLab();
  const root = scratch();
  const outside = readdirSync(root);
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...places), value), { minLength: 1, maxLength: 3 }),
      async (changes) => {
        const changed = valid();
        for (const [place, what] of changes) put(changed, place, what);
        let checked: Package;
        try {
          checked = checkPackage(changed, 'ring', mln);
        } catch (error) {
          if (!isMlnError(error) || error.code !== 'MLN_BAD_REQUEST') throw error;
          return;
        }
        const folder = join(root, String((number += 1)));
        mkdirSync(folder);
        try {
          await placePackage(lab.daemon, checked, placingIn(folder));
          expect(readdirSync(folder).filter((name) => name !== 'templates')).toEqual(['operation']);
        } catch (error) {
          if (!isMlnError(error)) throw error;
          expect(existsSync(join(folder, 'operation'))).toBe(false);
        }
        rmSync(folder, { recursive: true });
      },
    ),
    { numRuns: 300 },
  );
  expect(readdirSync(root)).toEqual(outside);
  lab.client.close();
});
