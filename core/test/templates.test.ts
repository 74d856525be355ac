import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { runShell } from '../src/shell.js';
import { fileSource } from '../src/template-add.js';
import { createTemplates, type Templates } from '../src/templates.js';
import { MiB } from '../src/values.js';
import { scratchFolder } from './scratch.js';

let folder = '';
let sources = '';
let templates: Templates;

beforeEach(() => {
  folder = join(scratchFolder(), 'templates');
  sources = scratchFolder();
  templates = createTemplates(folder, runShell);
});

/** Writes an image and gives its path. */
function image(name: string, content = name): string {
  writeFileSync(join(sources, name), content);
  return join(sources, name);
}

const versions = async (): Promise<string[]> =>
  (await templates.list()).map(({ name, version }) => `${name}@${version}`);

test('an image that is taken in is found again, with its manifest', async () => {
  const manifest = await templates.add(image('debian', 'bytes'), { message: 'hello' });
  expect(manifest).toEqual({
    name: 'debian',
    version: '1.0',
    size: 5,
    sha256: createHash('sha256').update('bytes').digest('hex'),
    message: 'hello',
    added: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as unknown,
    source: join(sources, 'debian'),
  });
  const path = join(folder, 'debian/1.0/image');
  expect(await templates.find('debian', '/')).toEqual({ path, size: 5, manifest });
  expect(readFileSync(path, 'utf8')).toBe('bytes');
  expect(statSync(path).mode & 0o777).toBe(0o444);
  expect(await templates.list()).toEqual([manifest]);
  expect(readdirSync(folder)).toEqual(['debian']);
});

test('holes stay holes', async () => {
  const file = image('sparse', '');
  truncateSync(file, 64 * 1024 * 1024);
  const { size } = await templates.add(file, {});
  expect(size).toBe(64 * 1024 * 1024);
  expect(statSync(join(folder, 'sparse/1.0/image')).blocks * 512).toBeLessThan(1024 * 1024);
});

test.each([
  ['gz', 'gzip'],
  ['xz', 'xz'],
  ['zst', 'zstd'],
])('an image that is packed as .%s is unpacked, with holes', async (ending, program) => {
  const file = image('packed-V3.0.ext4', 'image');
  truncateSync(file, 8 * MiB);
  await runShell(program, ['-k', file]);
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  const manifest = await templates.add(`${file}.${ending}`, {});
  expect(manifest).toMatchObject({ name: 'packed.ext4', version: '3.0', size: 8 * MiB, sha256 });
  expect(readdirSync(join(folder, 'packed.ext4/3.0'))).toEqual(['image', 'manifest.json']);
  expect(statSync(join(folder, 'packed.ext4/3.0/image')).blocks * 512).toBeLessThan(MiB);
});

test('a packed image that is damaged leaves nothing behind', async () => {
  const file = image('whole', 'x'.repeat(10_000));
  await runShell('xz', ['-k', file]);
  const packed = readFileSync(`${file}.xz`);
  const cut = join(sources, 'cut.xz');
  writeFileSync(cut, packed.subarray(0, packed.length - 10));
  await expect(templates.add(cut, {})).rejects.toMatchObject({ code: 'MLN_COMMAND_FAILED' });
  expect(readdirSync(folder)).toEqual([]);
});

test('a file is compared with the digest that is wanted, before anything is made of it', async () => {
  const file = image('t', 'bytes');
  const sha256 = createHash('sha256').update('bytes').digest('hex');
  await expect(templates.add(fileSource(file, runShell, 'a'.repeat(64)), {})).rejects.toMatchObject({
    code: 'MLN_WRONG_DIGEST',
    message: `${file} is not what was wanted: its SHA-256 is ${sha256}, not ${'a'.repeat(64)}`,
  });
  expect(readdirSync(folder)).toEqual([]);
  expect(await templates.add(fileSource(file, runShell, sha256), {})).toMatchObject({ sha256 });
});

test('what an image was made by stays in its manifest; manifests that say less are read as well', async () => {
  const recipe = { recipe: 'debian', packages: ['iproute2'] };
  await templates.add(image('t'), { recipe, source: 'somewhere' });
  expect((await templates.find('t', '/')).manifest).toMatchObject({ recipe, source: 'somewhere' });
  const { recipe: _, source, ...older } = (await templates.list())[0] ?? {};
  expect(source).toBe('somewhere');
  writeFileSync(join(folder, 't/1.0/manifest.json'), JSON.stringify(older));
  expect(await templates.verify('t')).toEqual(older);
});

test('several that are added at once are versions of their own, each whole', async () => {
  await Promise.all(
    [1, 2, 3, 4, 5].map((each) => templates.add(image(`t-V0.${each}`, `${each}`), { version: `1.${each}` })),
  );
  const all = await Promise.all([6, 7, 8, 9].map((each) => templates.add(image(`u${each}`, `${each}`), { name: 't' })));
  expect(new Set(all.map(({ version }) => version))).toEqual(new Set(['1.6', '1.7', '1.8', '1.9']));
  for (const version of await versions()) await templates.verify(version);
  const one = await Promise.allSettled([1, 2, 3].map(() => templates.add(image('one'), { version: '7' })));
  expect(one.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(one.flatMap((each) => (each.status === 'rejected' ? (each.reason as { code: string }).code : []))).toEqual([
    'MLN_TEMPLATE_EXISTS',
    'MLN_TEMPLATE_EXISTS',
  ]);
  expect(readdirSync(folder)).toEqual(['one', 't']);
});

test('each image is the next version; the newest is found first, by numbers', async () => {
  for (const version of [undefined, undefined, '1.9', undefined, '2'])
    await templates.add(image('t', `of ${version ?? 'no version'}`), version === undefined ? {} : { version });
  expect(await versions()).toEqual(['t@2', 't@1.10', 't@1.9', 't@1.1', 't@1.0']);
  expect((await templates.find('t', '/')).manifest?.version).toBe('2');
  expect((await templates.find('t@1.9', '/')).manifest?.version).toBe('1.9');
  expect((await templates.add(image('t'), {})).version).toBe('2.1');
});

test.each([
  ['Debian-V4.0.ext3', 'Debian.ext3', '4.0'],
  ['Debian-V4.ext3', 'Debian.ext3', '4'],
  ['Debian-4.0-V1.2.3', 'Debian-4.0', '1.2.3'],
  ['debian.ext3', 'debian.ext3', '1.0'],
  ['Debian-Vx.ext3', 'Debian-Vx.ext3', '1.0'],
])('the file %s is the template %s, version %s', async (file, name, version) => {
  expect(await templates.add(image(file), {})).toMatchObject({ name, version });
  expect(await templates.find(name, '/')).toMatchObject({ size: file.length });
});

test('a name and a version that are given win over those of the file', async () => {
  await templates.add(image('Debian-V4.0.ext3'), { name: 'etch', version: '5.0' });
  expect(await versions()).toEqual(['etch@5.0']);
});

test.each<[string, { name?: string; version?: string }, string]>([
  ['1file', {}, 'MLN_BAD_NAME'],
  ['file', { name: '../x' }, 'MLN_BAD_NAME'],
  ['file', { name: 'a b' }, 'MLN_BAD_NAME'],
  ['file', { name: '' }, 'MLN_BAD_NAME'],
  ['file', { version: '..' }, 'MLN_BAD_NAME'],
  ['file', { version: '1/2' }, 'MLN_BAD_NAME'],
  ['file', { version: '' }, 'MLN_BAD_NAME'],
  ['file', { name: 'there', version: '1.0' }, 'MLN_TEMPLATE_EXISTS'],
])('%s with %j is not taken in', async (file, details, code) => {
  await templates.add(image('there'), {});
  await expect(templates.add(image(file), details)).rejects.toMatchObject({ code });
  expect(await versions()).toEqual(['there@1.0']);
  expect(readdirSync(folder)).toEqual(['there']);
});

test('a file that is missing, and a folder, are not taken in', async () => {
  for (const file of [join(sources, 'none'), sources])
    await expect(templates.add(file, { name: 'x' })).rejects.toMatchObject({ code: 'MLN_NO_FILE' });
});

test('a copy that fails leaves nothing behind', async () => {
  const failing = createTemplates(folder, async (program, args, options) => {
    await runShell(program, args, options);
    throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
  });
  await expect(failing.add(image('t'), {})).rejects.toMatchObject({ code: 'MLN_NO_SPACE' });
  expect(readdirSync(folder)).toEqual([]);
});

test('a file beside the project comes first, then the repository, then a file of the templates folder', async () => {
  await templates.add(image('both'), {});
  writeFileSync(join(folder, 'loose.ext3'), 'loose');
  const beside = { path: join(sources, 'both'), size: 4, manifest: null };
  expect(await templates.find('both', sources)).toEqual(beside);
  expect(await templates.find('./both', sources)).toEqual(beside);
  expect(await templates.find(join(sources, 'both'), '/')).toEqual(beside);
  expect((await templates.find('both', '/')).path).toBe(join(folder, 'both/1.0/image'));
  expect((await templates.find('loose.ext3', '/')).path).toBe(join(folder, 'loose.ext3'));
});

test.each([
  ['debain', 'did you mean debian?'],
  [
    'xyzzy',
    'known templates are debian, ring; a rehearsal takes one of them for all hosts: --rehearse --template NAME',
  ],
  ['debian@7', 'did you mean debian?'],
  [
    '../debian/1.0/image',
    'known templates are debian, ring; a rehearsal takes one of them for all hosts: --rehearse --template NAME',
  ],
])('there is no template %s: %s', async (name, hint) => {
  for (const each of ['debian', 'ring']) await templates.add(image(each), {});
  const place = { file: 'x.mln', line: 3, column: 1 };
  await expect(templates.find(name, '/nowhere', place)).rejects.toMatchObject({
    code: 'MLN_NO_TEMPLATE',
    problems: [expect.objectContaining({ hint, place })],
  });
});

test('an empty repository says how to make a template', async () => {
  expect(await templates.list()).toEqual([]);
  await expect(templates.find('tiny', '/')).rejects.toMatchObject({
    problems: [expect.objectContaining({ hint: 'make one with: mln template build tiny' })],
  });
});

test('an image that has changed is found out', async () => {
  await templates.add(image('t', 'bytes'), {});
  const path = join(folder, 't/1.0/image');
  expect((await templates.verify('t')).version).toBe('1.0');
  chmodSync(path, 0o644);
  writeFileSync(path, 'bytez');
  await expect(templates.verify('t@1.0')).rejects.toMatchObject({ code: 'MLN_TEMPLATE_CHANGED' });
  writeFileSync(path, 'byte');
  await expect(templates.find('t', '/')).rejects.toMatchObject({ code: 'MLN_TEMPLATE_CHANGED' });
});

test('one version is removed, the newest where none is named; the last takes the name along', async () => {
  for (let version = 1; version <= 3; version += 1) await templates.add(image('t'), {});
  expect((await templates.remove('t@1.0')).version).toBe('1.0');
  expect((await templates.remove('t')).version).toBe('1.2');
  expect(await versions()).toEqual(['t@1.1']);
  await templates.remove('t');
  expect(readdirSync(folder)).toEqual([]);
  await expect(templates.remove('t')).rejects.toMatchObject({ code: 'MLN_NO_TEMPLATE' });
});

test('a version without a readable manifest is none', async () => {
  await templates.add(image('t'), {});
  mkdirSync(join(folder, 't/2.0'));
  mkdirSync(join(folder, 't/3.0'));
  writeFileSync(join(folder, 't/3.0/manifest.json'), '{"name":');
  expect(await versions()).toEqual(['t@1.0']);
});
