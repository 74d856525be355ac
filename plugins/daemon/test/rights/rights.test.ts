import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isMlnError, SyncBailHook, type Mln } from '@mln/core';
import { stringify } from 'yaml';
import { testKernel } from '../../../../test/support/test-kernel.js';
import { verbs, type Principal, type Verb } from '../../src/protocol.js';
import { matches } from '../../src/rights/glob.js';
import { readRights, type Question, type Rights } from '../../src/rights/rights.js';

/* Who may do what: every question of a matrix, beside an oracle that goes by the words of the roles alone. */

const folder = mkdtempSync(join(tmpdir(), 'mln-rights-'));
const file = join(folder, 'roles.yaml');
let mln: Mln;
beforeAll(async () => {
  mln = await testKernel([]);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function rightsOf(text: string, kernel = mln): Promise<Rights> {
  writeFileSync(file, text);
  return readRights(kernel, file);
}

interface WrittenRole {
  readonly principals: readonly string[];
  readonly verbs: readonly string[];
  readonly projects?: readonly string[];
  readonly groups?: readonly string[];
}

/** The patterns that the oracle knows, each with all that it stands for among the names below. */
const people: Readonly<Record<string, readonly string[]>> = {
  local: ['local'],
  'user:alice': ['user:alice'],
  'user:local': ['user:local'],
  'user:*': ['user:alice', 'user:alicia', 'user:local'],
  'user:ali*': ['user:alice', 'user:alicia'],
  'server:*': ['server:alice', 'server:gateway1'],
  'server:gateway?': ['server:gateway1'],
};
const projects: Readonly<Record<string, readonly string[]>> = {
  '*': ['kafe', 'kafe2', 'xkafe', 'k', ''],
  kafe: ['kafe'],
  'kafe*': ['kafe', 'kafe2'],
  '*kafe': ['kafe', 'xkafe'],
  'k?fe': ['kafe'],
};
const groups: Readonly<Record<string, readonly string[]>> = { prod: ['prod'], test: ['test'], 't*': ['test', 'tiny'] };

const principals: readonly Principal[] = [
  { kind: 'local', name: 'root' },
  { kind: 'user', name: 'alice' },
  { kind: 'user', name: 'alicia' },
  { kind: 'user', name: 'local' },
  { kind: 'server', name: 'alice' },
  { kind: 'server', name: 'gateway1' },
];
/** The empty name stands for the server as a whole. */
const names = ['kafe', 'kafe2', 'xkafe', 'k', ''];
const places: readonly (readonly string[])[] = [[], ['prod'], ['test', 'prod'], ['tiny']];

const questions: readonly Question[] = principals.flatMap((principal) =>
  verbs.flatMap((verb) =>
    names.flatMap((name) =>
      places.map((each) => ({ principal, verb, project: name === '' ? null : name, groups: each })),
    ),
  ),
);

function oracle(roles: readonly WrittenRole[], { principal, verb, project, groups: here }: Question): boolean {
  const who = principal.kind === 'local' ? 'local' : `${principal.kind}:${principal.name}`;
  for (const role of roles) {
    if (!role.principals.some((pattern) => people[pattern]?.includes(who))) continue;
    if (role.projects && !role.projects.some((pattern) => projects[pattern]?.includes(project ?? ''))) continue;
    if (role.groups && !role.groups.some((pattern) => here.some((group) => groups[pattern]?.includes(group)))) continue;
    if (role.verbs.includes(verb)) return true;
    if (role.verbs.includes('all') && verb !== 'host' && verb !== 'admin') return true;
    if (verb === 'read' && role.verbs.includes('admin')) return true;
  }
  return false;
}

const some = (words: readonly string[]): fc.Arbitrary<string[]> =>
  fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength: 3 });
const role = fc.record(
  {
    principals: some(Object.keys(people)),
    verbs: some([...verbs, 'all']),
    projects: some(Object.keys(projects)),
    groups: some(Object.keys(groups)),
  },
  { requiredKeys: ['principals', 'verbs'] },
);

test('all questions to generated roles are answered as by the oracle', async () => {
  const answers = { yes: 0, no: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(role, { maxLength: 3 }), async (roles) => {
      const rights = await rightsOf(stringify({ roles }));
      for (const question of questions) {
        const expected = oracle(roles, question);
        answers[expected ? 'yes' : 'no'] += 1;
        if (rights.allows(question) !== expected) throw new Error(`${JSON.stringify(question)}: ${String(!expected)}`);
      }
    }),
    { numRuns: 60 },
  );
  // The matrix says both often enough to tell something.
  expect(answers.yes).toBeGreaterThan(1000);
  expect(answers.no).toBeGreaterThan(1000);
});

test('without a file local may do anything, and nobody else anything', async () => {
  const rights = await readRights(mln, join(folder, 'missing.yaml'));
  expect(questions.filter((question) => rights.allows(question) !== (question.principal.kind === 'local'))).toEqual([]);
});

test('a file without roles, too, gives nothing to anybody', async () => {
  const rights = await rightsOf('roles: []');
  expect(questions.some((question) => rights.allows(question))).toBe(false);
});

const everything = 'roles: [{ principals: [local, "user:*", "server:*"], verbs: [all, host, admin] }]';

test.each([
  '../x',
  'a/b',
  'a.b',
  '..',
  '',
  '.',
  'a b',
  'a\n',
  '*',
  'kafe\0',
  '~alice',
  '-x',
  'é',
  '__proto__',
  'x'.repeat(64),
])('a project called %j is nobody’s, whatever the roles say', async (project) => {
  const rights = await rightsOf(everything);
  const question: Question = { principal: { kind: 'user', name: 'alice' }, verb: 'read', project, groups: [] };
  expect(rights.allows({ ...question, project: 'kafe' })).toBe(true);
  expect(rights.allows(question)).toBe(false);
  expect(() => {
    rights.require(question);
  }).toThrow(expect.objectContaining({ code: 'MLN_BAD_REQUEST' }));
});

test.each(['', 'a:b', 'server:x', '*', '../alice', 'alice\n', 'alice\0', '-', 'á'])(
  'who is called %j has no rights',
  async (name) => {
    const rights = await rightsOf(everything);
    for (const kind of ['user', 'server'] as const)
      expect(rights.allows({ principal: { kind, name }, verb: 'read', project: null, groups: [] })).toBe(false);
  },
);

test('a refusal says who misses which right on what, and which file gives it', async () => {
  const rights = await rightsOf('roles: [{ principals: ["user:bob"], verbs: all }]');
  const ask = (project: string | null): unknown => {
    try {
      rights.require({ principal: { kind: 'user', name: 'alice' }, verb: 'start', project, groups: [] });
      return null;
    } catch (error) {
      return isMlnError(error)
        ? [error.code, error.exit, error.message.replace(/ on \S+$/, ''), error.problems[0]?.hint]
        : error;
    }
  };
  const hint = expect.stringContaining(file);
  expect(ask('kafe')).toEqual([
    'MLN_NOT_ALLOWED',
    77,
    'user:alice does not have the right start on the project kafe',
    hint,
  ]);
  expect(ask(null)).toEqual([
    'MLN_NOT_ALLOWED',
    77,
    expect.stringContaining('does not have the right start on the server'),
    hint,
  ]);
});

const faults: readonly (readonly [text: string, at: string, message: string])[] = [
  ['', '1:1', 'the file has to begin with roles:'],
  ['roles: []\nusers: []\n', '2:1', '"users" is not known here'],
  ['roles:\n  - principals: [local]\n    verb: [read]\n', '3:5', '"verb" is not known in a role'],
  ['roles:\n  - principals: [alice]\n    verbs: all\n', '2:18', 'principals: "alice" is not known'],
  ['roles:\n  - principals: [root:alice]\n    verbs: all\n', '2:18', 'principals: "root:alice" is not known'],
  ['roles:\n  - principals: [local]\n    verbs: [read, reboot]\n', '3:19', 'verbs: "reboot" is not known'],
  [
    'roles:\n  - principals: [local]\n    verbs: [read]\n    projects: [[kafe]]\n',
    '4:16',
    'projects: a word is wanted here',
  ],
  ['roles:\n  - principals: [local]\n    verbs:\n', '3:11', 'verbs: a word is wanted here'],
  ['roles:\n  - principals: [local]\n', '2:5', 'the role number 1 says no verbs'],
  ['roles:\n  - name: x\n    name: y\n    principals: local\n    verbs: all\n', '3:5', 'Map keys must be unique'],
  ['roles:\n  - principals: [local]\n    verbs: all\n    projects: [*]\n', '4:16', 'Alias'],
  ['roles: {}\n', '1:8', 'roles is a list: each begins with -'],
];

test.each(faults)('%j is refused at %s', async (text, at, message) => {
  const error: unknown = await rightsOf(text).catch((thrown: unknown) => thrown);
  if (!isMlnError(error)) throw error;
  expect(error.code).toBe('MLN_BAD_CONFIGURATION');
  const told = error.problems.map((each) => [`${each.place?.line ?? ''}:${each.place?.column ?? ''}`, each.message]);
  expect(told).toContainEqual([at, expect.stringContaining(message)]);
  expect(new Set(error.problems.map(({ place }) => place?.file))).toEqual(new Set([file]));
});

test('a file that everybody may write gives no rights', async () => {
  await rightsOf(everything);
  chmodSync(file, 0o666);
  await expect(readRights(mln, file)).rejects.toMatchObject({ code: 'MLN_BAD_CONFIGURATION' });
  chmodSync(file, 0o644);
});

test('a plug-in may allow, refuse, or leave it to the roles', async () => {
  let answer: unknown;
  const asked: Question[] = [];
  const kernel = await testKernel([
    (made) => {
      made
        .hook('daemon.authorize', () => new SyncBailHook<[Question], unknown>(['question']))
        .tap('site', (question) => {
          asked.push(question);
          return answer;
        });
    },
  ]);
  const rights = await rightsOf('roles: [{ principals: ["user:alice"], verbs: [read] }]', kernel);
  const question = (verb: Verb): Question => ({
    principal: { kind: 'user', name: 'alice' },
    verb,
    project: 'kafe',
    groups: ['prod'],
  });
  const answers = (): readonly boolean[] => [rights.allows(question('read')), rights.allows(question('host'))];
  expect(answers()).toEqual([true, false]);
  answer = true;
  expect(answers()).toEqual([true, true]);
  answer = false;
  expect(answers()).toEqual([false, false]);
  answer = null;
  expect(answers()).toEqual([true, false]);
  answer = 'yes';
  expect(answers).toThrow(expect.objectContaining({ code: 'MLN_PLUGIN_FAILED' }));
  expect(asked[0]).toEqual(question('read'));
});

test('a pattern matches as a regular expression would', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 6 });
  fc.assert(
    fc.property(pattern, text, (glob, word) => {
      const expected = new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')}$`).test(
        word,
      );
      return matches(glob, word) === expected;
    }),
    { numRuns: 2000 },
  );
});
