import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import { decide } from '../src/decide.js';
import { diffProjects, type Difference } from '../src/diff.js';
import type { LoadedPlugin, Mln } from '../src/kernel.js';
import { claim, type Project } from '../src/project.js';
import { readProject } from '../src/read-project.js';
import { renderDifferences } from '../src/render-diff.js';
import { fakeHost, fakeInterface, fakeProject } from './fake-project.js';
import { fakeMln } from './fake-hypervisor.js';

/** Two hypervisors, the first one where none is named, and keywords of every kind. */
const platforms: LoadedPlugin = {
  name: 'platforms',
  version: '1.0.0',
  api: '^1.0.0',
  source: 'platforms',
  options: {},
  plugin: ({ hooks }) => {
    hooks.keywords.tap('platforms', (keywords) => {
      keywords.declare(
        { name: 'xen', in: ['host'], kind: 'flag', help: 'A flag that claims.' },
        { name: 'pae', in: ['host'], kind: 'flag', help: 'A flag.' },
        { name: 'cache', in: ['host', 'switch'], kind: 'size', help: 'A size.' },
        { name: '__proto__', in: ['host'], kind: 'word', help: 'A word.' },
        { name: 'constructor', in: ['host'], kind: 'list', help: 'A list.' },
        { name: 'tokens', in: ['host'], kind: 'list', secret: true, help: 'A list of secrets.' },
      );
    });
    hooks.resolveUnit.tap('platforms', (unit, block) =>
      claim(unit, unit.kind === 'host' && block.flag('xen') === true ? 'xen' : 'uml'),
    );
  },
};

const kernel: Promise<Mln> = fakeMln('/nowhere', [platforms]);

async function project(text: string, file = '/home/x.mln'): Promise<Project> {
  const whole = text.includes('global') ? text : `global { project p }\n${text}`;
  return (await readProject(await kernel, file, { text: whole })).project;
}

async function differences(old: Project, fresh: Project): Promise<readonly Difference[]> {
  return diffProjects(old, fresh, (await kernel).keywords);
}

function lines(found: readonly Difference[]): readonly string[] {
  return found.length === 0 ? [] : stripVTControlCharacters(renderDifferences(found)).split('\n');
}

/** A case is a file: the old project, `===== new`, the new one, `===== differences`, what is told of them. */
const folder = join(import.meta.dirname, 'diff-cases');
const cases = readdirSync(folder).map((name) => {
  const [old = '', fresh = '', expected = ''] = readFileSync(join(folder, name), 'utf8').split(/^===== .*\n/m);
  return { what: name.replace('.txt', ''), old, fresh, expected: expected.split('\n').slice(0, -1) };
});

test.each(cases)('$what', async ({ old, fresh, expected }) => {
  expect(lines(await differences(await project(old), await project(fresh)))).toEqual(expected);
});

test.each(cases)('$what: kept as JSON, it differs from itself in nothing', async ({ old, fresh }) => {
  for (const text of [old, fresh]) {
    const read = await project(text);
    expect(await differences(JSON.parse(JSON.stringify(read)) as Project, read)).toEqual([]);
  }
});

test('values do not steer the terminal', async () => {
  const [old, fresh] = [await project('host a { }'), await project('host a { owner "\u001b[2J\u0007" }')];
  expect(lines(await differences(old, fresh))).toEqual(['~ host a', '  + owner: ␛[2J␇']);
});

test('a project may be moved as a whole, but not apart', async () => {
  const text = 'host a { kernel ./linux; template ./t.ext4; files { f /etc/f }; mount { ./d.img /d } }';
  const [here, there] = [await project(text, '/one/x.mln'), await project(text, '/two/x.mln')];
  expect(await differences(here, there)).toEqual([]);
  const apart = { ...there, source: '/elsewhere' };
  expect(lines(await differences(here, apart))).toEqual([
    '~ host a',
    '  ~ template: ./t.ext4 → /two/t.ext4',
    '  ~ mount /d: ./d.img auto defaults → /two/d.img auto defaults',
    '  ~ kernel: ./linux → /two/linux',
    '  ~ files /etc/f: ./f → /two/f',
  ]);
});

test('an address of a card that a build has chosen is not missed in the file', async () => {
  const text = 'host a { network eth0 { switch s } }\nswitch s { }';
  const file = await project(text);
  const built = decide(file, null, 'seed');
  const named = await project(text.replace('switch s }', 'switch s; mac 02:00:00:00:00:01 }'));
  expect(await differences(built, file)).toEqual([]);
  expect(lines(await differences(named, file))).toEqual(['~ host a', '  - network eth0 mac: 02:00:00:00:00:01']);
  expect(lines(await differences(built, named))).toEqual([
    '~ host a',
    `  ~ network eth0 mac: ${built.hosts[0]?.interfaces[0]?.mac ?? ''} → 02:00:00:00:00:01`,
  ]);
});

test('what follows from something else is no difference', async () => {
  const old = fakeHost('a', { interfaces: [fakeInterface('eth0')], templateFrom: '/a.mln' });
  const place = { file: '/b.mln', line: 1, column: 1 };
  const fresh = { ...old, console: 'hvc0', macPrefix: '00:16:3e', templateFrom: '/b.mln', place };
  const away = { directory: '/elsewhere', home: 'server' };
  expect(await differences(fakeProject({ hosts: [old] }), fakeProject({ hosts: [fresh], ...away }))).toEqual([]);
});

test('differences are plain frozen data, with their values and paths', async () => {
  const found = await differences(
    await project('host a { users { ann pw }; memory 64M; network eth0 { address 10.0.0.1/24 } }'),
    await project('host b { was a; users { ann pw2 }; memory 1G\n startup {\n one\n two\n } network eth0 { } }'),
  );
  const changes = [
    { path: ['memory'], old: '64M', new: '1G', secret: false },
    { path: ['network', 'eth0', 'address'], old: '10.0.0.1/24', new: null, secret: false },
    { path: ['users', 'ann'], old: '(secret)', new: '(secret)', secret: true },
    { path: ['startup'], old: null, new: ['one', 'two'], secret: false },
  ];
  expect(found).toEqual([{ kind: 'host', name: 'b', was: 'a', change: 'changed', changes }]);
  const parts: unknown[] = [found, ...found, ...found.flatMap((each) => [each.changes, ...each.changes])];
  expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
  expect(
    found.flatMap((each) => each.changes).every((each) => Object.isFrozen(each.path) && Object.isFrozen(each.new)),
  ).toBe(true);
});
