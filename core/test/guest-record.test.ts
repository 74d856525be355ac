import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readRecord, recordAnew, recordPath, writeRecord, type GuestRecord } from '../src/guest-record.js';
import { memoryFilesystem } from '../src/testing/memory-filesystem.js';
import { changes } from './guest-changes.js';
import { append, build, configuring, host, project, template, upgrade, write } from './guest-following.js';
import { scratchFolder } from './scratch.js';

const folder = scratchFolder();

test('an upgrade gives what a build gives, and is nothing the second time', async () => {
  await fc.assert(
    fc.asyncProperty(changes, changes, async (before, after) => {
      const disk = memoryFilesystem(template);
      const first = await build(disk, before);
      expect(await upgrade(disk, first, before)).toEqual({ record: first, edits: 0 });
      const second = await upgrade(disk, first, after);
      const fresh = memoryFilesystem(template);
      expect(second.record).toEqual(await build(fresh, after));
      expect(disk.outline()).toEqual(fresh.outline());
      expect((await upgrade(disk, second.record, after)).edits).toBe(0);
      await upgrade(disk, second.record, []);
      expect(disk.outline()).toEqual(memoryFilesystem(template).outline());
    }),
    { numRuns: 300 },
  );
});

test('records are kept as they are', async () => {
  await fc.assert(
    fc.asyncProperty(changes, async (before) => {
      const record = await build(memoryFilesystem(template), before);
      await writeRecord(folder, 'web', record);
      expect(await readRecord(folder, 'web')).toEqual(record);
    }),
    { numRuns: 60 },
  );
});

test('a record that was never kept is found out from the template', async () => {
  const record = await build(memoryFilesystem(template), [append('mln\n')]);
  const mln = configuring([append('mln\n')]);
  expect(await recordAnew(mln, project, host, memoryFilesystem(template))).toEqual(record);
  expect(await readRecord(folder, 'none')).toBeNull();
});

test('a damaged record is told with its name', async () => {
  const record = await build(memoryFilesystem(template), [append('mln\n'), write('\0'.repeat(3000), '/big')]);
  await writeRecord(folder, 'bad', record);
  const path = recordPath(folder, 'bad');
  const whole = readFileSync(path);
  const told = { code: 'MLN_BAD_STATE', message: expect.stringContaining(path) };
  for (let length = 0; length < whole.length; length += 7) {
    writeFileSync(path, whole.subarray(0, length));
    await expect(readRecord(folder, 'bad')).rejects.toMatchObject(told);
  }
  for (let at = 0; at < whole.length; at += 3) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 0x55;
    writeFileSync(path, changed);
    // A few bits of compressed data mean nothing.
    const found = await readRecord(folder, 'bad').catch((error: unknown) => error);
    if (found instanceof Error) expect(found).toMatchObject(told);
    else expect(found).toEqual(record);
  }
  writeFileSync(path, Buffer.concat([whole, Buffer.from('x')]));
  await expect(readRecord(folder, 'bad')).rejects.toMatchObject(told);
});

const absent = { type: 'absent' } as const;
const link = { type: 'symlink', target: '/x', owner: 0, group: 0 } as const;
const hostile: readonly [name: string, entries: readonly unknown[]][] = [
  ['a path that leaves the guest', [{ path: '/a/../../b', written: absent, original: absent }]],
  ['a path that is none', [{ path: 'a', written: absent, original: absent }]],
  ['a path with a line end', [{ path: '/a\nrm b', written: absent, original: absent }]],
  ['a link with a line end', [{ path: '/a', written: { ...link, target: 'a\nb' }, original: absent }]],
  ['an owner that is no number', [{ path: '/a', written: { ...link, owner: 'x' }, original: absent }]],
  ['a mode that is none', [{ path: '/a', written: { ...link, type: 'directory', mode: -1 }, original: absent }]],
  ['an unknown type', [{ path: '/a', written: { ...link, type: 'x' }, original: absent }]],
  ['a path twice', Array(2).fill({ path: '/a', written: link, original: absent }) as unknown[]],
];

test.each(hostile)('a record with %s is refused', async (_, entries) => {
  await writeRecord(folder, 'hostile', { entries } as GuestRecord);
  await expect(readRecord(folder, 'hostile')).rejects.toMatchObject({ code: 'MLN_BAD_STATE' });
});
