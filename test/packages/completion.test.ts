import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { scratchFolder } from '../../core/test/scratch.js';
import { typeInto, type Typist } from './typing.js';

/*
 * The completion of bash and zsh as somebody types on a terminal, and of fish by its own `complete -C`. What is typed is
 * never evaluated: where it were, a file `ran` would be made, or the variable x be set.
 */

const root = process.cwd();
const folder = scratchFolder();
const work = join(folder, 'work');
const env: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
  HOME: folder,
  ZDOTDIR: join(folder, 'zsh'),
  TERM: 'dumb',
  MLN_PROJECTS: join(folder, 'projects'),
  MLN_TEMPLATES: join(folder, 'templates'),
};

function write(path: string, text = ''): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function mln(...args: string[]): string {
  return execFileSync('mln', args, { cwd: work, env, encoding: 'utf8' });
}

function project(name: string, hosts: readonly string[]): void {
  const named = hosts.map((host) => ({ name: host }));
  write(`projects/${name}/state.json`, JSON.stringify({ schema: 1, project: { name, hosts: named, switches: [] } }));
}

/** Where a program is that may have been unpacked into a folder of its own: what is before /bin or /usr/bin. */
function prefixOf(program: string): string {
  const path = spawnSync('which', [program], { encoding: 'utf8' }).stdout.trim();
  return path.replace(/\/(?:usr\/)?bin\/[^/]*$/, '');
}

/** A zsh that was only unpacked is told where its modules and functions are. */
const zshHome = `
module_path=(${prefixOf('zsh')}/usr/lib/*/zsh/*(N/) $module_path)
fpath=(${prefixOf('zsh')}/usr/share/zsh/functions{,/**/*}(N/) $fpath)
`;

beforeAll(() => {
  mkdirSync(join(folder, 'bin'));
  symlinkSync(join(root, 'bin/mln.js'), join(folder, 'bin/mln'));
  project('lab', ['web', 'db']);
  project('other', ['mail']);
  project('$(touch ran)', ['x']);
  const manifest = { name: 'tiny', version: '1.0', size: 1, message: '$(touch ran) `touch ran` %F{red}' };
  write('templates/tiny/1.0/manifest.json', JSON.stringify(manifest));
  write('templates/sly/1.0/manifest.json', JSON.stringify({ name: '$(touch ran)', version: '1.0', size: 1 }));
  for (const name of ['a b.mln', '$(touch ran).mln', '`touch ran`.mln', "q'uote.mln", 'my dir/in side.mln'])
    write(`work/${name}`);
  for (const shell of ['bash', 'zsh', 'fish']) write(`scripts/mln.${shell}`, mln('completion', shell));
  write('zsh/.zshenv', zshHome);
  write('zsh/.zshrc', 'unsetopt beep\nautoload -Uz compinit && compinit -u -D\nsource ~/scripts/mln.zsh\n');
});

afterEach(() => {
  rmSync(join(work, 'ran'), { force: true });
});

/** What is typed, with a tab, and what the command is given when it is run then. */
const completed: [typed: string, args: readonly string[]][] = [
  ['mln star\t lab', ['start', 'lab']],
  ['mln start la\t', ['start', 'lab']],
  ['mln start "la\t', ['start', 'lab']],
  ["mln start 'la\t", ['start', 'lab']],
  ['mln template sh\t', ['template', 'show']],
  ['mln gra\t', ['graph']],
  ['mln graph --format=me\t', ['graph', '--format=mermaid']],
  ['mln template show tiny@\t', ['template', 'show', 'tiny@1.0']],
  ['mln start -p lab -h web,\t', ['start', '-p', 'lab', '-h', 'web,db']],
  ['mln start lab --host=web,d\t', ['start', 'lab', '--host=web,db']],
  ['mln console mail.\t', ['console', 'mail.other']],
  ['mln stop --proj\t lab', ['stop', '--project', 'lab']],
  ['mln build -f a\t', ['build', '-f', 'a b.mln']],
  ['mln build -f "a\t', ['build', '-f', 'a b.mln']],
  ['mln build --file=a\t', ['build', '--file=a b.mln']],
  ['mln build -f q\t', ['build', '-f', "q'uote.mln"]],
  ['mln build -f \\$\t', ['build', '-f', '$(touch ran).mln']],
  ["mln build -f '$\t", ['build', '-f', '$(touch ran).mln']],
  ['mln build -f \\`\t', ['build', '-f', '`touch ran`.mln']],
  ['mln build -f my\\ d\ti\t', ['build', '-f', 'my dir/in side.mln']],
];

/** What is typed, up to a tab, and taken away again. */
const evil = [
  'mln start $(touch ran) \t',
  'mln start `touch ran` \t',
  'mln start "$(touch ran)" \t',
  'mln -p "`touch ran`" start \t',
  'mln start ${x:=y} \t',
  'mln start <(touch ran) \t',
  'mln start >(touch ran) \t',
  'mln -P $(touch ran) start \t',
  'mln -P ${x:=y} start \t',
  'mln --config=$(touch ran) start \t',
  '$(touch ran)/mln start \t',
  'mln start \t',
  'mln template show \t',
  'mln build -f \t',
];

/** The same where the tab is in the word itself, which a shell may want to expand on its own. */
const within = [
  'mln start $(touch ran)\t',
  'mln start `touch ran`\t',
  'mln -p "$(touch ran)\t',
  'mln start ${x:=y}\t',
  'mln build -f ${x:=y}/\t',
  'mln build -f $(touch ran)/\t',
  'mln build --file=$(touch ran)/\t',
  'mln start <(touch ran)\t',
];

const show = `mln() { printf 'A<%s>' "$@"; echo; }`;

interface Shell {
  readonly name: string;
  readonly command: string;
  readonly setup: readonly string[];
}

const shells: readonly Shell[] = [
  {
    name: 'bash',
    command: 'bash --norc --noprofile -i',
    setup: [
      'source ~/scripts/mln.bash',
      ...['bell-style none', 'enable-bracketed-paste off', 'show-all-if-ambiguous on'].map(
        (setting) => `bind "set ${setting}"`,
      ),
      show,
    ],
  },
  { name: 'zsh', command: 'zsh -i', setup: ["bindkey '^I' complete-word", show] },
];

const has = (program: string): boolean => spawnSync('which', [program]).status === 0;
const missing = (...programs: string[]): string[] => programs.filter((program) => !has(program));
const title = (name: string, lacks: readonly string[]): string =>
  lacks.length === 0 ? name : `${name} (skipped: no ${lacks.join(', ')} here)`;

describe.each(shells)('$name', ({ name, command, setup }) => {
  const lacks = missing(name, 'script');
  const checked = lacks.length === 0 ? test : test.skip;
  let shell: Typist;

  /** What is shown until a line has run, and the shell waits for keys: a terminal that it has not taken over yet edits the line itself. */
  async function ended(): Promise<string> {
    const shown = await shell.until('done');
    await shell.until('waiting> ');
    return shown;
  }

  beforeAll(async () => {
    if (lacks.length > 0) return;
    shell = typeInto(command, work, env);
    for (const line of ["PS1='wai''ting> '", ...setup]) shell.type(`${line}\n`);
    shell.type(`echo 'do''ne'\n`);
    await ended();
  });
  afterAll(async () => {
    if (lacks.length === 0) await shell.close();
  });

  checked.each(completed)(title('%j is completed', lacks), async (typed, args) => {
    shell.type(`${typed}\necho 'do''ne'\n`);
    const shown = await ended();
    expect(shown).toContain(`${args.map((arg) => `A<${arg}>`).join('')}\r\n`);
    expect(existsSync(join(work, 'ran'))).toBe(false);
  });

  checked.each([...evil, ...within])(title('%j evaluates nothing', lacks), async (typed) => {
    // Ctrl-U takes the line away.
    shell.type(`${typed}\u0015echo "[\${x-unset}]" 'do''ne'\n`);
    expect(await ended()).toContain('[unset] done');
    expect(existsSync(join(work, 'ran'))).toBe(false);
  });
});

/** What bash is given when the completion function is called without a terminal. */
function called(line: string, word: string): string {
  const script =
    'source ~/scripts/mln.bash; COMP_LINE=$1; COMP_POINT=${#1}; _mln mln "$2"; printf "%s\\n" "${COMPREPLY[@]}"';
  return execFileSync('bash', ['--norc', '-c', script, 'bash', line, word], { cwd: work, env, encoding: 'utf8' });
}

test('the function of bash gives words', () => {
  expect(called('mln sta', 'sta')).toBe('start\nstatus\n');
  expect(called('mln start --host=we', 'we')).toBe('web\n');
  // Where COMP_WORDBREAKS has no = in it.
  expect(called('mln start --host=we', '--host=we')).toBe('--host=web\n');
});

const fish = missing('fish');
const inFish = fish.length === 0 ? test : test.skip;

function completedByFish(line: string): string[] {
  const script = 'source ~/scripts/mln.fish; complete -C $argv[1]';
  const found = execFileSync('fish', ['--no-config', '-c', script, line], { cwd: work, env, encoding: 'utf8' });
  return found.split('\n').filter(Boolean);
}

inFish.each([
  [
    'mln sta',
    ['start\tStarts projects: switches, then hosts in boot order.', 'status\tShows which hosts and switches run.'],
  ],
  ['mln start ', ['lab', 'other']],
  ['mln start -h web,', ['web,db\tlab', 'web,mail\tother']],
  ['mln build --file=a', ['--file=a b.mln']],
  ['mln build -f my\\ dir/', ['my dir/in side.mln']],
  ['mln build -f "my', ['my dir/']],
  ['mln console web.', ['web.lab']],
])(title('fish completes %j', fish), (line, expected) => {
  expect(completedByFish(line)).toEqual(expected);
});

inFish.each([...evil, ...within, 'mln start (touch ran) \t', 'mln start (touch ran)\t', 'mln -p "(touch ran)\t'])(
  title('fish evaluates nothing of %j', fish),
  (typed) => {
    completedByFish(typed.replace(/\t/g, ''));
    expect(existsSync(join(work, 'ran'))).toBe(false);
  },
);

describe.each([
  ['bash', 'bash', ['-n']],
  ['bash', 'shellcheck', ['--shell=bash']],
  ['zsh', 'zsh', ['-n']],
  ['fish', 'fish', ['-n']],
])('the script of %s', (shell, program, args) => {
  (has(program) ? test : test.skip)(title(`is what ${program} takes`, missing(program)), () => {
    const { status, stdout, stderr } = spawnSync(program, [...args, join(folder, `scripts/mln.${shell}`)], { env });
    expect([status, stdout.toString(), stderr.toString()]).toEqual([0, '', '']);
  });
});
