import { expect, test } from '@jest/globals';
import type { OperationOptions } from '../src/operation.js';
import { newOperation } from '../src/announce.js';
import type { Host, Project } from '../src/project.js';
import type { KeptHost, State } from '../src/state.js';
import { localUpgrade, type LocalUpgrade } from '../src/upgrade/local.js';
import { fakeMln } from './fake-hypervisor.js';
import { fakeHost, fakeProject, fakeSwitch } from './fake-project.js';

/* What an upgrade has to do on a server, told in words: this one has no name; `there` is another. */

const mln = await fakeMln('/nowhere');

const away = { serviceHost: 'there' };
const was = (name: string): Partial<Host> => ({ keywords: { was: name } });
const project = (...hosts: readonly Host[]): Project => fakeProject({ hosts });

function stateOf(before: Project, kept: readonly KeptHost[] = []): State {
  const templates = Object.fromEntries(
    before.hosts.map(({ name }) => [name, { name: `for-${name}`, version: null, sha256: null }]),
  );
  return { schema: 2, version: 7, builtAt: '', plugins: {}, templates, project: before, kept, pending: [] };
}

function found(state: State | null, now: Project, options: OperationOptions = {}, previous?: Project): LocalUpgrade {
  const part = { server: null, phase: 'build', units: [], project: now, source: '', ...(previous ? { previous } : {}) };
  return localUpgrade(mln, newOperation('upgrade', options), part, state);
}

function told({ hosts, gone }: LocalUpgrade): string[] {
  return [
    ...hosts.map(({ host, from, old, template, kept, replaced, runsOn }) =>
      [
        `${host.name} ${from}`,
        ...(old ? [`of ${old.name}`] : []),
        ...(template ? [template.name] : []),
        ...(kept === null ? [] : [`kept ${kept}`]),
        ...(replaced ? [`in the stead of ${replaced.name}`] : []),
        ...(runsOn ? ['runs on'] : []),
      ].join(', '),
    ),
    ...gone.map(({ host, reason }) => `${host.name} ${reason}`),
  ];
}

const [a, b] = [fakeHost('a'), fakeHost('b')];
const keptA: KeptHost = { host: fakeHost('a', { memory: 1 }), reason: 'removed', at: '', version: 5 };

test.each<[what: string, before: Project | null, now: Project, options: OperationOptions, expected: string[]]>([
  ['a project that was never here', null, project(a), {}, ['a new']],
  ['what stays', project(a), project(a), {}, ['a kept, of a, for-a, runs on']],
  ['what must be stopped', project(a), project(a), { stops: ['a'] }, ['a kept, of a, for-a']],
  ['what is new, and what is gone', project(a), project(b), {}, ['b new', 'a removed']],
  ['a renamed host', project(a), project(fakeHost('b', was('a'))), {}, ['b kept, of a, for-a, runs on']],
  [
    'a renamed host that is stopped goes by its old name',
    project(a),
    project(fakeHost('b', was('a'))),
    { stops: ['a'] },
    ['b kept, of a, for-a'],
  ],
  [
    'an earlier name that is still there is none',
    project(a),
    project(a, fakeHost('b', was('a'))),
    {},
    ['a kept, of a, for-a, runs on', 'b new'],
  ],
  ['one that is made anew', project(a), project(a), { rebuild: ['a'] }, ['a new, for-a, in the stead of a']],
  [
    'one that goes elsewhere',
    project(a, b),
    project(fakeHost('a', away), b),
    {},
    ['b kept, of b, for-b, runs on', 'a moved'],
  ],
  [
    'one that goes elsewhere under another name',
    project(a),
    project(fakeHost('b', { ...away, ...was('a') })),
    {},
    ['a moved'],
  ],
  ['one that comes', project(fakeHost('a', away)), project(a), { moved: ['a'] }, ['a received, of a, for-a']],
  [
    'one that is made anew where it comes to',
    project(fakeHost('a', away)),
    project(a),
    { rebuild: ['a'] },
    ['a new, for-a'],
  ],
  ['hosts of others', project(fakeHost('a', away)), project(fakeHost('a', away)), {}, []],
])('%s', (_, before, now, options, expected) => {
  expect(told(found(before && stateOf(before), now, options))).toEqual(expected);
});

test('what comes to a server that had no part of the project is known from the project as it was', () => {
  expect(told(found(null, project(a), { moved: ['a'] }, project(fakeHost('a', away))))).toEqual(['a received, of a']);
});

test('what was removed comes back from the disks that are kept since the version that is gone back to', () => {
  const state = stateOf(project(b), [keptA]);
  expect(told(found(state, project(a, b), { undo: 5 }))).toEqual([
    'a kept, of a, kept 5',
    'b kept, of b, for-b, runs on',
  ]);
  expect(found(state, project(a, b), { undo: 5 }).hosts[0]?.old).toBe(keptA.host);
  // No other version's, and not unasked.
  expect(told(found(state, project(a), { undo: 4 }))).toEqual(['a new', 'b removed']);
  expect(told(found(state, project(a)))).toEqual(['a new', 'b removed']);
});

test('a host whose disk nobody brings is refused', () => {
  const state = stateOf(project(fakeHost('a', away)));
  expect(() => found(state, project(a))).toThrow(expect.objectContaining({ code: 'MLN_BAD_STATE' }));
});

test('switches that are gone', () => {
  const before = fakeProject({ switches: [fakeSwitch('lan'), fakeSwitch('dmz')] });
  const now = fakeProject({ switches: [fakeSwitch('dmz'), fakeSwitch('new')] });
  const { goneSwitches, units } = found(stateOf(before), now);
  expect([goneSwitches, units.map(({ name }) => name)]).toEqual([['lan'], ['dmz', 'new']]);
});
