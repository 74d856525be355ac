import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll } from '@jest/globals';
import { scratchFolder } from '../../../../core/test/scratch.js';

const root = join(import.meta.dirname, '../../../..');

/**
 * A hypervisor whose hosts are files: start makes HOST/up, stop takes it away. A host whose name begins with `slow` waits
 * for the file `go` in the projects folder at its start, and one with `bad` does not start.
 */
const hypervisor = `
import { existsSync } from 'node:fs';
export const manifest = { name: 'fake', version: '1.0.0', api: '^1.0.0' };
export default ({ hooks, core }) => {
  hooks.resolveUnit.tap('fake', (unit) => core.claim(unit, 'fake'));
  hooks.emitScripts.tap('fake', (unit, scripts) => {
    const head = '#!/bin/sh\\nset -e\\ncd "$(dirname "$0")"\\n';
    const slow = unit.name.startsWith('slow') ? ': >begun\\nwhile [ ! -e ../../go ]; do sleep 0.05; done\\n' : '';
    scripts.script('start', head + slow + (unit.name.startsWith('bad') ? 'echo it is bad >&2\\nexit 1\\n' : ': >up\\n'));
    scripts.script('stop', head + 'case $1 in\\nclean) rm -f half begun ;;\\n*) rm -f up ;;\\nesac\\n');
  });
  hooks.monitor.tapPromise('fake', async (statuses, units, project) => new Map([...statuses, ...units.map((unit) => {
    const up = existsSync(project.directory + '/' + unit.name + '/up');
    return [unit.name, { ...core.unknownStatus, state: up ? 'up' : 'down', ready: true }];
  })]));
};
`;

/** What a command came to. */
export interface Ended {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A daemon that runs as a process of its own, and what it has logged. */
export interface DaemonProcess {
  readonly child: ChildProcess;
  readonly lines: Record<string, unknown>[];
  /** Waits for a line of its log. */
  said(message: string): Promise<Readonly<Record<string, unknown>>>;
  ended: Promise<number | null>;
}

/** mln as processes of their own, made of the sources: with this plug-in and a hypervisor that needs no machine. */
export interface MlnProcess {
  readonly folder: string;
  readonly projects: string;
  readonly socket: string;
  /** What begins mln. */
  readonly command: readonly string[];
  run(args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<Ended>;
  daemon(environment?: NodeJS.ProcessEnv): Promise<DaemonProcess>;
  configure(options: Readonly<Record<string, unknown>>): void;
}

export function mlnProcess(options: Readonly<Record<string, unknown>> = {}): MlnProcess {
  const folder = scratchFolder();
  const projects = join(folder, 'projects');
  const socket = join(folder, 'daemon.sock');
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  mkdirSync(projects, { mode: 0o700 });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'fake.js'), hypervisor);
  bundle(folder);
  const configuration = join(folder, 'mln.config.json');
  const configure = (more: Readonly<Record<string, unknown>>): void => {
    const plugins = [
      './fake.js',
      ['./plugin', { socket, state: join(folder, 'state'), fleet: join(folder, 'fleet'), ...more }],
    ];
    writeFileSync(configuration, JSON.stringify({ plugins }));
  };
  mkdirSync(join(folder, 'plugin'));
  writeFileSync(
    join(folder, 'plugin/package.json'),
    JSON.stringify({
      name: '@mln/plugin-daemon',
      version: '1.0.0',
      type: 'module',
      exports: '../daemon.js',
      main: '../daemon.js',
      mln: { api: '^1.0.0' },
    }),
  );
  configure(options);
  writeFileSync(
    join(folder, 'run.js'),
    `import { runToEnd } from './main.js';
     await runToEnd(process.argv.slice(2), { version: '0', configuration: ${JSON.stringify(configuration)} });`,
  );
  const env = {
    ...process.env,
    NO_COLOR: '1',
    MLN_PROJECTS: projects,
    MLN_TEMPLATES: join(folder, 'templates'),
    MLN_CONFIG: configuration,
  };
  const command = [process.execPath, join(folder, 'run.js')];
  const begin = (args: readonly string[], environment: NodeJS.ProcessEnv): ChildProcess => {
    const [program = '', ...before] = command;
    const child = spawn(program, [...before, ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env, ...environment },
    });
    children.push(child);
    return child;
  };
  return {
    folder,
    projects,
    socket,
    command,
    configure,
    async run(args, environment = {}) {
      const child = begin(args, environment);
      if (!child.stdout || !child.stderr) throw new Error('it has no output');
      const [exit, stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
      return { exit: exit[0] as number | null, stdout, stderr };
    },
    async daemon(environment = {}) {
      const found = watchDaemon(begin(['daemon'], environment));
      await found.said('ready');
      return found;
    },
  };
}

function watchDaemon(child: ChildProcess): DaemonProcess {
  if (!child.stderr) throw new Error('it has no output');
  const lines: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  const other: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    try {
      lines.push(JSON.parse(line) as Record<string, unknown>);
    } catch {
      other.push(line);
    }
    for (const wake of waiting) wake();
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  let over = false;
  void ended.then(() => {
    over = true;
    for (const wake of waiting) wake();
  });
  return {
    child,
    lines,
    ended,
    async said(message) {
      for (;;) {
        const found = lines.find(({ msg }) => msg === message);
        if (found) return found;
        if (over)
          throw new Error(
            `the daemon has ended and did not say ${message}: ${other.join('\n')}${JSON.stringify(lines)}`,
          );
        await new Promise<void>((resolve) => {
          waiting.add(resolve);
        });
      }
    },
  };
}

function bundle(folder: string): void {
  const made = spawnSync(
    join(root, 'node_modules/.bin/esbuild'),
    [
      'main=core/src/cli/main.ts',
      'daemon=plugins/daemon/src/index.ts',
      '--bundle',
      '--packages=external',
      `--alias:@mln/core=${join(root, 'core/src/index.ts')}`,
      '--format=esm',
      '--platform=node',
      '--splitting',
      `--outdir=${folder}`,
    ],
    { cwd: root, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(made.stderr);
}
