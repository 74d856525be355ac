import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk, Project } from '../src/project.js';
import { fakeHost, fakeProject, fakeSwitch } from './fake-project.js';
import { scratchFolder } from './scratch.js';

/*
 * The core in processes of its own, which can be killed at any step, with a hypervisor that runs files: a unit runs while
 * there is a file `up` in its folder. Host a keeps disks outside the project's folder: version 2 calls one of them
 * otherwise, and both hold the version; the first can be resized, and says how large its filesystem is. That of host b
 * stands on an image.
 */

/** One command: what it is, and the steps (`build disks`) at which it kills its process, or fails. */
export interface Task {
  readonly verb:
    | 'build 1'
    | 'build 2'
    | 'start'
    | 'stop'
    | 'save'
    | 'destroy'
    | 'remove'
    | 'clean'
    | 'flatten'
    | 'resize'
    | 'template add';
  readonly killAt?: readonly string[];
  readonly failAt?: readonly string[];
}

/** How tasks went: what was said in each that was begun (an error comes last), and whether the last one was killed. */
export interface Ran {
  readonly said: readonly (readonly string[])[];
  readonly killed: boolean;
}

/** Gives the core and what runs tasks with it as one program: each kill needs a new process, and that is to begin soon. */
export function bundledCore(text = runner): string {
  const program = join(scratchFolder(), 'run.mjs');
  const root = join(import.meta.dirname, '../..');
  const banner = "import { createRequire as ofModule } from 'node:module'; const require = ofModule(import.meta.url);";
  const options = [
    '--bundle',
    '--platform=node',
    '--format=esm',
    '--loader=ts',
    '--external:cosmiconfig',
    '--alias:@mln/core=./index.ts',
    '--alias:@mln/plugin-linux=../../plugins/linux/src/index.ts',
    `--banner:js=${banner}`,
  ];
  execFileSync(join(root, 'node_modules/.bin/esbuild'), [...options, '--log-level=error', `--outfile=${program}`], {
    cwd: join(root, 'core/src'),
    input: text,
  });
  return program;
}

const runner = `
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { templateAnnouncer } from './announce.js';
import { withProject } from './cli/guarded.js';
import { flatten } from './flatten.js';
import { failure, isMlnError } from './errors.js';
import * as core from './index.js';
import { createMln } from './kernel.js';
import { operate } from './operate.js';
import { unitsOf } from './project.js';
import { isStaged } from './recover.js';
import { resize } from './resize.js';
import { cleanUnits } from './settle.js';
import { runShell } from './shell.js';
import { readState, writeState } from './state.js';
import { tidyTemplates } from './template-tidy.js';
import { createTemplates } from './templates.js';

const { root, tasks, versions } = JSON.parse(process.argv[2]);
const folders = { projects: root + '/projects', templates: root + '/templates', files: root };
let killAt = [];
let failAt = [];

const plugin = ({ hooks }) => {
  hooks.event.tap('killer', () => undefined);
  // Before any tap: what a tap throws here ends nothing.
  const call = ({ operation, state, step }) => {
    if (state === 'step' && killAt.includes(operation.name + ' ' + step)) process.kill(process.pid, 'SIGKILL');
    if (state === 'step' && failAt.includes(operation.name + ' ' + step)) throw failure('MLN_IO', step + ' fails');
  };
  hooks.event.intercept({ call });
  hooks.disk.tap('fake', (disk, host, project) => disk.store === 'over' ? {
    path: project.directory + '/b/disk',
    inside: true,
    exists: async () => existsSync(project.directory + '/b/disk'),
    grow: async () => {},
    remove: async () => rmSync(project.directory + '/b/disk'),
    create: async () => {
      mkdirSync(project.directory + '/images', { recursive: true });
      writeFileSync(project.directory + '/images/base', '');
      writeFileSync(project.directory + '/b/disk', 'over');
    },
    flatten: async (to) => writeFileSync(to, 'whole'),
  } : disk.store === 'outside' ? outside(root + '/outside/' + disk.path, project) : undefined);
  const outside = (own, project) => {
    const path = isStaged(project) ? own + '+new' : own;
    return {
      path,
      inside: false,
      exists: async () => existsSync(path),
      create: async () => writeFileSync(path, project.variables.version, { flag: 'wx' }),
      place: async () => existsSync(own + '+new') && renameSync(own + '+new', own),
      grow: async (size) => truncateSync(path, size),
      remove: async () => rmSync(path),
    };
  };
  const never = async () => { throw new Error('nobody asks for this'); };
  hooks.filesystem.tapPromise('fake', async (path) => ({
    ...{ list: never, read: never, readLink: never, apply: never, minimumSize: never },
    check: async () => {},
    grow: async () => {
      const { size } = statSync(path);
      writeFileSync(path, readFileSync(path, 'utf8').split(/[ \\0]/)[0] + ' of ' + size);
      truncateSync(path, size);
    },
  }));
  hooks.emitScripts.tap('fake', (unit, scripts) => {
    const head = '#!/bin/sh\\nset -e\\ncd "$(dirname "$0")"\\n';
    scripts.script('start', head + 'rm -f saved\\n: >up\\n');
    scripts.script('stop', head + 'case $1 in\\nclean) [ ! -e half ] || { rm half; echo ' + unit.name + ': half is taken away; } ;;\\nsave) mv up saved ;;\\n*) rm -f up ;;\\nesac\\n');
  });
  hooks.monitor.tapPromise('fake', async (statuses, units, project) => new Map(units.map((unit) => {
    const [state, saved] = ['up', 'saved'].map((file) => existsSync(project.directory + '/' + unit.name + '/' + file));
    const rest = { ready: true, id: null, memory: null, cpu: null, network: null, detail: null };
    return [unit.name, { state: state ? 'up' : 'down', ...rest, ...(saved && !state ? { saved } : {}) }];
  })));
};

const mln = await createMln({
  core,
  // Nothing of it is to outlive a power cut: the whole filesystem need not be written out for each build.
  shell: (name, ...rest) => name === 'sync' ? { exitCode: 0, stdout: '', stderr: '' } : runShell(name, ...rest),
  folders,
  configuration: { plugins: [], template: 'tiny', serviceHost: null, stopWait: 1, folders, origins: {} },
  plugins: [{ name: 'fake', version: '1.0.0', api: '^1.0.0', source: 'fake', options: {}, plugin }],
});

for (const task of tasks) {
  const [verb, version] = task.verb.split(' ');
  killAt = task.killAt ?? [];
  failAt = task.failAt ?? [];
  const notes = [];
  const note = (text) => notes.push(text);
  const tell = ({ unit, state, text }) => unit === null && state === 'note' && note(text);
  if (verb === 'clean') await tidyTemplates(folders.templates, note);
  if (verb === 'template')
    await createTemplates(folders.templates, runShell, note).add(root + '/image', { announce: templateAnnouncer(mln) });
  else await withProject({ mln, terminal: { note } }, 'p', verb, async () => {
    const state = await readState(folders.projects, 'p');
    const project = version ? versions[version - 1] : state?.project;
    const up = state && unitsOf(state.project).some(({ name }) => existsSync(state.project.directory + '/' + name + '/up'));
    if (!project || ((verb === 'build' || verb === 'remove') && up)) return;
    if (verb === 'clean') notes.push(...(await cleanUnits(mln, project, unitsOf(project))));
    else if (verb === 'flatten') {
      // A disk that stands on an image takes an image and its filesystem to build; here it is only said to.
      if (readFileSync(project.directory + '/b/disk', 'utf8') === 'over') {
        const [a, b] = project.hosts;
        const standing = { ...b, disks: b.disks.map((disk) => ({ ...disk, standsOn: 'images/base' })) };
        await writeState(project.directory, { ...state, project: { ...project, hosts: [a, standing] } });
      }
      await flatten(mln, await readState(folders.projects, 'p'), 'b');
    }
    else if (verb === 'resize') {
      // A root disk takes a template to build; here a disk is only said to be one.
      const [a, b] = project.hosts;
      const rooted = { ...a, disks: a.disks.map((disk) => (disk.path === 'a' ? { ...disk, role: 'root' } : disk)) };
      await writeState(project.directory, { ...state, project: { ...project, hosts: [rooted, b] } });
      await resize(mln, await readState(folders.projects, 'p'), 'a', '8K');
    }
    else if (verb === 'save') await operate(mln, 'stop', project, { save: true }, () => {});
    else if (verb === 'destroy') await operate(mln, 'stop', project, { wait: 0 }, () => {});
    else await operate(mln, verb, project, { source: 'source' }, tell);
  }).catch((error) => {
    if (!isMlnError(error)) throw error;
    notes.push(error.message);
  });
  appendFileSync(root + '/said', JSON.stringify(notes) + '\\n');
}
`;

/** Folders of a project that is built, run and killed in processes of their own. */
export interface KillRun {
  readonly root: string;
  /** Carries tasks out in one process, until it is killed. */
  run(...tasks: readonly Task[]): Ran;
}

export function killRun(program: string): KillRun {
  const root = scratchFolder();
  mkdirSync(join(root, 'outside'));
  writeFileSync(join(root, 'image'), 'an image');
  const versions = [1, 2].map((version) => projectOf(version, join(root, 'projects/p')));
  return {
    root,
    run(...tasks) {
      writeFileSync(join(root, 'said'), '');
      const argument = JSON.stringify({ root, tasks, versions });
      const { signal, status, stderr } = spawnSync(process.execPath, [program, argument], { encoding: 'utf8' });
      if (signal !== 'SIGKILL' && status !== 0) throw new Error(stderr);
      const lines = readFileSync(join(root, 'said'), 'utf8').split('\n').slice(0, -1);
      return { said: lines.map((line) => JSON.parse(line) as string[]), killed: signal === 'SIGKILL' };
    },
  };
}

function projectOf(version: number, directory: string): Project {
  const disk = (store: string, path: string): Disk => ({
    role: 'mount',
    store,
    path,
    existing: false,
    size: null,
    freeSpace: null,
    device: null,
    mount: null,
  });
  const hooks = ['ProjectStart', 'HostsStart', 'ProjectStop', 'HostsStop'] as const;
  return fakeProject({
    name: 'p',
    directory,
    hookBlocks: Object.fromEntries(
      hooks.flatMap((hook) => [
        [`before${hook}`, ':'],
        [`after${hook}`, ':'],
      ]),
    ),
    hosts: [
      fakeHost('a', { disks: [disk('outside', 'a'), disk('outside', `a-${version}`)], bootOrder: 1 }),
      fakeHost('b', { disks: [disk('over', 'disk')], bootOrder: 2 }),
    ],
    switches: [fakeSwitch('s')],
    variables: { version: String(version) },
  });
}
