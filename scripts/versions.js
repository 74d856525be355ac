/*
 * Makes versions and CHANGELOG.md files of what .changeset says has changed. Of a new major version of the core changesets
 * knows the range of peers; here the plug-in API, and the ranges of it that plug-ins state, follow.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './setup.js';

run(process.execPath, [join(root, 'node_modules/@changesets/cli/bin.js'), 'version']);
const [major] = JSON.parse(readFileSync(join(root, 'core/package.json'), 'utf8')).version.split('.');
rewrite('core/src/api.ts', (text) =>
  text.replace(/apiVersion = '(\d+)\.[^']*'/, (same, old) => (old === major ? same : `apiVersion = '${major}.0.0'`)),
);
for (const name of readdirSync(join(root, 'plugins')))
  rewrite(`plugins/${name}/package.json`, (text) => {
    const range = JSON.parse(text).peerDependencies['@mln/core'];
    return text.replace(/("api": )"[^"]*"/, `$1"${range}"`);
  });

function rewrite(path, change) {
  const text = readFileSync(join(root, path), 'utf8');
  if (change(text) !== text) writeFileSync(join(root, path), change(text));
}
