import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from '@jest/globals';
import * as core from '@mln/core';
import { coreVerbs, createMln, createTemplates, isMlnError, type CommandOptions, type Mln } from '@mln/core';
import archive from '@mln/plugin-archive';
import ext from '@mln/plugin-ext';
import linux from '@mln/plugin-linux';
import uml from '@mln/plugin-uml';
import { createCommands } from '../../../core/src/commands.js';
import { runShell } from '../../../core/src/shell.js';
import { usualTemplate } from '../../../core/src/testing/usual-template.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'mln-archive-')));
let made = 0;
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

export function scratch(): string {
  const path = join(root, String((made += 1)));
  mkdirSync(path);
  return path;
}

/** What a verb has said, and how it ended. */
export interface Ran {
  readonly exit: number;
  readonly code: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine with real disks, in a folder of its own. */
export interface Machine {
  readonly mln: Mln;
  readonly folder: string;
  readonly projects: string;
  /** Runs a verb; options by their long names. Whoever is asked says no. */
  run(verb: string, args?: readonly string[], options?: CommandOptions): Promise<Ran>;
  /** Runs a verb, and fails with what it says where it does not end well. */
  ok(verb: string, args?: readonly string[], options?: CommandOptions): Promise<Ran>;
}

export async function machine(
  folder = scratch(),
  plugins: Readonly<Record<string, core.Plugin>> = { archive, ext, linux },
): Promise<Machine> {
  const folders = {
    projects: join(folder, 'projects'),
    templates: join(folder, 'templates'),
    files: join(folder, 'files'),
  };
  const loaded = Object.entries({ ...plugins, uml }).map(([name, plugin]) => ({
    name: `@mln/plugin-${name}`,
    version: '1.0.0',
    api: '^1.0.0',
    source: 'test',
    options: name === 'uml' ? { default: true } : {},
    plugin,
  }));
  const make = (log: (text: string) => void): Promise<Mln> =>
    createMln({
      core,
      shell: runShell,
      log,
      folders,
      configuration: { plugins: [], template: 'tiny', serviceHost: null, stopWait: 60, folders, origins: {} },
      plugins: loaded,
    });
  // Each command has a kernel of its own, as a process has.
  const runs: Machine['run'] = async (verb, args = [], options = {}) =>
    run(await make(() => undefined), verb, args, options);
  return {
    mln: await make(() => undefined),
    folder,
    projects: folders.projects,
    run: runs,
    async ok(...call) {
      const ran = await runs(...call);
      if (ran.exit !== 0) throw new Error(`${call[0]}: ${ran.stderr}`);
      return ran;
    },
  };
}

async function run(mln: Mln, verb: string, args: readonly string[], options: CommandOptions): Promise<Ran> {
  const commands = createCommands();
  for (const each of coreVerbs) commands.add(each);
  mln.hooks.commands.call(commands);
  const said = { stdout: '', stderr: '' };
  const terminal: core.Terminal = {
    print: (text) => void (said.stdout += `${text}\n`),
    json: (value) => void (said.stdout += JSON.stringify(value)),
    note: (text) => void (said.stderr += `${text}\n`),
    confirm: (question) => Promise.reject(core.failure('MLN_NOT_CONFIRMED', question)),
    report: () => undefined,
  };
  const command = commands.all.find(({ name }) => name === verb);
  if (!command) throw new Error(`there is no verb ${verb}`);
  try {
    const exit = await command.run({ mln, terminal, version: '1.0.0', commands: commands.all }, args, options);
    return { exit, code: null, ...said };
  } catch (error) {
    if (!isMlnError(error)) throw error;
    for (const { message, hint } of error.problems) said.stderr += `${message}${hint ? ` (${hint})` : ''}\n`;
    return { exit: error.exit, code: error.code, ...said };
  }
}

const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };

/** Runs a program; gives what it prints. */
export function sh(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', env, stdio: 'pipe' });
}

/** Adds an ext4 image with the usual files of a small Debian to a machine's repository. */
export async function addTemplate(
  { mln }: Machine,
  name = 'tiny',
  motd = 'Welcome.\n',
  version = '1',
): Promise<string> {
  const folder = scratch();
  const tree = join(folder, 'tree');
  for (const [path, text] of Object.entries({ ...usualTemplate, '/etc/motd': motd })) {
    const file = join(tree, path);
    mkdirSync(path.endsWith('/') ? file : dirname(file), { recursive: true });
    if (text.startsWith('→')) symlinkSync(text.slice(1), file);
    else if (!path.endsWith('/')) writeFileSync(file, text);
  }
  chmodSync(join(tree, 'bin/busybox'), 0o755);
  const image = join(folder, 'image');
  writeFileSync(image, '');
  truncateSync(image, 4 * 1024 * 1024);
  sh('mke2fs', '-q', '-F', '-t', 'ext4', '-b', '4096', '-O', '^has_journal', '-E', 'root_owner=0:0', '-d', tree, image);
  return (await createTemplates(mln.folders.templates, mln.shell).add(image, { name, version })).sha256;
}

/** Writes a project of three hosts, one of which stands on its template, beside its files; builds it. */
export async function buildLab(home: Machine, more = ''): Promise<void> {
  const files = join(home.folder, 'lab');
  mkdirSync(join(files, 'www/deep'), { recursive: true });
  writeFileSync(join(files, 'www/index.html'), '<h1>web</h1>\n');
  writeFileSync(join(files, 'www/deep/data'), 'data\n', { mode: 0o640 });
  symlinkSync('index.html', join(files, 'www/home.html'));
  writeFileSync(join(files, 'one.conf'), 'one\n');
  writeFileSync(
    join(files, 'lab.mln'),
    `global { project lab }
superclass common { template tiny; root_password secret; cow_filesystem no }
host web {
  superclass common
  files { www /var/www }
  users { kari; ola }
  network eth0 { switch lan; address 10.0.0.1/24 }
}
host db {
  superclass common
  size 6M
  files { www /srv; one.conf /etc/one.conf 0600 }
  network eth0 { switch lan; address 10.0.0.2/24 }
}
host thin {
  template tiny
  network eth0 { switch lan; address 10.0.0.3/24 }
}
switch lan { }
${more}`,
  );
  await home.ok('build', [], { file: join(files, 'lab.mln') });
}

/** The disk of a host. */
export function diskOf({ projects }: Machine, host: string, project = 'lab'): string {
  return join(projects, project, host, 'root.img');
}

/** A host's disk as one image, whatever it stands on. */
export async function wholeDisk({ mln, projects }: Machine, host: string): Promise<string> {
  const { project } = await core.requireState(projects, 'lab');
  const its = project.hosts.find(({ name }) => name === host);
  const [disk] = its?.disks ?? [];
  const store = its && disk ? mln.hooks.disk.call(disk, its, project) : undefined;
  if (!store?.flatten) throw new Error(`${host} stands on nothing`);
  const image = join(scratch(), 'whole');
  await store.flatten(image);
  return image;
}

/** A file of a guest. */
export function readGuest(image: string, path: string): string {
  return sh('debugfs', '-R', `cat ${path}`, image);
}
