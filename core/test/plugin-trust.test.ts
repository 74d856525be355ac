import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { strangerReason } from '../src/plugin-trust.js';
import { scratchFolder } from './scratch.js';

/* Whom root believes; only root can make what belongs to others. */

const asRoot = process.getuid?.() === 0 ? test : test.skip;
const root = { uid: 0, installer: null };
const stranger = 65_533;

let folder = '';
beforeEach(() => {
  folder = scratchFolder();
  mkdirSync(join(folder, 'own'));
  writeFileSync(join(folder, 'own/script'), '');
  mkdirSync(join(folder, 'theirs'));
});

asRoot('a link of a stranger is not followed, wherever it stands on the way', () => {
  symlinkSync('../own', join(folder, 'theirs/link'));
  symlinkSync('theirs/link', join(folder, 'first'));
  symlinkSync(join(folder, 'first/script'), join(folder, 'last'));
  const paths = ['theirs/link/script', 'first/script', 'last'].map((name) => join(folder, name));
  expect(paths.map((path) => strangerReason(path, root))).toEqual([null, null, null]);
  const link = join(folder, 'theirs/link');
  lchownSync(link, stranger, stranger);
  const told = `is behind the link ${link}, which belongs to another user`;
  expect(paths.map((path) => strangerReason(path, root))).toEqual([told, told, told]);
  lchownSync(link, 0, 0);
  chownSync(join(folder, 'theirs'), stranger, stranger);
  const lies = `is behind the link ${link}, which lies in ${join(folder, 'theirs')}, which belongs to another user`;
  expect(paths.map((path) => strangerReason(path, root))).toEqual([lies, lies, lies]);
});

asRoot('a node_modules is looked at where everybody may add to it, and where a link leads to it', () => {
  const script = join(folder, 'own/script');
  const modules = join(folder, 'node_modules');
  const told = `could import by way of ${modules}, which others may have written`;
  mkdirSync(join(folder, 'theirs/node_modules'));
  symlinkSync('theirs/node_modules', modules);
  expect(strangerReason(script, root, true)).toBeNull();
  chmodSync(join(folder, 'theirs/node_modules'), 0o1777);
  expect(strangerReason(script, root, true)).toContain(told);
  chmodSync(join(folder, 'theirs/node_modules'), 0o755);
  chownSync(join(folder, 'theirs'), stranger, stranger);
  expect(strangerReason(script, root, true)).toContain(told);
  expect(strangerReason(script, root)).toBeNull();
});

asRoot('a link that leads nowhere yet is no help to a stranger', () => {
  symlinkSync('theirs/later', join(folder, 'node_modules'));
  expect(strangerReason(join(folder, 'own/script'), root, true)).toContain('could import by way of');
});
