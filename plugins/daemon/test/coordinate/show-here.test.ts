import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import type { Mln } from '@mln/core';
import { writeState } from '../../../../core/src/state.js';
import { fakeHost, fakeProject } from '../../../../core/test/fake-project.js';
import type { Options } from '../../src/options.js';
import { fakeFleet } from '../client/fake-fleet.js';
import { call } from './called.js';

let mln: Mln;
let options: Options;
let theirs: string;
beforeAll(async () => {
  const fleet = await fakeFleet();
  mln = await fleet.mln('gateway1');
  const state = join(dirname(mln.folders.projects), 'daemon');
  options = { ...fleet.options({}, { timeout: 1 }), state };
  theirs = join(state, 'users/mln-guest/projects');
});

async function built(folder: string, name: string): Promise<void> {
  const directory = join(folder, name);
  mkdirSync(directory, { recursive: true });
  const project = fakeProject({ name, home: 'gateway1', directory, hosts: [fakeHost(`${name}1`)] });
  await writeState(directory, { builtAt: '', plugins: {}, templates: {}, project });
}

test('projects of the user of guests are shown beside this server’s own', async () => {
  await built(mln.folders.projects, 'own');
  const alone = await call(mln, options, 'list', []);
  expect(alone.stdout).toBe(`own  ${mln.folders.projects}/own\n`);
  await built(theirs, 'kafe');
  const both = await call(mln, options, 'list', []);
  expect(both.stdout).toBe(`own   ${mln.folders.projects}/own\nkafe  ${theirs}/kafe\n`);
  const { stdout } = await call(mln, options, 'list', [], { json: true });
  expect(JSON.parse(stdout)).toMatchObject({ kind: 'ProjectList', items: [{ name: 'own' }, { name: 'kafe' }] });
  const status = await call(mln, options, 'status', []);
  expect(status.stdout).toBe('own   host  own1   unknown\nkafe  host  kafe1  unknown\n');
  const one = await call(mln, options, 'status', [], { host: 'kafe1' });
  expect(one.stdout).toBe('kafe  host  kafe1  unknown\n');
});

test('of two of one name the server’s own counts', async () => {
  await built(theirs, 'own');
  expect((await call(mln, options, 'list', [])).stdout).not.toContain(`${theirs}/own`);
});
