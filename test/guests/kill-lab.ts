import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { steps, type SteppedOperation } from '../../core/src/steps.js';
import { openLab, until, type Lab, type Result } from './support.js';

const hooks = ['ProjectStart', 'HostsStart', 'ProjectStop', 'HostsStop'];

/** A project p of one host a and one switch s, with every hook block there is: so each step is come to. */
export const project = (memory: string): string => `global {
  project p
${hooks.flatMap((hook) => [`  before${hook} { : }\n`, `  after${hook} { : }\n`]).join('')}}
host a {
  memory ${memory}
  network eth0 { switch s; address 10.0.0.1/24 }
}
switch s { }
`;

/**
 * A plug-in that kills the mln it is loaded into: at the step that KILL_AT names (`build disks`), or as soon as there is
 * a file whose path begins with KILL_WHEN. With KILL_ALL all processes of mln's group die with it, as when a terminal
 * is closed.
 */
const killer = `
import { existsSync, readdirSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
export const manifest = { name: 'killer', version: '1.0.0', api: '^1.0.0' };
export default function ({ hooks }) {
  const { KILL_AT, KILL_WHEN, KILL_ALL } = process.env;
  const kill = () => process.kill(KILL_ALL ? -process.pid : process.pid, 'SIGKILL');
  hooks.event.tap('killer', ({ operation, state, step }) => {
    if (state === 'step' && operation.name + ' ' + step === KILL_AT) kill();
  });
  const seen = () => {
    try {
      return readdirSync(dirname(KILL_WHEN)).some((name) => name.startsWith(basename(KILL_WHEN)));
    } catch {
      return false;
    }
  };
  if (!KILL_WHEN) return;
  // What is gone again before anyone looks is seen by a watch; a folder that is not there yet cannot be watched.
  if (existsSync(dirname(KILL_WHEN)))
    watch(dirname(KILL_WHEN), { persistent: false }, (_, name) => name?.startsWith(basename(KILL_WHEN)) && kill());
  else setInterval(() => seen() && kill(), 1).unref();
}
`;

/** When mln is killed, and whether its children are as well. */
export interface Kill {
  readonly at?: string;
  /** The beginning of a path below the projects folder. */
  readonly when?: string;
  readonly all?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Further arguments of the command that is killed. */
  readonly args?: readonly string[];
}

export function atSteps(operation: SteppedOperation): Kill[] {
  return steps[operation].map((step) => ({ at: `${operation} ${step}` }));
}

/** A lab whose mln can be killed at any step. */
export interface KillLab extends Lab {
  /** Runs mln until it is killed; fails where it is not. */
  killed(kill: Kill, ...args: readonly string[]): Promise<void>;
  /** All files and folders of the repositories and of the folder for temporary files, and the locks of projects. */
  files(): readonly string[];
  /** A project as it is: its state, and what is on its disks. Null where there is none. */
  content(project: string): string | null;
  /** Whether each unit of a project is up, down or unknown: its switches, then its hosts. */
  states(project: string): Promise<readonly string[]>;
  /** Waits until nothing runs: programs that mln had begun end by themselves. */
  quiet(): Promise<void>;
  /** Says what e2fsck finds wrong with a host's root disk, whatever it stands on. */
  fsck(project: string, host: string): Promise<string>;
}

export async function openKillLab(): Promise<KillLab> {
  const lab = await openLab();
  const installation = dirname(dirname(lab.program));
  writeFileSync(join(installation, 'killer.mjs'), killer);
  const { plugins } = JSON.parse(readFileSync(join(installation, 'mln.config.json'), 'utf8')) as { plugins: unknown[] };
  const configuration = join(installation, 'killed.config.json');
  writeFileSync(configuration, JSON.stringify({ plugins: [...plugins, './killer.mjs'] }));
  const temporary = join(dirname(lab.write('temporary/kept', '')));
  const env = { TMPDIR: temporary };
  const run = (...args: readonly string[]): Promise<Result> =>
    lab.run(process.execPath, [lab.program, ...args], { env });
  return {
    ...lab,
    mln: run,
    async ok(...args) {
      const { code, stdout, stderr } = await run(...args);
      if (code !== 0) throw new Error(`mln ${args.join(' ')} ended with ${code ?? 'a signal'}:\n${stdout}${stderr}`);
      return stdout;
    },
    async killed({ at = '', when, all = false, env: more = {} }, ...args) {
      const child = spawn(process.execPath, [lab.program, '--config', configuration, ...args], {
        ...lab.spawnOptions,
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: {
          ...lab.spawnOptions.env,
          ...env,
          ...more,
          KILL_AT: at,
          KILL_WHEN: when === undefined ? '' : join(lab.projects, when),
          KILL_ALL: all ? 'yes' : '',
        },
      });
      let said = '';
      child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
      // Children of mln may live on, and hold its stderr open.
      const signal = await new Promise((resolve) => {
        child.on('exit', (_, by) => {
          resolve(by);
        });
      });
      child.stderr.destroy();
      if (signal !== 'SIGKILL')
        throw new Error(`mln ${args.join(' ')} was not killed at ${at || (when ?? '')}:\n${said}`);
    },
    files: () =>
      [lab.projects, join(lab.folder, 'templates'), temporary]
        .flatMap((folder) => (existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []))
        // How often a project was built is no matter of how.
        .filter((path) => !path.endsWith('/console.log.1') && !path.includes('/.history'))
        // Each announcement has a name of its own.
        .map((path) => path.replace(/-[0-9a-f]{16}\.json$/, '-RANDOM.json'))
        .sort(),
    content(project) {
      const folder = join(lab.projects, project);
      if (!existsSync(join(folder, 'state.json'))) return null;
      const hash = createHash('sha256');
      for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort())
        if (/(^state\.json|\/root\.\w+)$/.test(path)) hash.update(path).update(readFileSync(join(folder, path)));
      return hash.digest('hex');
    },
    states: async (name) =>
      (await lab.mln('status', '-p', name)).stdout.split('\n').flatMap((line) => line.split(/\s+/)[3] ?? []),
    async quiet() {
      await until(() => lab.processes().length === 0, 'all processes to end');
    },
    async fsck(project, host) {
      let image = join(lab.projects, project, host, diskOf(join(lab.projects, project, host)));
      // A disk that stands on its template is joined with it first.
      if (readFileSync(image).subarray(0, 4).toString() === 'OOOM') {
        const joined = await lab.run('uml_moo', [image, join(temporary, 'joined')]);
        if (joined.code !== 0) return joined.stderr;
        image = join(temporary, 'joined');
      }
      const { code, stdout, stderr } = await lab.run('e2fsck', ['-fn', image]);
      rmSync(join(temporary, 'joined'), { force: true });
      return code === 0 ? '' : stdout + stderr;
    },
  };
}

function diskOf(folder: string): string {
  const disk = readdirSync(folder).find((name) => name.startsWith('root.'));
  if (disk === undefined) throw new Error(`there is no disk in ${folder}`);
  return disk;
}
