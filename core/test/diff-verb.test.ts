import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';
import { diff } from '../src/cli/verbs/diff.js';
import type { CommandOptions } from '../src/commands.js';
import { isMlnError } from '../src/errors.js';
import { fakeMln } from './fake-hypervisor.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mln-diff-')));
const [oldFile, newFile] = [join(folder, 'old.mln'), join(folder, 'new.mln')];

afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Said {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly json?: unknown;
  /** File, code and message of what is wrong. */
  readonly errors: readonly string[];
}

/** Runs `mln diff` on two texts. */
async function run(
  old: string,
  fresh: string,
  options: CommandOptions = {},
  files: readonly string[] = [oldFile, newFile],
): Promise<Said> {
  writeFileSync(oldFile, old);
  writeFileSync(newFile, fresh);
  const said = { stdout: '', stderr: '', json: undefined as unknown };
  const terminal = {
    print: (text: string) => (said.stdout += stripVTControlCharacters(text)),
    json: (value: unknown) => (said.json = value),
    note: (text: string) => (said.stderr += stripVTControlCharacters(text)),
    confirm: () => Promise.reject(new Error('nothing is asked')),
    report: () => undefined,
  };
  try {
    const exit = await diff({ mln: await fakeMln(folder), terminal, version: '1.0.0', commands: [] }, files, options);
    return { ...said, exit, errors: [] };
  } catch (error) {
    if (!isMlnError(error)) throw error;
    const errors = error.problems.map(({ place, code, message }) =>
      `${place?.file ?? '-'} ${code} ${message}`.replaceAll(`${folder}/`, ''),
    );
    return { ...said, exit: error.exit, errors };
  }
}

const small = 'global { project p; $size = 64M }\nhost a { memory $size }\n';
const large = small.replace('$size }', '128M }');

test('differences go to standard output, and are no failure', async () => {
  const expected = { exit: 0, stdout: '~ host a\n  ~ memory: 64M → 128M', stderr: '', errors: [] };
  expect(await run(small, large)).toMatchObject(expected);
});

test('where nothing differs, that is told on standard error', async () => {
  expect(await run(small, small)).toMatchObject({ exit: 0, stdout: '', stderr: 'no difference', errors: [] });
});

test('--set counts in both files', async () => {
  expect(await run(small, large, { set: 'size=128M' })).toMatchObject({ stdout: '', stderr: 'no difference' });
});

test('--json gives one document', async () => {
  const changes = [{ path: ['memory'], old: '64M', new: '128M', secret: false }];
  expect(await run(small, large, { json: true })).toMatchObject({
    exit: 0,
    stdout: '',
    json: {
      apiVersion: 'mln/v1',
      kind: 'Diff',
      warnings: [],
      items: [{ kind: 'host', name: 'a', was: null, change: 'changed', changes }],
    },
  });
  expect((await run(small, small, { json: true })).json).toMatchObject({ kind: 'Diff', items: [] });
});

test('errors of both files are told, each with its file', async () => {
  const bad = 'global { project p }\nhost a { memory x }\n';
  const { exit, errors } = await run(bad, 'host b { superclass s }\n');
  expect(exit).toBe(65);
  expect(errors).toEqual([
    'old.mln MLN_BAD_VALUE memory x: not a size',
    expect.stringMatching(/^(new\.mln|- MLN_NO_PROJECT_NAME new\.mln:)/),
    'new.mln MLN_NO_SUPERCLASS there is no superclass s',
  ]);
});

test('a problem at no line names its file', async () => {
  expect((await run(small, 'global { project p }\n', { set: 'size=1G' })).errors).toEqual([
    '- MLN_NO_VARIABLE new.mln: --set: the project has no variable $size',
  ]);
});

test('a variable whose secret another one takes the place of stays hidden', async () => {
  const text = (word: string): string =>
    `global { project p; $p = ${word} }\nsuperclass s { root_password $p }\nhost a { superclass s; root_password x }`;
  expect((await run(text('hello1'), text('bye1'))).stdout).toBe('~ project p\n  ~ $p: (secret), changed');
});

test('standard input can be one of the files', async () => {
  const { exit, errors } = await run(small, small, {}, ['-', '-']);
  expect([exit, errors]).toEqual([64, ['- MLN_USAGE standard input can be one of the two files, not both']]);
});

test('a file that is not there is named', async () => {
  const { exit, errors } = await run(small, small, {}, [oldFile, join(folder, 'gone.mln')]);
  expect(exit).toBe(65);
  expect(errors.join()).toContain('gone.mln');
});
