import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { State } from '../src/state.js';
import { bundledCore } from './kill-run.js';
import { scratchFolder } from './scratch.js';
import { furnish } from './upgrade-world.js';

/*
 * A project that is upgraded in processes of their own, which kill themselves. All that can become of a host and of its
 * disks is in it: a, which runs, is edited where it is; b is made larger; c is removed; d is new; e is called f from now
 * on, and edited; g runs on. The disks of c, d and e are outside the project's folder, and so are all swap disks.
 */

export const versions = [
  `global { project p }
host a { users { jack; jill }; swap 8K; network eth0 { switch lan; address 10.0.0.1/24 } }
host b { swap 8K; network eth0 { switch old } }
host c { swap 8K; files { page /srv/page } }
host e { modules { loop } }
host g { startup { echo one }; network eth0 { switch lan } }
switch lan { }
switch old { }
`,
  `global { project p; afterHostsStart { true } }
host a { users { jack; bob }; files { tree /srv/tree }; swap 8K; network eth0 { switch lan; address 10.0.0.1/24 } }
host b { size 64K; swap 16K; network eth0 { switch new } }
host d { swap 8K; users { jill } }
host f { was e; modules { dummy } }
host g { startup { echo two }; network eth0 { switch lan } }
switch lan { }
switch new { }
`,
];

/** One command, and where it kills its process, or fails. */
export interface UpgradeTask {
  readonly verb: 'build' | 'start' | 'upgrade' | 'clean';
  /** At this one of the steps that it announces, counted from 1. */
  readonly killAtStep?: number;
  readonly failAtStep?: number;
  /** Before it changes files for the so-manieth time, counted from 1; what is written into a file is written by half. */
  readonly killAtChange?: number;
}

/** How a task went: what was said, the steps that were announced, and what was done to files. */
export interface UpgradeTold {
  readonly said: readonly string[];
  readonly steps: readonly string[];
  readonly changes: readonly string[];
}

const runner = `
import fs from 'node:fs';
import fsp from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { withProject } from './cli/guarded.js';
import { failure, isMlnError } from './errors.js';
import { isStaged } from './recover.js';
import { upgradeWorld } from '../test/upgrade-world.ts';

const { root, tasks, versions } = JSON.parse(process.argv[2]);
let [task] = tasks;
const { appendFileSync, writeFileSync, existsSync, renameSync, rmSync, truncateSync, copyFileSync } = fs;
let steps = [];
let changes = [];
const die = () => process.kill(process.pid, 'SIGKILL');

// Whatever changes files by a name is a moment at which a kill can come; the lock is tried elsewhere.
for (const [of, names] of [
  [fsp, ['rename', 'rm', 'unlink', 'truncate', 'link', 'symlink']],
  [fs, ['renameSync', 'rmSync', 'unlinkSync', 'truncateSync', 'linkSync', 'writeFileSync']],
])
  for (const name of names) {
    const act = of[name];
    of[name] = (...args) => {
      if (counting && !args.some((arg) => String(arg).includes('.lock.'))) {
        changes.push([name, ...args.filter((arg) => typeof arg === 'string' && arg.startsWith(root))].join(' ').replaceAll(root, ''));
        if (changes.length === task.killAtChange) {
          if (name === 'writeFileSync') act(args[0], args[1].slice(0, args[1].length / 2), ...args.slice(2));
          die();
        }
      }
      return act(...args);
    };
  }
syncBuiltinESMExports();
let counting = false;

const upFile = (name) => root + '/up/' + name;
const up = {
  has: (name) => existsSync(upFile(name)),
  add: (name) => writeFileSync(upFile(name), ''),
  delete: (name) => rmSync(upFile(name), { force: true }),
  clear: () => undefined,
};

/** Kills before any other tap is told; and disks outside the project's folder, as volumes are. */
const plugin = ({ hooks }) => {
  hooks.event.tap('killer', () => undefined);
  const call = ({ operation, state, step, unit }) => {
    if (state !== 'step') return;
    steps.push(operation.name + ' ' + step);
    if (steps.length === task.killAtStep) die();
    if (steps.length === task.failAtStep) throw failure('MLN_IO', step + ' fails');
  };
  hooks.event.intercept({ call });
  hooks.disk.tap('outside', (disk, host, project) => {
    if (disk.existing || (disk.role === 'root' && !['c', 'd', 'e', 'f'].includes(host.name))) return undefined;
    const own = root + '/outside/' + project.name + '.' + host.name + '.' + disk.path;
    const staged = own + '+new';
    const path = disk.kept === undefined ? (isStaged(project) ? staged : own) : own + '+kept.' + disk.kept;
    return {
      path,
      inside: false,
      exists: async () => existsSync(path),
      create: async (template, size) => {
        if (template === null) fs.writeFileSync(path, '', { flag: 'wx' });
        else copyFileSync(template, path, 1);
        fs.truncateSync(path, size);
      },
      place: async () => {
        if (disk.kept === undefined && existsSync(staged)) await fsp.rename(staged, own);
      },
      grow: async (size) => fs.truncateSync(path, size),
      remove: async () => fs.rmSync(path),
      take: async (from) => {
        if (!existsSync(path)) await fsp.rename(from, path);
      },
    };
  });
};

const world = await upgradeWorld(root, 'projects', { up, plugins: [plugin] });
for (task of tasks) {
  [steps, changes, world.said.length] = [[], [], 0];
  counting = true;
  try {
    if (task.verb === 'clean') await withProject(world.context, 'p', 'clean', () => Promise.resolve());
    else if (task.verb === 'build') await world.build(await world.read(versions[0]));
    else if (task.verb === 'upgrade') await world.upgrade(await world.read(versions[1]));
    else await withProject(world.context, 'p', 'start', () => world.start());
  } catch (error) {
    if (!isMlnError(error)) throw error;
    world.said.push(error.message);
  }
  counting = false;
  appendFileSync(root + '/told', JSON.stringify({ said: world.said, steps, changes }) + '\\n');
}
`;

/** A project in folders of its own. */
export interface UpgradeLab {
  readonly root: string;
  /** Carries tasks out in one process; gives what is told of each, or null where it has killed itself. */
  run<T extends readonly UpgradeTask[]>(...tasks: T): Promise<{ [K in keyof T]: UpgradeTold } | null>;
  /** The same once more, in other folders. */
  copy(): UpgradeLab;
}

/** A lab in which the first version is built, and hosts a and g run. */
export async function upgradeLab(): Promise<UpgradeLab> {
  const program = bundledCore(runner);
  const root = scratchFolder();
  for (const folder of ['outside', 'up']) mkdirSync(join(root, folder));
  await furnish(root);
  const lab = labIn(root, program);
  await lab.run({ verb: 'build' });
  for (const name of ['lan', 'old', 'a', 'g']) writeFileSync(join(root, 'up', name), '');
  return lab;
}

function labIn(root: string, program: string): UpgradeLab {
  return {
    root,
    async run<T extends readonly UpgradeTask[]>(...tasks: T) {
      writeFileSync(join(root, 'told'), '');
      if (await runProgram(program, JSON.stringify({ root, tasks, versions }))) return null;
      const lines = readFileSync(join(root, 'told'), 'utf8').trimEnd().split('\n');
      return lines.map((line) => JSON.parse(line) as UpgradeTold) as { [K in keyof T]: UpgradeTold };
    },
    copy() {
      const other = scratchFolder();
      cpSync(root, other, { recursive: true });
      return labIn(other, program);
    },
  };
}

/** Gives whether it was killed. */
function runProgram(program: string, argument: string): Promise<boolean> {
  const child = spawn(process.execPath, [program, argument], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (data: Buffer) => {
    text += data.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL' || code === 0) resolve(signal === 'SIGKILL');
      else reject(new Error(`${argument}: ${text}`));
    });
  });
}

/** All that there is of the project: what no two runs have alike is left out. */
export interface UpgradeSeen {
  readonly version: number;
  readonly pending: readonly string[];
  readonly kept: readonly string[];
  readonly project: unknown;
  /** Digests by path: of the project's folder, of disks outside it, and what else there is beside the project. */
  readonly files: Readonly<Record<string, string>>;
}

export function seenIn({ root }: UpgradeLab): UpgradeSeen {
  const { version, pending, kept, project } = JSON.parse(
    readFileSync(join(root, 'projects/p/state.json'), 'utf8'),
  ) as State;
  const files: Record<string, string> = {};
  const walk = (path: string): void => {
    if (statSync(join(root, path)).isDirectory())
      for (const name of readdirSync(join(root, path)).sort()) walk(`${path}/${name}`);
    else
      files[path] = /\/(state\.json|journal\.ndjson)$/.test(path)
        ? ''
        : digest(readFileSync(join(root, path), 'latin1'));
  };
  for (const folder of ['projects', 'outside']) walk(folder);
  return {
    version,
    pending,
    kept: kept.map(({ host, reason, version: of }) => `${host.name} ${of} ${reason}`),
    project: JSON.parse(homeless(JSON.stringify(project))) as unknown,
    files,
  };
}

export function upIn({ root }: UpgradeLab): readonly string[] {
  return existsSync(join(root, 'up')) ? readdirSync(join(root, 'up')).sort() : [];
}

function digest(text: string): string {
  return createHash('sha256').update(homeless(text)).digest('hex').slice(0, 12);
}

/** Whatever folder it was copied from. */
function homeless(text: string): string {
  return text.replaceAll(/\/mln-test-\w+/g, '');
}
