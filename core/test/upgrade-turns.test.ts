import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { apiVersion } from '../src/api.js';
import { upgradeProject } from '../src/cli/verbs/upgrade.js';
import type { CommandContext } from '../src/commands.js';
import { decide } from '../src/decide.js';
import type { Host, Project } from '../src/project.js';
import { serverOf } from '../src/servers.js';
import { requireState, writeState } from '../src/state.js';
import { unknownStatus } from '../src/status.js';
import { kernel, plugin } from './bare-kernel.js';
import { fakeHost, fakeProject } from './fake-project.js';
import { scratchFolder } from './scratch.js';

/** Carries upgrades out by word alone. Gives, turn by turn, where each host is and which hosts move. */
async function turns(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Promise<string[]> {
  const projects = scratchFolder();
  const directory = join(projects, 'ring');
  const told: string[] = [];
  const machine = plugin('machine', '/machine.js', ({ hooks }) => {
    hooks.monitor.tap('machine', (statuses, units) => {
      const down = units.map(({ name }) => [name, { ...unknownStatus, state: 'down' }] as const);
      return new Map([...statuses, ...down]);
    });
    hooks.execute.tapPromise({ name: 'machine', stage: -100 }, async (operation, { phase, project, server }) => {
      if (server === null && phase === 'build')
        told.push(
          [
            ...project.hosts.map((host) => `${host.name} at ${serverOf(host, project) ?? 'nowhere'}`),
            `moved: ${(operation.options.moved ?? []).join()}`,
          ].join(', '),
        );
      // The new version is in its place where home says so.
      if (server === null && phase === 'commit') await writeState(directory, { ...state, project });
      return { failures: [] };
    });
  });
  const folders = { projects, templates: join(projects, 'templates'), files: join(projects, 'files') };
  const mln = await kernel([machine], {
    folders,
    configuration: { plugins: [], template: 'tiny', serviceHost: 'home', stopWait: 60, folders, origins: {} },
  });
  const projectOf = (servers: Readonly<Record<string, string>>): Project =>
    fakeProject({
      home: 'home',
      directory,
      hosts: Object.entries(servers).map(([name, server]): Host => {
        const [serviceHost = '', was] = server.split(' was ');
        return fakeHost(name, {
          serviceHost: serviceHost === 'home' ? null : serviceHost,
          keywords: was === undefined ? {} : { was },
        });
      }),
    });
  const state = { builtAt: '', plugins: {}, templates: {}, project: decide(projectOf(before), null, 'fixed') };
  mkdirSync(directory);
  await writeState(directory, state);
  const quiet = (): void => undefined;
  const context: CommandContext = {
    mln,
    version: apiVersion,
    commands: [],
    terminal: { print: quiet, note: quiet, json: quiet, confirm: () => Promise.resolve(), report: quiet },
  };
  expect(await upgradeProject(context, { project: projectOf(after), source: '', warnings: [] }, {})).toBe(0);
  const now = (await requireState(projects, 'ring')).project;
  expect(now.hosts.map(({ name, serviceHost }) => [name, serviceHost])).toEqual(
    projectOf(after).hosts.map(({ name, serviceHost }) => [name, serviceHost]),
  );
  return told;
}

test('what stays on its servers takes one turn', async () => {
  expect(await turns({ a: 'home', b: 'one' }, { a: 'home', b: 'one', c: 'two' })).toEqual([
    'a at home, b at one, c at two, moved: ',
  ]);
  expect(await turns({ a: 'home' }, { a: 'home' })).toEqual([]);
});

test('hosts that come to one server come in one turn', async () => {
  expect(await turns({ a: 'home', b: 'home', c: 'two' }, { a: 'one', b: 'one', c: 'one' })).toEqual([
    'a at one, b at one, c at one, moved: a,b,c',
  ]);
});

test('hosts that come to several servers come one server after the other', async () => {
  expect(await turns({ a: 'home', b: 'home', c: 'one' }, { a: 'one', b: 'two', c: 'home' })).toEqual([
    'a at one, b at home, c at one, moved: a',
    'a at one, b at two, c at one, moved: b',
    'a at one, b at two, c at home, moved: c',
  ]);
});

test('a host is renamed in the turn before it moves, or in that one', async () => {
  expect(await turns({ a: 'home', b: 'home' }, { a: 'one', c: 'two was b' })).toEqual([
    'a at one, c at home, moved: a',
    'a at one, c at two, moved: c',
  ]);
});
