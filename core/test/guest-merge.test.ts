import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { memoryFilesystem } from '../src/testing/memory-filesystem.js';
import { changes } from './guest-changes.js';
import { append, build, fileEdit, lines, template, upgrade, write, type Change } from './guest-following.js';

/* What a guest has changed in its files stays when what mln wrote there goes, or changes. */

interface Meeting {
  readonly name: string;
  readonly path?: string;
  readonly before: Change;
  /** What the guest makes of it. */
  readonly own: (text: string) => string;
  readonly after: Change;
  readonly expected: string | null;
}

const nothing: Change = () => Promise.resolve();

const meetings: readonly Meeting[] = [
  {
    name: 'a line behind one that goes',
    before: append('mln\n'),
    own: (text) => `${text}own\n`,
    after: nothing,
    expected: lines('127.0.0.1 localhost', 'own'),
  },
  {
    name: 'a line behind one that changes',
    before: append('mln\n'),
    own: (text) => `${text}own\n`,
    after: append('new\n'),
    expected: lines('127.0.0.1 localhost', 'own', 'new'),
  },
  {
    name: 'a line that mln wrote, taken out',
    before: append('mln\n'),
    own: (text) => text.replace('mln\n', ''),
    after: nothing,
    expected: lines('127.0.0.1 localhost'),
  },
  {
    name: 'a line inside a region, changed',
    before: (guest) => guest.region('/etc/hosts', 'x', 'one\ntwo'),
    own: (text) => text.replace('one', 'own'),
    after: (guest) => guest.region('/etc/hosts', 'x', 'one\ntwo'),
    expected: lines('127.0.0.1 localhost', 'own', '# mln x begin', 'one', 'two', '# mln x end'),
  },
  {
    name: 'a line that was the template’s, put back by the guest itself',
    before: write('other\n'),
    own: (text) => `${text}127.0.0.1 localhost\n`,
    after: nothing,
    expected: lines('127.0.0.1 localhost'),
  },
  {
    name: 'a line that mln exchanged and the guest changed',
    before: write('127.0.0.1 mln\n'),
    own: () => '127.0.0.1 own\n',
    after: nothing,
    expected: lines('127.0.0.1 own'),
  },
  {
    name: 'a file that is written anew as before',
    before: write('one\ntwo\n'),
    own: (text) => text.replace('one', 'own'),
    after: write('one\ntwo\n'),
    expected: lines('own', 'two'),
  },
  {
    name: 'a file that is written anew, and says something else in another line',
    before: write('one\ntwo\nthree\nfour\n'),
    own: (text) => `own\n${text}`,
    after: write('one\ntwo\nthree\nFOUR\n'),
    expected: lines('own', 'one', 'two', 'three', 'FOUR'),
  },
  {
    name: 'a file that is written anew, and says something else in the line that the guest changed',
    before: write('one\ntwo\n'),
    own: (text) => text.replace('one', 'own'),
    after: write('ONE\ntwo\n'),
    expected: lines('ONE', 'two'),
  },
  {
    name: 'bytes that are no text, written anew as before',
    path: '/bin/tool',
    before: write('\0mln', '/bin/tool'),
    own: () => '\0own',
    after: write('\0mln', '/bin/tool'),
    expected: '\0own',
  },
  {
    name: 'bytes that are no text, not written any more',
    path: '/bin/tool',
    before: write('\0mln', '/bin/tool'),
    own: () => '\0own',
    after: nothing,
    expected: '\0own',
  },
  {
    name: 'a new file, extended',
    path: '/new/file',
    before: write('mln\n', '/new/file'),
    own: (text) => `${text}own\n`,
    after: nothing,
    expected: lines('own'),
  },
  {
    name: 'a last line without an end',
    path: '/etc/conf',
    before: append('mln\n', '/etc/conf'),
    own: (text) => `${text}own\n`,
    after: nothing,
    expected: lines('one', 'two', 'three', 'own'),
  },
];

test.each(meetings)('$name', async ({ path = '/etc/hosts', before, own, after, expected }) => {
  const disk = memoryFilesystem(template);
  const record = await build(disk, [before]);
  disk.edit([fileEdit(path, own(disk.text(path) ?? ''))]);
  const first = await upgrade(disk, record, [after]);
  expect(disk.text(path)).toBe(expected);
  expect((await upgrade(disk, first.record, [after])).edits).toBe(0);
});

test('lines that the guest adds to any text stay, once, whatever mln writes there', async () => {
  await fc.assert(
    fc.asyncProperty(changes, changes, fc.nat(9), async (before, after, place) => {
      const disk = memoryFilesystem(template);
      const record = await build(disk, before);
      const texts = [...disk.texts()].filter(([, content]) => !content.includes('\0'));
      for (const [path, content] of texts) {
        const all = content.split(/(?<=\n)/);
        all.splice(place % (all.length + 1), 0, 'own line\n');
        disk.edit([fileEdit(path, all.map((line) => line.replace(/([^\n])$/, '$1\n')).join(''))]);
      }
      const next = await upgrade(disk, record, []);
      for (const [path] of texts) expect(disk.text(path)?.split('own line\n')).toHaveLength(2);
      expect((await upgrade(disk, next.record, [])).edits).toBe(0);
      await upgrade(disk, next.record, after);
    }),
    { numRuns: 150 },
  );
});

test('directories stay while something else is in them', async () => {
  const disk = memoryFilesystem(template);
  const record = await build(disk, [write('x', '/new/deep/file')]);
  disk.edit([fileEdit('/new/own', 'o', false)]);
  await upgrade(disk, record, []);
  expect(disk.outline().filter((line) => line.startsWith('/new'))).toEqual(['/new/', '/new/own "o"']);
});

test('what is present is what the guest holds, with what mln wrote', async () => {
  const disk = memoryFilesystem(template);
  const seen: unknown[] = [];
  const look: Change = async (guest) => {
    seen.push(await guest.text('/etc/hosts'), (await guest.present('/etc/hosts'))?.toString());
    await guest.append('/etc/hosts', 'mln\n');
    seen.push((await guest.present('/etc/hosts'))?.toString(), await guest.present('/none'));
  };
  const record = await build(disk, [look]);
  const [bare, built] = [lines('127.0.0.1 localhost'), lines('127.0.0.1 localhost', 'mln')];
  expect(seen.splice(0)).toEqual([bare, bare, bare, null]);
  await upgrade(disk, record, [look]);
  expect(seen).toEqual([bare, built, built, null]);
});
