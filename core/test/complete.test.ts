import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { answerFor } from '../src/cli/complete-answer.js';
import { candidatesFor } from '../src/cli/complete-candidates.js';
import { splitLine } from '../src/cli/complete-words.js';
import { coreVerbs } from '../src/cli/verbs.js';
import { Exit } from '../src/codes.js';
import type { Command, Completes } from '../src/commands.js';
import { kernel } from './bare-kernel.js';
import { fakeMln } from './fake-hypervisor.js';
import { scratchFolder } from './scratch.js';

const folder = scratchFolder();

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function project(name: string, hosts: readonly string[]): void {
  const named = hosts.map((host) => ({ name: host }));
  const state = { schema: 1, project: { name, hosts: named, switches: [{ name: 'lan' }] } };
  write(`projects/${name}/state.json`, JSON.stringify(state));
}

project('lab', ['web', 'db', '$(touch x)', 'a b']);
project('other', ['web', 'mail']);
write('projects/damaged/state.json', '{');
write('projects/$(touch x)/state.json', '{}');

function template(name: string, version: string, message: string): void {
  write(`templates/${name}/${version}/manifest.json`, JSON.stringify({ name, version, size: 2 ** 20, message }));
}

template('tiny', '1.0', 'old');
template('tiny', '1.1', 'new\t\u001b[31m\nred');
template('$(touch x)', '1.0', 'bad');
write('templates/sly/1.0/manifest.json', JSON.stringify({ name: '`touch x`', version: '1.0', size: 1 }));

for (const name of ['a.mln', 'b.mln', 'notes', '.hidden', 'two words', '$(touch x)', 'line\nfeed', 'esc\u001b[0m'])
  write(`files/${name}`, '');
write('files/sub/c.yaml', '');
symlinkSync('sub', join(folder, 'files/link'));
symlinkSync('nowhere', join(folder, 'files/dangling'));

const folders = { projects: join(folder, 'projects'), templates: join(folder, 'templates'), files: folder };
const mln = await kernel([], { folders });

async function words(line: string, commands: readonly Command[] = coreVerbs): Promise<readonly string[]> {
  const { candidates } = await candidatesFor(commands, splitLine(line).slice(1), mln);
  return candidates.map(({ word }) => word);
}

test.each([
  ['mln start ', ['damaged', 'lab', 'other']],
  ['mln start "l', ['lab']],
  ['mln console ', ['web.lab', 'db.lab', 'web.other', 'mail.other']],
  ['mln console web.o', ['web.other']],
  ['mln console -p lab ', ['web', 'db']],
  ['mln console -p damaged ', []],
  ['mln console -p ../lab ', []],
  ['mln start -h ', ['web', 'db', 'mail']],
  ['mln start -p lab -h web,', ['web,db']],
  ['mln start lab -h web,db,', []],
  ['mln start lab --host=web,d', ['--host=web,db']],
  ['mln status -s ', ['lan']],
  ['mln template show t', ['tiny', 'tiny@1.1', 'tiny@1.0']],
  ['mln template show ', ['tiny', 'tiny@1.1', 'tiny@1.0']],
  ['mln start -t ', ['screen', 'xterm', 'none']],
  ['mln parse --format ', ['mln']],
  ['mln explain addr', ['address']],
  ['mln explain MLN_OPEN_B', ['MLN_OPEN_BLOCK']],
  ['mln doctor vers', ['version']],
  ['mln start -s 1', []],
])('%j is completed by names', async (line, expected) => {
  expect(await words(line)).toEqual(expected);
});

test.each([
  ['', ['a.mln', 'b.mln', 'link/', 'sub/']],
  ['n', ['notes']],
  ['.', ['.hidden']],
  ['sub/', ['sub/c.yaml']],
  ['nowhere/', []],
  ['$', []],
  ["'$", ['$(touch x)']],
])('files of %j', async (typed, expected) => {
  const at = `${folder}/files/`;
  const quote = typed.startsWith("'") ? "'" : '';
  const found = await words(`mln build -f ${quote}${at}${typed.slice(quote.length)}`);
  expect(found.map((path) => path.slice(at.length))).toEqual(expected);
});

test('what nobody can type, or no terminal shows, is not offered', async () => {
  const found = await words(`mln template add ${folder}/files/`);
  expect(found.map((path) => path.slice(folder.length + 7))).toEqual([
    ...['$(touch x)', 'a.mln', 'b.mln', 'dangling', 'notes', 'two words', 'link/', 'sub/'],
  ]);
});

test('a folder is wanted', async () => {
  expect(await words(`mln -P ${folder}/f`)).toEqual([`${folder}/files/`]);
  expect(await words(`mln -P ${folder}/files/`)).toEqual([`${folder}/files/link/`, `${folder}/files/sub/`]);
});

test('the hosts and keywords of the project file that the line names', async () => {
  write('described.mln', 'global {\n project p\n}\nhost one {\n memory $size\n}\nhost two {\n}\n');
  const line = (rest: string): string => `mln ${rest.replace('FILE', `-f ${folder}/described.mln --set size=64M`)}`;
  const known = await fakeMln(folder);
  const at = async (rest: string): Promise<readonly string[]> => {
    const { candidates } = await candidatesFor(coreVerbs, splitLine(line(rest)).slice(1), known);
    return candidates.map(({ word }) => word);
  };
  expect(await at('plan FILE ')).toEqual(['one', 'two']);
  expect(await at('why FILE ')).toEqual(['one.']);
  expect(await at('why FILE one.')).toEqual(['one.memory']);
  expect(await at('why -f - ')).toEqual([]);
  expect(await at('why -f /nowhere.mln ')).toEqual([]);
});

function verb(completes: Completes): Command {
  return { name: 'draw', summary: '', arguments: '<x>', completes: [completes], run: () => Promise.resolve(Exit.done) };
}

test('a plug-in names what completes its arguments', async () => {
  expect(await words('mln draw ', [verb(['one', 'a b', '$(touch x)', '!!', 'two'])])).toEqual(['one', 'two']);
  expect(await words('mln draw o', [verb(({ apiVersion }) => [`one-${apiVersion}`, 'x'])])).toEqual(['one-1.0.0']);
  expect(await words('mln draw ', [verb(() => Promise.reject(new Error('broken')))])).toEqual([]);
  expect(
    await words('mln draw ', [
      verb(() => {
        throw new Error('broken');
      }),
    ]),
  ).toEqual([]);
});

test('what each shell is told', () => {
  const candidates = [{ word: '--host=web', help: 'new\t\u001b[31m\nred' }, { word: '--host=db' }];
  const list = { kind: 'list', candidates } as const;
  expect(answerFor('fish', list)).toEqual(['--host=web\tnew [31m red', '--host=db']);
  expect(answerFor('zsh', list)).toEqual(['list', '--host=web\tnew [31m red', '--host=db\t']);
  expect(answerFor('bash', list)).toEqual(['nospace', '--host=web', '--host=db']);
  expect(answerFor('bash', list, 7)).toEqual(['nospace', 'web', 'db']);
  const files = { kind: 'files', candidates: [{ word: '~/x/a b' }, { word: '~/x/sub/' }] } as const;
  expect(answerFor('fish', files)).toEqual(['~/x/a b', '~/x/sub/']);
  expect(answerFor('zsh', files)).toEqual(['files', 'a b', 'sub/']);
  expect(answerFor('bash', files)).toEqual(['filenames', '~/x/a b', '~/x/sub']);
  expect(answerFor('zsh', { kind: 'files', candidates: [{ word: '--file=x' }] })).toEqual(['files', 'x']);
  expect(answerFor('zsh', { kind: 'words', candidates: [] })).toEqual([]);
});
