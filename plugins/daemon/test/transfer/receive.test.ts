import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createTemplates } from '@mln/core';
import { sendFiles } from '../../src/transfer/pack.js';
import { checkPackage, placePackage, requireFiles } from '../../src/transfer/receive.js';
import { LOCAL, makeImage, scratch, serverLab, sha256 } from './lab.js';
import { good, placingIn, put, sentLab, valid } from './ring.js';

const server = await serverLab();
const { mln } = server.daemon;

test('a package that was made by mln is taken; of hosts elsewhere no files are asked for', () => {
  const checked = checkPackage(valid(), 'ring', mln);
  expect(checked).toEqual(good.package);
  expect(checked.project.hosts.map(({ lists }) => lists['files']?.map(({ words }) => words[0]))).toEqual([
    ['files/0/www', 'files/1/note'],
    [],
  ]);
  expect(JSON.stringify(checked.project.hosts[0]?.lists['files'])).not.toContain('ring.mln');
});

test('what a server refuses it refuses again when it lays it out', async () => {
  const changed = valid();
  put(changed, ['project', 'hosts', 0, 'lists', 'files', 0, 'words', 0], '/etc/shadow');
  const folder = scratch();
  await expect(placePackage(server.daemon, changed, placingIn(folder))).rejects.toThrow('was not sent along');
  await expect(requireFiles(server.daemon, changed)).rejects.toThrow('was not sent along');
  expect(readdirSync(folder)).toEqual([]);
});

test('files that have not been sent are named', async () => {
  await expect(requireFiles(server.daemon, valid())).rejects.toMatchObject({
    code: 'MLN_NO_BLOB',
    message: expect.stringMatching(/the template tiny@1\.0.*files\/0\/www\/index\.html/),
  });
});

test('files are laid out with their modes and links, and given to their owner', async () => {
  const lab = await sentLab();
  const folder = scratch();
  const owner = process.getuid?.() === 0 ? { uid: 12_345, gid: 12_346 } : null;
  const project = await placePackage(lab.daemon, checkPackage(valid(), 'ring'), placingIn(folder, owner));
  expect(project).toMatchObject({ source: join(folder, 'operation'), directory: join(folder, 'projects/ring') });
  const at = (path: string): string => join(folder, 'operation/files', path);
  expect(readFileSync(at('0/www/inner/page'), 'utf8')).toBe('page');
  expect(readlinkSync(at('0/www/link'))).toBe('/etc/passwd');
  const image = join(folder, 'templates/tiny/1.0/image');
  expect(sha256(image)).toBe(good.package.templates[0]?.blob.sha256);
  if (owner)
    for (const path of [
      '',
      '/operation/files/0/www/link',
      '/operation/files/1/note',
      '/templates/tiny',
      '/templates/tiny/1.0',
      '/templates/tiny/1.0/image',
      '/operation',
    ])
      if (path !== '') expect(lstatSync(folder + path)).toMatchObject({ uid: owner.uid, gid: owner.gid });
  expect(lstatSync('/etc/passwd').uid).toBe(0);
  expect(statSync(join(folder, 'operation')).mode & 0o777).toBe(0o700);
  expect(readdirSync(folder).sort()).toEqual(['operation', 'templates']);
  // A second project of the same template finds it there.
  const again = { ...placingIn(folder, owner), folder: join(folder, 'again') };
  const { mtimeMs } = statSync(image);
  expect((await placePackage(lab.daemon, valid(), again)).hosts[0]?.template).toBe('tiny@1.0');
  expect(statSync(image).mtimeMs).toBe(mtimeMs);
  lab.client.close();
});

test('another template of the same name and version stays, and the sent one gets a version of its own', async () => {
  const lab = await sentLab();
  const folder = scratch();
  const { templates } = placingIn(folder);
  const theirs = makeImage(join(folder, 'theirs.img'), { '/etc/motd': 'theirs' });
  await createTemplates(templates, mln.shell).add(theirs, { name: 'tiny' });
  const { hosts } = await placePackage(lab.daemon, valid(), placingIn(folder));
  const version = `1.0-${good.package.templates[0]?.blob.sha256.slice(0, 8) ?? ''}`;
  expect(hosts.map(({ template }) => template)).toEqual([`tiny@${version}`, 'tiny']);
  expect(readdirSync(join(templates, 'tiny')).sort()).toEqual(['1.0', version]);
  lab.client.close();
});

test('a template that another repository of the server has is not sent, and digested before it is used', async () => {
  const lab = await serverLab();
  const image = good.files.get(good.package.templates[0]?.blob.sha256 ?? '') ?? '';
  const users = join(lab.daemon.places.state, 'users/somebody/templates');
  await createTemplates(users, mln.shell).add(image, { name: 'theirs' });
  await sendFiles(lab.client, LOCAL, good);
  expect(lab.seen.bytes).toBeLessThan(1000);
  const first = scratch();
  await placePackage(lab.daemon, valid(), placingIn(first));
  expect(sha256(join(first, 'templates/tiny/1.0/image'))).toBe(sha256(image));
  // Where its owner has changed it, it is not what was asked for.
  rmSync(lab.blobs, { recursive: true });
  const again = await serverLab();
  const other = join(again.daemon.places.state, 'users/somebody/templates');
  const { sha256: digest, size } = good.package.templates[0]?.blob ?? { sha256: '', size: 0 };
  mkdirSync(join(other, 'theirs/1.0'), { recursive: true });
  writeFileSync(join(other, 'theirs/1.0/image'), Buffer.alloc(size));
  writeFileSync(join(other, 'theirs/1.0/manifest.json'), JSON.stringify({ sha256: digest, size }));
  await sendFiles(again.client, LOCAL, good);
  const second = scratch();
  await expect(placePackage(again.daemon, valid(), placingIn(second))).rejects.toMatchObject({ code: 'MLN_NO_BLOB' });
  expect(readdirSync(second)).toEqual([]);
  lab.client.close();
  again.client.close();
});

test('where it cannot be laid out, nothing of it is left', async () => {
  const lab = await sentLab();
  const folder = scratch();
  writeFileSync(join(folder, 'templates'), 'a file in the place of the repository');
  await expect(placePackage(lab.daemon, valid(), placingIn(folder))).rejects.toMatchObject({
    code: expect.stringMatching(/^MLN_/),
  });
  expect(readdirSync(folder)).toEqual(['templates']);
  lab.client.close();
});
