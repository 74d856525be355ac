import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll } from '@jest/globals';
import { scratchFolder } from './scratch.js';

const root = join(import.meta.dirname, '../..');

/** What a command came to. */
export interface Ended {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as processes of their own, made of the sources; with a plug-in, and folders, for these tests alone. */
export interface CommandLine {
  readonly folder: string;
  readonly templates: string;
  readonly projects: string;
  start(args: readonly string[], environment?: NodeJS.ProcessEnv): ChildProcess;
  run(args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<Ended>;
  /** One process that runs command after command, as most of the time of a short one goes into its start. */
  open(environment?: NodeJS.ProcessEnv): (args: readonly string[]) => Promise<Ended>;
}

/** What is printed has no colours, wherever the tests run. */
const plain = { ...process.env, NO_COLOR: '1' };

/** Runs the commands that it is sent, and sends back what each came to. */
const following = `
  import { main } from './main.js';
  import { distribution } from './run.js';
  process.on('message', async (args) => {
    const said = { stdout: '', stderr: '' };
    const [out, err] = [process.stdout.write, process.stderr.write];
    process.stdout.write = (text) => ((said.stdout += text), true);
    process.stderr.write = (text) => ((said.stderr += text), true);
    const exit = await main(args, distribution);
    [process.stdout.write, process.stderr.write] = [out, err];
    process.send({ exit, ...said });
  });
`;

/** The plug-in is given as the text of a module. */
export function commandLine(plugin: string): CommandLine {
  const folder = scratchFolder();
  const [templates, projects] = [join(folder, 'templates'), join(folder, 'projects')];
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  mkdirSync(projects);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'plugin.js'), plugin);
  writeFileSync(join(folder, 'mln.config.json'), '{ "plugins": ["./plugin.js"] }');
  const configuration = JSON.stringify(join(folder, 'mln.config.json'));
  writeFileSync(
    join(folder, 'run.js'),
    `import { main } from './main.js';
     export const distribution = { version: '0', configuration: ${configuration} };
     if (process.send === undefined) process.exitCode = await main(process.argv.slice(2), distribution);`,
  );
  writeFileSync(join(folder, 'following.js'), following);
  const bundled = spawnSync(
    join(root, 'node_modules/.bin/esbuild'),
    [
      'core/src/cli/main.ts',
      '--bundle',
      '--packages=external',
      '--format=esm',
      '--platform=node',
      '--splitting',
      `--outdir=${folder}`,
    ],
    { cwd: root, encoding: 'utf8' },
  );
  if (bundled.status !== 0) throw new Error(bundled.stderr);

  const folders = ['-T', templates, '-P', projects, '--config', join(folder, 'mln.config.json')];
  const start: CommandLine['start'] = (args, environment = {}) => {
    const child = spawn(process.execPath, [join(folder, 'run.js'), ...folders, ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...plain, ...environment },
    });
    children.push(child);
    return child;
  };
  return {
    folder,
    templates,
    projects,
    start,
    async run(args, environment) {
      const child = start(args, environment);
      if (!child.stdout || !child.stderr) throw new Error('it has no output');
      const [exit, stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
      return { exit: exit[0] as number | null, stdout, stderr };
    },
    open(environment = {}) {
      const env = { ...plain, ...environment };
      const child = fork(join(folder, 'following.js'), { cwd: folder, env, execArgv: ['--no-warnings'] });
      children.push(child);
      return async (args) => {
        child.send([...folders, ...args]);
        return (await once(child, 'message'))[0] as Ended;
      };
    },
  };
}
