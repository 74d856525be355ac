import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, jest, test } from '@jest/globals';
import { main } from '../src/cli/main.js';
import { scratchFolder } from './scratch.js';

/*
 * Whole command lines: what goes to standard output, and how the command ends. One plug-in runs everything, and makes no
 * scripts of what is called bad.
 */

const folder = scratchFolder();
const configuration = join(folder, 'mln.config.json');
writeFileSync(configuration, JSON.stringify({ plugins: ['./fake.mjs'] }));
writeFileSync(
  join(folder, 'fake.mjs'),
  `export const manifest = { name: 'fake', version: '1.0.0', api: '^1.0.0' };
  export default ({ hooks }) => {
    hooks.resolveUnit.tap('fake', (unit) => ({ ...unit, hypervisor: 'fake' }));
    hooks.emitScripts.tap('fake', ({ name }) => {
      const problems = [{ severity: 'error', code: 'MLN_UNSUPPORTED', message: name + ' is not supported' }];
      if (name.startsWith('bad')) throw Object.assign(new Error(name), { code: 'MLN_UNSUPPORTED', problems });
    });
  };`,
);
const file = join(folder, 'x.mln');

interface Said {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `mln VERB -f x.mln` with more arguments. */
async function run(text: string, verb: string, ...more: readonly string[]): Promise<Said> {
  writeFileSync(file, text);
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    jest.spyOn(process[stream], 'write').mockImplementation((chunk: string | Uint8Array) => {
      // In colours where the environment asks for them.
      said[stream] += stripVTControlCharacters(String(chunk));
      return true;
    }),
  );
  try {
    const argv = ['--config', configuration, '-P', join(folder, 'projects'), verb, '-f', file, ...more];
    const exit = await main(argv, { version: '1.0.0', configuration });
    return { ...said, exit };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const variables = 'global { project p; $x = 0; $y = 0; $z = 0 }\n';

const settings: readonly [argv: readonly string[], expected: string][] = [
  [['--set', 'x=1,y=2', '--set', 'z=3'], '1 2 3'],
  [['--set', 'x=a,b', '--set', 'y=c,$z=d,e'], 'a,b c d,e'],
  [['--set', 'x=a=b,', '--set=y='], 'a=b,  0'],
  [['--set', 'x=a,y=b c'], 'a b c 0'],
];

test.each(settings)('%j sets x, y and z to %s', async (argv, expected) => {
  const { stdout } = await run(variables, 'parse', '--resolved', '--json', ...argv);
  const [{ variables: set }] = (JSON.parse(stdout) as { items: [{ variables: Record<string, string> }] }).items;
  expect([set['x'], set['y'], set['z']].join(' ')).toBe(expected);
});

test.each([
  [['--set', 'x=1', '--set', 'x=2'], '--set gives x twice'],
  [['--set', 'x=1,x=2'], '--set gives x twice'],
  [['--set', 'x'], '--set takes name=value on one line, not "x"'],
])('%j is refused', async (argv, message) => {
  const { exit, stdout } = await run(variables, 'validate', '--json', ...argv);
  expect([exit, JSON.parse(stdout)]).toMatchObject([64, { kind: 'Errors', items: [{ code: 'MLN_USAGE', message }] }]);
});

test.each([
  [['--nonsense'], "unknown option '--nonsense'"],
  [['--set'], "option '--set <assignments>' argument missing"],
  [['too', 'many'], "too many arguments for 'validate'. Expected 0 arguments but got 2."],
])('with --json a usage error is one document: %j', async (argv, message) => {
  const { exit, stdout, stderr } = await run(variables, 'validate', '--json', ...argv);
  expect([exit, stderr, JSON.parse(stdout)]).toMatchObject([64, '', { kind: 'Errors', items: [{ message }] }]);
});

test('a problem of an included file says where it is included', async () => {
  writeFileSync(join(folder, 'more.txt'), '\nhost a { memory x }\n');
  const { stdout } = await run('global { project p }\n#include more.txt\n', 'validate', '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    items: [{ line: 2, column: 10, includedFrom: { file, line: 2, column: 1, includedFrom: null } }],
  });
});

const secret = `global { project p; $p = hello1
  beforeHostsStart { login $p } }
host a { users { joe hello3; joe hello4 }; root_password $p; startup { login $p; echo } }
`;

test('problems and texts are printed without secrets', async () => {
  const { stderr } = await run(secret, 'validate');
  expect(stderr).toContain('3 | host a { users { joe (secret); joe (secret) }; root_password (secret); startup');
  expect(stderr).not.toMatch(/hello/);
  const { stdout } = await run(secret, 'parse', '--resolved');
  expect(JSON.parse(stdout)).toMatchObject({
    items: [
      {
        variables: { p: '(secret)' },
        hosts: [{ text: { startup: ['login (secret); echo'] } }],
        text: { beforeHostsStart: ['login (secret)'] },
      },
    ],
  });
  expect((await run(secret, 'parse', '--resolved', '--show-secrets')).stdout).toContain('login hello1');
});

const hiding: readonly [written: string, shown: string][] = [
  ['users { joe hello /home/joe; ann }', 'users {\n    joe (secret) /home/joe\n    ann\n  }'],
  ['users { joe { hello /home/joe } }', 'users {\n    joe (secret) /home/joe\n  }'],
  ['users joe hello', 'users joe (secret)'],
  ['roots_password hello', 'roots_password (secret)'],
  ['root_password { hello }', 'root_password { }'],
  ['network eth0 { root_password hello }', 'network eth0 {\n    root_password (secret)\n  }'],
  ['unknown { root_password hello }', 'unknown {\n    root_password (secret)\n  }'],
  ['$p = hello; root_password $p', '$p = (secret)\n  root_password (secret)'],
  ['root_password hello; startup { echo hello }', 'root_password (secret)\n  startup {\n    echo (secret)\n  }'],
  ['$p = hello; root_password $p; motd "hello all"', '$p = (secret)\n  root_password (secret)\n  motd "(secret) all"'],
];

test.each(hiding)('%s is printed without its secret', async (written, shown) => {
  const { stdout } = await run(`global { project p }\nhost a { ${written} }\n`, 'parse');
  expect(stdout).toContain(`host a {\n  ${shown}\n}`);
  expect(stdout).not.toContain('hello');
});

test('beside a password nothing of a row is a secret', async () => {
  const text =
    'global { project p }\nhost a { users { joe hello1 /home/joe 1000 }; startup { chown 1000 /home/joe } }\n';
  const { stdout } = await run(text, 'parse', '--resolved');
  expect(JSON.parse(stdout)).toMatchObject({
    items: [
      {
        hosts: [
          { lists: { users: [['joe', '(secret)', '/home/joe', '1000']] }, text: { startup: ['chown 1000 /home/joe'] } },
        ],
      },
    ],
  });
});

test('of two spellings of a keyword in one block the last counts', async () => {
  const text = 'global { project p }\nhost a { root_password one; root_passwd two }\n';
  const { stdout } = await run(text, 'parse', '--resolved', '--show-secrets');
  expect(JSON.parse(stdout)).toMatchObject({ items: [{ hosts: [{ keywords: { root_password: 'two' } }] }] });
});

test('an option that only begins like --config is unknown', async () => {
  const { exit, stdout } = await run(variables, 'validate', '--json', '--configure');
  expect([exit, JSON.parse(stdout)]).toMatchObject([64, { items: [{ message: "unknown option '--configure'" }] }]);
});

test('a build with --json prints what was built, and never asks', async () => {
  const text = 'global { project built }\nswitch A { }\n';
  const first = await run(text, 'build', '--json');
  expect([first.exit, JSON.parse(first.stdout)]).toEqual([
    0,
    {
      apiVersion: 'mln/v1',
      kind: 'Build',
      warnings: [],
      notes: [],
      items: [{ name: 'built', hosts: [], switches: ['A'] }],
    },
  ]);
  const again = await run(text, 'build', '--json');
  expect([again.exit, JSON.parse(again.stdout)]).toMatchObject([1, { items: [{ code: 'MLN_NOT_CONFIRMED' }] }]);
  expect((await run(text, 'build', '--json', '-y')).exit).toBe(0);
});

test('a build refuses keywords that nobody knows, but not those of superclasses that nobody uses', async () => {
  const unused = 'global { project odd }\nsuperclass s { nonsense }\nswitch A { }\n';
  expect((await run(unused, 'build', '--json')).exit).toBe(0);
  const { exit, stdout } = await run(`${unused}switch B { nonsense }\n`, 'build', '--json', '-y');
  expect([exit, JSON.parse(stdout)]).toMatchObject([65, { items: [{ code: 'MLN_UNKNOWN_KEYWORD' }] }]);
  expect((JSON.parse(stdout) as { items: [{ message: string }] }).items[0].message).toMatch(/^1 keyword of odd/);
});

test.each(['validate', 'plan'])('%s tells what the scripts of all units lack', async (verb) => {
  const text = 'global { project p }\nswitch bad1 { }\nswitch good { }\nswitch bad2 { }\n';
  const { stdout } = await run(text, verb, '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    items: [{ message: 'bad1 is not supported' }, { message: 'bad2 is not supported' }],
  });
});

test.each([
  [['--set', 'x=1'], '--set changes what a project comes to'],
  [['--rehearse'], '--rehearse changes what a project comes to'],
  [['--resolved', '--format', 'yaml'], '--resolved prints JSON'],
])('parse takes %j with the tree or with what it comes to, not with both', async (more, message) => {
  const { exit, stderr } = await run('global { project p }\n', 'parse', ...more);
  expect(exit).toBe(64);
  expect(stderr).toContain(message);
});

test('a template for all hosts is for rehearsals', async () => {
  const text = 'global { project p }\nhost a { template none }\n';
  expect(await run(text, 'validate', '--template', 'tiny')).toMatchObject({
    exit: 64,
    stderr: expect.stringContaining('--template goes with --rehearse'),
  });
  const { stdout } = await run(text, 'parse', '--resolved', '--json', '--rehearse', '--template', 'tiny');
  expect(JSON.parse(stdout)).toMatchObject({ items: [{ hosts: [{ template: 'tiny' }] }] });
});

test.each([
  ['a', 'which keyword of a?'],
  ['a.', 'which keyword of a?'],
  ['b.memory', 'no host or switch that b.memory could belong to'],
])('why %s', async (path, message) => {
  const { exit, stderr } = await run('global { project p }\nhost a { memory 64M }\n', 'why', path);
  expect(exit).not.toBe(0);
  expect(stderr).toContain(message);
});
