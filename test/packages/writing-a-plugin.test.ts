import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHooks } from '../../core/src/hooks.js';
import { openLab, resultOf, type Lab } from '../guests/support.js';

/*
 * docs/writing-a-plugin.md, from top to bottom: what it shows of a file of the examples stands there, other files are
 * written, and the commands are run by an ordinary user (or by root, where it says so) and print what it shows. A line
 * that is … stands for any lines, and a … in a line for anything.
 */

const root = process.cwd();
const page = readFileSync(join(root, 'docs/writing-a-plugin.md'), 'utf8');
const blocks = [...page.matchAll(/^```(\w+)(?: (\S+))?\n([^]*?)^```$/gm)].map(([, language = '', name, text = '']) => ({
  language,
  name,
  text,
  title: name ?? text.split('\n')[0] ?? '',
}));

let lab: Lab;
let [cwd, environment]: [string, Record<string, string>] = ['', {}];

beforeAll(async () => {
  lab = await openLab();
  cwd = lab.folder;
  cpSync(join(root, 'examples'), join(lab.folder, 'examples'), { recursive: true });
  mkdirSync(join(lab.folder, 'bin'));
  const program = join(lab.folder, 'bin/mln');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${lab.program}' "$@"\n`);
  chmodSync(program, 0o755);
  environment = { PATH: `${join(lab.folder, 'bin')}:${process.env['PATH'] ?? ''}`, NODE_OPTIONS: '', NO_COLOR: '1' };
});

afterAll(() => lab.close());

/** Whether lines are as shown. */
function matches(shown: readonly string[], lines: readonly string[]): boolean {
  const parts = shown.map((line) =>
    line.trim() === '…' ? '(?:.*\n)*' : `${line.split('…').map(escaped).join('.*')}[ ]*\n`,
  );
  return new RegExp(`^${parts.join('')}$`).test(lines.map((line) => `${line}\n`).join(''));
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ +/g, ' +');
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n+$/, '').split('\n');
}

/** The commands of a block, each with what it prints. A line that begins with > goes on. */
function commandsOf(text: string, prompt: '$' | '#'): { command: string; shown: string[] }[] {
  const found: { command: string; shown: string[] }[] = [];
  for (const line of linesOf(text)) {
    const last = found.at(-1);
    if (line.startsWith(`${prompt} `)) found.push({ command: line.slice(2), shown: [] });
    else if (line.startsWith('> ') && last) last.command += `\n${line.slice(2)}`;
    else last?.shown.push(line);
  }
  return found;
}

function expectShown(command: string, shown: readonly string[], printed: readonly string[]): void {
  if (!matches(shown, printed)) expect({ command, printed }).toEqual({ command, printed: shown });
}

async function runAsUser(text: string): Promise<void> {
  for (const { command, shown } of commandsOf(text, '$')) {
    const [, folder] = /^cd (\S+)$/.exec(command) ?? [];
    const [, variable, value = ''] = /^export (\w+)=(.*)$/.exec(command) ?? [];
    if (folder !== undefined) cwd = resolve(cwd, folder);
    else if (variable !== undefined) environment[variable] = value.replace('$PWD', cwd);
    else {
      const { stdout } = await lab.run('sh', ['-c', `exec 2>&1\n${command}`], { cwd, env: environment });
      expectShown(command, shown, linesOf(stdout));
    }
  }
}

/** As root, with an /etc that nobody else sees. */
async function runAsRoot(text: string): Promise<void> {
  const commands = commandsOf(text, '#');
  const script = commands.map(({ command }) => `${command}\necho "--- end of a command"`).join('\n');
  const etc = 'mount -t overlay overlay -o lowerdir=/etc,upperdir="$0/upper",workdir="$0/work" /etc';
  const inside = `mount -t tmpfs tmpfs "$0" && mkdir "$0/upper" "$0/work" && ${etc} && exec sh -c "$1"`;
  const folder = dirname(lab.folder);
  const mountPoint = join(folder, 'mount');
  mkdirSync(mountPoint);
  cpSync(join(root, 'examples'), join(folder, 'examples'), { recursive: true });
  const own = { MLN_PROJECTS: join(folder, 'projects'), MLN_TEMPLATES: join(folder, 'templates'), MLN_CONFIG: '' };
  const env = { ...lab.spawnOptions.env, ...environment, ...own };
  const { stdout, stderr } = await resultOf(
    spawn('unshare', ['-m', 'sh', '-c', inside, mountPoint, `exec 2>&1\n${script}`], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  expect(stderr).toBe('');
  const printed = stdout.split('--- end of a command\n');
  for (const [index, { command, shown }] of commands.entries())
    expectShown(command, shown, linesOf(printed[index] ?? ''));
}

const isRoot = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;

for (const { language, name, text, title } of blocks) {
  if (language === 'console' && name === 'root')
    (isRoot ? test : test.skip)(`${title}${isRoot ? '' : ' (skipped: only root has an /etc of its own)'}`, () =>
      runAsRoot(text),
    );
  else if (language === 'console') test(title, () => runAsUser(text));
  else if (name?.startsWith('examples/'))
    test(`${title} has these lines`, () => {
      expect(readFileSync(join(root, name), 'utf8')).toContain(text);
    });
  else
    test(`${title} is written`, () => {
      lab.write(name ?? '', text);
    });
}

test('everything that is shown has a name or is run', () => {
  expect(blocks.filter(({ language, name }) => language !== 'console' && name === undefined)).toEqual([]);
  expect(page.match(/^```/gm)).toHaveLength(2 * blocks.length);
});

test('the hooks of the original lead to hooks that there are', () => {
  const known = new Set([...Object.keys(createHooks()), 'doctor', 'print']);
  const table = page.slice(page.indexOf('| original | now |'));
  const rows = [...table.matchAll(/^\| (`.*`) \| (.*) \|$/gm)].map(([, original = '', now = '']) => ({
    original: [...original.matchAll(/`(\w+)`/g)].map(([, hook]) => hook),
    now: [...now.matchAll(/`(\w+)`/g)].map(([, hook = '']) => hook),
  }));
  // Those of MLN 1.0.8, and the one that was only printed.
  expect(rows.flatMap(({ original }) => original)).toHaveLength(26);
  expect(rows.flatMap(({ now }) => now).filter((hook) => !known.has(hook))).toEqual([]);
});

test('a page that shows something else would be found', () => {
  expect(matches(['a', '…', 'b … c'], ['a', 'x', 'y', 'b 1 2 c'])).toBe(true);
  expect(matches(['a', 'b'], ['a', 'c'])).toBe(false);
  expect(matches(['a'], ['a', 'b'])).toBe(false);
});
