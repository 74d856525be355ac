import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Project } from '../src/project.js';
import { changedSources, sourcesOf } from '../src/upgrade/sources.js';
import { fakeMln } from './fake-hypervisor.js';
import { fakeHost, fakeProject } from './fake-project.js';
import { scratchFolder } from './scratch.js';

/* Whether what hosts copy has other content than when they were built. */

async function world() {
  const folder = scratchFolder();
  mkdirSync(join(folder, 'www'));
  writeFileSync(join(folder, 'www/index.html'), 'one');
  symlinkSync('index.html', join(folder, 'www/link'));
  const mln = await fakeMln(folder);
  const copies = { lists: { files: [{ words: ['www', '/var/www'], place: null }] } };
  const project: Project = fakeProject({
    source: folder,
    hosts: [fakeHost('a', copies), fakeHost('b'), fakeHost('c', copies)],
  });
  const sources = await sourcesOf(mln, project);
  const state = { schema: 2, version: 1, builtAt: '', plugins: {}, templates: {}, kept: [], pending: [] } as const;
  return { folder, mln, project, sources, built: { ...state, project, sources } };
}

test('hosts that copy the same have one digest, others none', async () => {
  const { sources } = await world();
  expect(Object.keys(sources)).toEqual(['a', 'c']);
  expect(sources['a']).toBe(sources['c']);
});

test.each<readonly [what: string, change: (folder: string) => void, changed: readonly string[]]>([
  ['nothing', () => undefined, []],
  [
    'a file written again as it was',
    (folder) => {
      writeFileSync(join(folder, 'www/index.html'), 'one');
    },
    [],
  ],
  [
    'other content',
    (folder) => {
      writeFileSync(join(folder, 'www/index.html'), 'two');
    },
    ['a', 'c'],
  ],
  [
    'one more file',
    (folder) => {
      writeFileSync(join(folder, 'www/more'), '');
    },
    ['a', 'c'],
  ],
])('%s is told of the hosts that copy it', async (_what, change, changed) => {
  const { folder, mln, project, built } = await world();
  change(folder);
  expect(await changedSources(mln, built, project)).toEqual(changed);
});

test('a renamed host is compared with what it was', async () => {
  const { folder, mln, project, built } = await world();
  const [a, b, c] = project.hosts;
  if (!a || !b || !c) throw new Error('there are three');
  const renamed = { ...project, hosts: [{ ...a, name: 'x', keywords: { was: 'a' } }, b, c] };
  expect(await changedSources(mln, built, renamed)).toEqual([]);
  writeFileSync(join(folder, 'www/index.html'), 'two');
  expect(await changedSources(mln, built, renamed)).toEqual(['x', 'c']);
});
