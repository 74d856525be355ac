import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { isMlnError } from '../src/errors.js';
import type { State } from '../src/state.js';
import { readHistory, readVersion, saveHistory } from '../src/upgrade/history.js';
import { fakeHost, fakeProject } from './fake-project.js';

const root = mkdtempSync(join(tmpdir(), 'mln-history-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});

function stateOf(version: number, directory: string): State {
  const project = fakeProject({ directory, hosts: [fakeHost(`host${version}`)] });
  const builtAt = new Date(version * 1000).toISOString();
  return { schema: 2, version, builtAt, plugins: {}, templates: {}, project, kept: [], pending: [] };
}

function folder(name: string): string {
  mkdirSync(join(root, name));
  return join(root, name);
}

test('versions are kept as they were, for the owner alone', async () => {
  const directory = folder('two');
  expect(await readHistory(directory)).toEqual([]);
  for (const version of [2, 1]) await saveHistory(directory, stateOf(version, directory), `# ${version}\n`);
  expect((await readHistory(directory)).map(({ version, at }) => [version, at])).toEqual([
    [1, '1970-01-01T00:00:01.000Z'],
    [2, '1970-01-01T00:00:02.000Z'],
  ]);
  expect(await readVersion(directory, 2)).toEqual({ state: stateOf(2, directory), source: '# 2\n' });
  expect(statSync(join(directory, '.history/2/state.json')).mode & 0o777).toBe(0o600);
  expect(statSync(join(directory, '.history/2')).mode & 0o777).toBe(0o700);
});

test('to keep one again changes nothing', async () => {
  const directory = folder('again');
  for (const source of ['half', 'whole']) await saveHistory(directory, stateOf(1, directory), source);
  expect((await readVersion(directory, 1)).source).toBe('whole');
  expect(readdirSync(join(directory, '.history/1')).sort()).toEqual(['project.mln', 'state.json']);
});

test('of more than 50 the oldest are given up', async () => {
  const directory = folder('many');
  for (let version = 1; version <= 52; version += 1) await saveHistory(directory, stateOf(version, directory), '');
  const versions = (await readHistory(directory)).map(({ version }) => version);
  expect([versions.length, versions[0], versions.at(-1)]).toEqual([50, 3, 52]);
});

test('what a crash or somebody else has left there counts for nothing', async () => {
  const directory = folder('left');
  await saveHistory(directory, stateOf(3, directory), '');
  for (const name of ['1', '2', '4', 'notes']) mkdirSync(join(directory, '.history', name));
  writeFileSync(join(directory, '.history/1/project.mln'), '');
  writeFileSync(join(directory, '.history/2/state.json'), '{');
  writeFileSync(join(directory, '.history/4/state.json'), JSON.stringify(stateOf(9, directory)));
  expect((await readHistory(directory)).map(({ version }) => version)).toEqual([3]);
  for (const [version, code] of [
    [1, 'MLN_NO_VERSION'],
    [2, 'MLN_BAD_STATE'],
    [4, 'MLN_BAD_STATE'],
    [7, 'MLN_NO_VERSION'],
  ] as const) {
    const error: unknown = await readVersion(directory, version).catch((caught: unknown) => caught);
    expect(isMlnError(error) && error.code).toBe(code);
  }
});

test('the present version is found where it is', async () => {
  const directory = folder('present');
  writeFileSync(join(directory, 'state.json'), JSON.stringify(stateOf(5, directory)));
  writeFileSync(join(directory, 'project.mln'), 'now');
  expect(await readVersion(directory, 5)).toEqual({ state: stateOf(5, directory), source: 'now' });
});
