import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import linux from '@mln/plugin-linux';
import { apiVersion } from '../src/api.js';
import { upgradeProject } from '../src/cli/verbs/upgrade.js';
import type { CommandContext, CommandOptions } from '../src/commands.js';
import { decide } from '../src/decide.js';
import * as core from '../src/index.js';
import { createMln, type Mln, type Plugin } from '../src/kernel.js';
import { operate } from '../src/operate.js';
import { claim, type Project } from '../src/project.js';
import { readProject, type ReadProject } from '../src/read-project.js';
import type { Shell } from '../src/shell.js';
import { readState, type State } from '../src/state.js';
import { usualTemplate } from '../src/testing/usual-template.js';
import { makeTextImage, openTextImage } from './text-filesystem.js';

/*
 * A machine for upgrades by the hundred: guests are configured by @mln/plugin-linux, disks are small files whose
 * filesystems are texts, scripts are made and kept, and what runs is a set of names.
 */

/** Bytes of every template. */
export const TEMPLATE = 32 * 1024;
const SECRET = 'fixed';

/** Names of units whose start script was run, and whose stop script was not. */
export type Running = Pick<Set<string>, 'has' | 'add' | 'delete' | 'clear'> & Iterable<string>;

export interface UpgradeWorld {
  readonly mln: Mln;
  readonly context: CommandContext;
  readonly up: Running;
  /** What was told to the user. */
  readonly said: string[];
  read(text: string): Promise<ReadProject>;
  build(read: ReadProject, previous?: Project | null): Promise<State>;
  upgrade(read: ReadProject, options?: CommandOptions): Promise<State>;
  start(hosts?: readonly string[]): Promise<void>;
  stop(): Promise<void>;
  readonly state: () => Promise<State>;
  /** Removes the project, whatever it is like. */
  clear(): void;
}

/** Templates and files that worlds share. */
export async function furnish(root: string): Promise<void> {
  for (const folder of ['templates', 'files/tree/sub', 'source']) mkdirSync(join(root, folder), { recursive: true });
  await makeTextImage(join(root, 'templates/tiny'), usualTemplate, TEMPLATE);
  const other = {
    ...usualTemplate,
    '/etc/passwd': `${usualTemplate['/etc/passwd'] ?? ''}jack:x:1000:1000::/home/jack:/bin/sh\n`,
    '/etc/group': `${usualTemplate['/etc/group'] ?? ''}jack:x:1000:\nstaff:x:50:\n`,
    '/etc/shadow': `${usualTemplate['/etc/shadow'] ?? ''}jack:!:19000:0:99999:7:::\n`,
    '/home/jack/': '',
    '/etc/modules': '# Modules\nloop\n',
    '/etc/modules-load.d/': '',
    '/etc/motd': '→../run/motd',
    '/run/motd': 'Other.\n',
    '/srv/www/index.html': 'theirs\n',
  };
  await makeTextImage(join(root, 'templates/other'), other, TEMPLATE);
  writeFileSync(join(root, 'files/page'), 'a page\n');
  writeFileSync(join(root, 'files/other'), 'another page\n');
  writeFileSync(join(root, 'files/tree/index.html'), 'index\n');
  writeFileSync(join(root, 'files/tree/sub/more'), 'more\n');
}

/** A world whose projects lie in a folder of their own below the root; further plug-ins come before all others. */
export async function upgradeWorld(
  root: string,
  name: string,
  { up = new Set(), plugins = [] }: { readonly up?: Running; readonly plugins?: readonly Plugin[] } = {},
): Promise<UpgradeWorld> {
  const folders = { projects: join(root, name), templates: join(root, 'templates'), files: join(root, 'files') };
  const said: string[] = [];
  const mln = await createMln({
    core,
    shell: shellOf(up),
    folders,
    configuration: { plugins: [], template: 'tiny', serviceHost: null, stopWait: 60, folders, origins: {} },
    plugins: [...plugins, machine(up), linux].map((plugin, index) => ({
      name: `plugin${index}`,
      version: '1.0.0',
      api: '^1.0.0',
      source: 'test',
      options: {},
      plugin,
    })),
  });
  const note = (text: string): void => {
    said.push(text);
  };
  const context: CommandContext = {
    mln,
    version: apiVersion,
    commands: [],
    terminal: { print: note, note, json: () => undefined, confirm: () => Promise.resolve(), report: () => undefined },
  };
  const state = async (): Promise<State> => {
    const found = await readState(folders.projects, 'p');
    if (!found) throw new Error('there is no project p');
    return found;
  };
  const quiet = (): void => undefined;
  return {
    mln,
    context,
    up,
    said,
    state,
    read: (text) => readProject(mln, join(root, 'source/project.mln'), { text }),
    async build({ project, source }, previous = null) {
      const decided = decide({ ...project, directory: join(folders.projects, 'p') }, previous, SECRET);
      noneFailed(await operate(mln, 'build', decided, { source }, quiet));
      return state();
    },
    async upgrade(read, options = {}) {
      const exit = await upgradeProject(context, read, options);
      if (exit !== 0) throw new Error(`the upgrade ended with ${exit}: ${said.join('\n')}`);
      return state();
    },
    async start(hosts) {
      noneFailed(await operate(mln, 'start', (await state()).project, hosts ? { hosts } : {}, quiet));
    },
    async stop() {
      noneFailed(await operate(mln, 'stop', (await state()).project, {}, quiet));
    },
    clear() {
      rmSync(folders.projects, { recursive: true, force: true });
      up.clear();
      said.length = 0;
    },
  };
}

function noneFailed({ failures }: { readonly failures: readonly unknown[] }): void {
  if (failures.length > 0) throw new Error(JSON.stringify(failures));
}

/** Runs what nobody else claims. */
function machine(up: Running): Plugin {
  return ({ hooks }) => {
    hooks.resolveUnit.tap('machine', (unit) => {
      const claimed = claim(unit, 'fake');
      if (claimed.kind === 'switch') return claimed;
      const disks = claimed.disks.map((disk, index) => ({ ...disk, device: `/dev/vd${'abcdef'.charAt(index)}` }));
      return { ...claimed, disks, console: 'tty0' };
    });
    hooks.filesystem.tap('machine', (path) => openTextImage(path));
    hooks.emitScripts.tap('machine', (unit, scripts) => {
      const said = JSON.stringify(
        { ...unit, place: null, lines: null },
        (key, value: unknown) => (key === 'place' || key === 'lines' ? undefined : value),
        1,
      );
      scripts.script('start', `#!/bin/sh\n# ${unit.name}\ncat <<'END'\n${said}\nEND\n`);
      scripts.script('stop', `#!/bin/sh\n# ${unit.name}\n`);
      if (unit.kind === 'switch') return;
      for (const { name, mac } of unit.interfaces) scripts.file(`card-${name}.cfg`, `${mac ?? ''}\n`);
      if (unit.term === 'screen') scripts.file('screenrc', 'deflog on\n');
    });
    hooks.monitor.tap('machine', (statuses, units) => {
      const rest = { ready: false, id: null, memory: null, cpu: null, network: null, detail: null };
      const ours = units.map(({ name }) => [name, { state: up.has(name) ? 'up' : 'down', ...rest }] as const);
      return new Map([...statuses, ...ours]);
    });
  };
}

/** Scripts of units start and stop; of programs there are those that the core runs. */
function shellOf(up: Running): Shell {
  return (program, args) => {
    const unit = basename(dirname(program));
    const done = Promise.resolve({ exitCode: 0, stdout: '', stderr: '' });
    if (program === 'sync' || program === 'chown') return done;
    if (program === 'cp') {
      const [from = '', to = ''] = args.slice(-2);
      copyFileSync(from, to);
      return done;
    }
    if (program === 'mkswap') {
      writeFileSync(args[0] ?? '', 'swap', { flag: 'r+' });
      return done;
    }
    if (!existsSync(program)) return Promise.reject(new Error(`there is no ${program}`));
    if (basename(program) === 'start') up.add(unit);
    else if (basename(program) === 'stop' && args[0] !== 'clean') up.delete(unit);
    else if (basename(program) !== 'stop' && basename(dirname(program)) !== 'hooks')
      return Promise.reject(new Error(`${program} is not to be run`));
    return done;
  };
}

/** What a project has come to: its state, its files and its guests. */
export interface Seen {
  readonly project: unknown;
  readonly templates: unknown;
  /** Texts of files by path; what a version or a history makes is left out. */
  readonly files: Readonly<Record<string, string>>;
  /** Disks by path, with their sizes and, of root disks, one line for all that is in them. */
  readonly disks: Readonly<Record<string, readonly (string | number)[]>>;
}

const UNSEEN = new Set(['state.json', 'journal.ndjson', '.history', '.kept']);

/** Looks at a built project. Numbers of accounts are told by their names. */
export async function look({ mln, state }: UpgradeWorld): Promise<Seen> {
  const { project, templates } = await state();
  const { directory } = project;
  const files: Record<string, string> = {};
  const disks: Record<string, readonly (string | number)[]> = {};
  const paths = new Map<string, string>(
    project.hosts.flatMap((host) => host.disks.map(({ role, path }) => [`${host.name}/${path}`, role] as const)),
  );
  const root = mln.folders.projects;
  for (const path of filesBelow(directory)) {
    const role = paths.get(path);
    const { size } = statSync(join(directory, path));
    if (role === 'root') disks[path] = [size, ...guestIn(join(directory, path))];
    else if (role !== undefined) disks[path] = [size, readFileSync(join(directory, path), 'utf8').slice(0, 4)];
    // What stood before in a guest's files may have other numbers, too.
    else if (basename(path) === 'guest') files[path] = '';
    else files[path] = readFileSync(join(directory, path), 'utf8').replaceAll(root, '');
  }
  return {
    project: JSON.parse(JSON.stringify(project).replaceAll(root, '')) as unknown,
    templates,
    files,
    disks,
  };
}

function filesBelow(folder: string, path = ''): string[] {
  return readdirSync(join(folder, path), { withFileTypes: true }).flatMap((entry) => {
    const each = join(path, entry.name);
    if (UNSEEN.has(each)) return [];
    return entry.isDirectory() ? [...filesBelow(folder, each)] : [each];
  });
}

function guestIn(path: string): (string | number)[] {
  const image = openTextImage(path);
  if (!image) throw new Error(`${path} is no image`);
  const named = (file: string): ReadonlyMap<string, string> =>
    new Map((image.text(file) ?? '').split('\n').map((line) => [line.split(':')[2] ?? '', line.split(':')[0] ?? '']));
  const [users, groups] = [named('/etc/passwd'), named('/etc/group')];
  const nameOf = (names: ReadonlyMap<string, string>, id = ''): string => names.get(id) ?? id;
  return [
    image.bytes,
    ...image.outline().map((line) =>
      line
        .replace(/^(\/etc\/(?:passwd|group)-? .*)$/, (text) =>
          text
            .split('\\n')
            .map((account) => {
              const fields = account.split(':');
              if (fields.length > 4) [fields[2], fields[3]] = [nameOf(users, fields[2]), nameOf(groups, fields[3])];
              else if (fields.length > 2) fields[2] = nameOf(groups, fields[2]);
              return fields.join(':');
            })
            .join('\\n'),
        )
        .replace(/^(\S+(?: [0-7]+)?) (\d+):(\d+)(?= |$)/, (_, head: string, user: string, group: string) =>
          [head, `${nameOf(users, user)}:${nameOf(groups, group)}`].join(' '),
        ),
    ),
  ];
}

/** All of a project's folder, down to inodes and times. */
export function touched({ mln }: UpgradeWorld): readonly string[] {
  const folder = join(mln.folders.projects, 'p');
  const walk = (path: string): string[] => {
    const { ino, mtimeMs, size } = statSync(path);
    const line = `${path} ${ino} ${mtimeMs} ${size}`;
    return statSync(path).isDirectory()
      ? [line, ...readdirSync(path).flatMap((name) => walk(join(path, name)))]
      : [line];
  };
  return walk(folder);
}
