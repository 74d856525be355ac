import { closeSync, openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { MiB, type Edit, type Stretch, type Trial } from '@mln/core';
import { isClean, kinds, makeImage, open, outline, run, scratch, type ImageKind } from './image.js';

/* A trial tells what edits would change. Judged by carrying its answer out on a copy, and by edits made the usual way. */

const attributes = { mode: 0o644, owner: 0, group: 0 };
const fileEdit = (path: string, content: string, replaces = false): Edit => ({
  do: 'file',
  path,
  content: Buffer.from(content),
  ...attributes,
  replaces,
});

async function trialOf(image: string): Promise<Trial> {
  const trial = await open(image).trial?.();
  if (!trial) throw new Error('no trial');
  return trial;
}

/** A copy of an image with other bytes. */
function changed(image: string, stretches: readonly Stretch[]): string {
  const copy = scratch(`changed-${(copies += 1)}`);
  writeFileSync(copy, readFileSync(image));
  const file = openSync(copy, 'r+');
  for (const { at, bytes } of stretches) writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
  return copy;
}
let copies = 0;

/** Files, directories, links, attributes, replacements, removals and a file of many blocks. */
function edits(guest: number): Edit[] {
  return [
    { do: 'directory', path: '/etc', ...attributes, mode: 0o755 },
    fileEdit('/etc/hostname', `guest${guest}\n`),
    fileEdit('/old', `new for ${guest}\n`, true),
    fileEdit('/large', `${guest} `.repeat(40_000)),
    { do: 'symlink', path: '/link', target: '/etc/hostname', ...attributes, mode: 0o777 },
    { do: 'attributes', path: '/kept', type: 'file', mode: 0o4755, owner: guest, group: 7 },
    { do: 'remove', path: '/away', type: 'file' },
  ];
}

async function template(kind: ImageKind): Promise<string> {
  const image = makeImage(kind, { size: 8 * MiB });
  await open(image).apply(['old', 'kept', 'away'].map((name) => fileEdit(`/${name}`, `${name}\n`.repeat(3000))));
  return image;
}

test.each(Object.keys(kinds) as ImageKind[])('%s: each guest is what edits of its own copy make it', async (kind) => {
  const image = await template(kind);
  const before = readFileSync(image);
  const { mtimeMs } = statSync(image);
  const trial = await trialOf(image);
  const all = await Promise.all([1, 2, 3, 4, 5, 6].map(async (guest) => trial.changes(edits(guest))));
  trial.end();
  for (const [index, stretches] of all.entries()) {
    const copy = changed(image, stretches);
    const own = changed(image, []);
    await open(own).apply(edits(index + 1));
    expect(isClean(copy)).toBe(true);
    expect(await outline(open(copy))).toEqual(await outline(open(own)));
    // No more than the edits need: a block or two for each file, and the filesystem's own.
    expect(stretches.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(400_000);
  }
  expect(readFileSync(image).equals(before)).toBe(true);
  expect(statSync(image).mtimeMs).toBe(mtimeMs);
});

test('what fails for one guest is told with its path, and leaves nothing to the next', async () => {
  const image = makeImage('ext4', { size: 4 * MiB });
  const trial = await trialOf(image);
  const good = await trial.changes([fileEdit('/one', 'one')]);
  const full = trial.changes([fileEdit('/big', 'x'.repeat(8 * MiB))]);
  await expect(full).rejects.toMatchObject({
    code: 'MLN_NO_SPACE',
    message: expect.stringMatching(new RegExp(`${image} is full at /big`)),
  });
  await expect(trial.changes([fileEdit('/no/such/folder', '')])).rejects.toMatchObject({ code: 'MLN_GUEST_EDIT' });
  // Each copy has its turn.
  for (let turn = 0; turn < 4; turn += 1) {
    const again = await trial.changes([fileEdit('/one', 'one')]);
    expect(await outline(open(changed(image, again)))).toEqual(await outline(open(changed(image, good))));
    expect(isClean(changed(image, again))).toBe(true);
  }
  trial.end();
});

test('an image that is not whole is said to be so, and not to be mended in its place', async () => {
  const image = makeImage('ext4', { options: ['-O', '^metadata_csum'] });
  run('debugfs', '-w', '-R', 'sif <2> links_count 9', image);
  const trial = await trialOf(image);
  await expect(trial.changes([fileEdit('/one', 'one')])).rejects.toMatchObject({
    code: 'MLN_GUEST_EDIT',
    message: expect.stringMatching(new RegExp(`the filesystem of ${image} is not whole`)),
  });
  trial.end();
});

test('an image whose journal was not replayed, or that is cut off, is refused', async () => {
  const journal = makeImage('ext4', { size: 8 * MiB });
  run('debugfs', '-w', '-R', 'feature needs_recovery', journal);
  const cut = makeImage('ext4', { size: 8 * MiB });
  truncateSync(cut, 7 * MiB);
  for (const [image, words] of [
    [journal, /is not whole: .*journal/],
    [cut, /is cut off: it has 7340032 of 8388608 bytes/],
  ] as const) {
    const trial = await trialOf(image);
    await expect(trial.changes([fileEdit('/one', 'one')])).rejects.toMatchObject({
      code: 'MLN_GUEST_EDIT',
      message: expect.stringMatching(words),
    });
    await expect(open(image).check()).rejects.toMatchObject({ code: 'MLN_GUEST_EDIT' });
    trial.end();
  }
});

test('without edits nothing changes', async () => {
  const trial = await trialOf(makeImage());
  expect(await trial.changes([])).toEqual([]);
  trial.end();
});
