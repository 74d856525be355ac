/*
 * Makes versions and CHANGELOG.md files of what .changeset says has changed. Changesets knows the ranges of peers; the
 * plug-in API follows the core's major and minor version here, and the ranges that plug-ins state of it follow the peers'.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './setup.js';

const changes = readdirSync(join(root, '.changeset'))
  .filter((name) => name.endsWith('.md') && name !== 'README.md')
  .map((name) => readFileSync(join(root, '.changeset', name), 'utf8'));
const isMajor = (name) => changes.some((text) => new RegExp(`^['"]?${name}['"]?: *major$`, 'm').test(text));
if (isMajor('@mln/[\\w-]+') && !isMajor('mln'))
  throw new Error('what breaks users of a package breaks those of mln: add mln: major to the changeset');

run(process.execPath, [join(root, 'node_modules/@changesets/cli/bin.js'), 'version']);
const [major, minor] = JSON.parse(readFileSync(join(root, 'core/package.json'), 'utf8')).version.split('.');
rewrite('core/src/api.ts', (text) => text.replace(/apiVersion = '[^']*'/, `apiVersion = '${major}.${minor}.0'`));
for (const name of readdirSync(join(root, 'plugins')))
  rewrite(`plugins/${name}/package.json`, (text) => {
    const range = JSON.parse(text).peerDependencies['@mln/core'];
    return text.replace(/("api": )"[^"]*"/, `$1"${range}"`);
  });

function rewrite(path, change) {
  const text = readFileSync(join(root, path), 'utf8');
  if (change(text) !== text) writeFileSync(join(root, path), change(text));
}
