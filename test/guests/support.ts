import { execFileSync, spawn, spawnSync, type ChildProcessByStdio, type SpawnOptions } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import type { Readable } from 'node:stream';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { install } from './installation.js';

/** Who runs mln and its guests in these tests: never root. */
interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** mln as it is installed, run by an ordinary user in folders of its own. */
export interface Lab {
  readonly folder: string;
  readonly projects: string;
  /** The installed mln, and how to run it as that user. */
  readonly program: string;
  readonly spawnOptions: SpawnOptions;
  /** Runs mln to its end. */
  mln(...args: readonly string[]): Promise<Result>;
  /** Runs mln, and fails unless it ends with 0. Gives what it printed. */
  ok(...args: readonly string[]): Promise<string>;
  /** Runs any program as the same user. */
  run(
    program: string,
    args: readonly string[],
    options?: { cwd?: string; env?: Record<string, string> },
  ): Promise<Result>;
  /** Writes a file beside the projects; gives its path. */
  write(name: string, text: string): string;
  /** A stopped host's disk as one image, joined with what it stands on by the program of uml-utilities. Gives its path. */
  whole(project: string, host: string): Promise<string>;
  /** What a host has written on its console. */
  console(project: string, host: string): string;
  /** Waits until a host's console shows a prompt, and nothing behind it: what is typed earlier may be thrown away. */
  prompted(project: string, host: string, prompt: string): Promise<void>;
  /** Types a line on a host's console, and gives what came until the line was done. */
  type(project: string, host: string, command: string): Promise<string>;
  /** The processes that this lab has left running, as their command lines. */
  processes(): readonly string[];
  /** Ends what still runs, by its pid, and removes the folder. */
  close(): Promise<void>;
}

/** Makes a lab with the tiny template in it. */
export async function openLab(): Promise<Lab> {
  const user = ordinaryUser();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mln-lab-')));
  chmodSync(folder, 0o755);
  const installation = install(join(folder, 'installation'));
  const home = join(folder, 'home');
  const projects = join(home, 'projects');
  mkdirSync(home);
  chownSync(home, user.uid, user.gid);
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    LANG: 'C.UTF-8',
    LD_LIBRARY_PATH: process.env['LD_LIBRARY_PATH'] ?? '',
    MLN_PROJECTS: projects,
    MLN_TEMPLATES: join(home, 'templates'),
  };

  const spawnOptions = { cwd: home, env: environment, uid: user.uid, gid: user.gid };
  const program = join(installation, 'bin/mln.js');

  const run: Lab['run'] = (command, args, { cwd = home, env = {} } = {}) =>
    resultOf(
      spawn(command, args, {
        ...spawnOptions,
        cwd,
        env: { ...environment, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );

  const lab: Lab = {
    folder: home,
    projects,
    program,
    spawnOptions,
    run,
    mln: (...args) => run(process.execPath, [program, ...args]),
    async ok(...args) {
      const { code, stdout, stderr } = await lab.mln(...args);
      if (code !== 0) throw new Error(`mln ${args.join(' ')} ended with ${code ?? 'a signal'}:\n${stdout}${stderr}`);
      return stdout;
    },
    write(name, text) {
      const path = join(home, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      for (let each = path; each !== home; each = dirname(each)) chownSync(each, user.uid, user.gid);
      return path;
    },
    async whole(project, host) {
      const disk = join(projects, project, host, 'root.img');
      if (readFileSync(disk).subarray(0, 4).toString() !== 'OOOM') return disk;
      const whole = join(home, `${host}.${project}.whole`);
      rmSync(whole, { force: true });
      const { code, stderr } = await run('uml_moo', [disk, whole], { cwd: dirname(disk) });
      if (code !== 0) throw new Error(`uml_moo ${disk}: ${stderr}`);
      return whole;
    },
    console: (project, host) => consoleIn(join(projects, project, host)),
    prompted: (project, host, prompt) => promptedIn(join(projects, project, host), prompt),
    type: (project, host, command) => typeIn(join(projects, project, host), command),
    processes: () => processesIn(home).map(({ command }) => command),
    close() {
      for (const { pid } of processesIn(home)) process.kill(pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
  await lab.ok('template', 'build', 'tiny');
  return lab;
}

/** What a host has written on its console; given is its folder. */
export function consoleIn(place: string): string {
  return readFileSync(join(place, 'console.log'), 'utf8').replaceAll('\r', '');
}

/** Waits until a host's console shows a prompt, and nothing behind it. */
async function promptedIn(place: string, prompt: string): Promise<void> {
  // The shell asks the terminal for the cursor's place.
  const end = new RegExp(`${prompt}(?:\\u001b\\[6n)?$`);
  await until(() => end.test(consoleIn(place)), `${place} to prompt with ${prompt}`);
}

/** Types a line on a host's console, and gives what came until the line was done; given is its folder. */
export async function typeIn(place: string, command: string): Promise<string> {
  await promptedIn(place, '[#$] ');
  const before = consoleIn(place).length;
  const mark = `done-${before}`;
  // The mark is put together by the guest's shell: the echo of what was typed is not it.
  writeFileSync(join(place, 'console.in'), `${command}; echo ${mark.replace('-', '""-')}\n`, { flag: 'a' });
  return until(() => {
    const shown = consoleIn(place).slice(before);
    const at = shown.indexOf(mark);
    return at < 0 ? null : shown.slice(shown.indexOf('\n') + 1, at);
  }, `${place} to answer ${command}`);
}

/** What a program printed, and its exit code, when it has ended. */
export function resultOf(child: ChildProcessByStdio<null, Readable, Readable>): Promise<Result> {
  return new Promise((resolve, reject) => {
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

/** Waits until a look gives something, at most a minute. */
export async function until<T>(look: () => T | null | undefined | false, what: string, seconds = 60): Promise<T> {
  for (let tries = 0; tries < seconds * 20; tries += 1) {
    const found = look();
    if (found !== null && found !== undefined && found !== false) return found;
    await pause(50);
  }
  throw new Error(`waited ${seconds} s in vain for ${what}`);
}

/** The calling user; root makes one that is not root. */
export function ordinaryUser(): User {
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { name: '', uid, gid: process.getgid?.() ?? uid };
  const name = 'mln-test';
  const look = (): User | null => {
    const [, , id, group] = /^mln-test:([^:]*):(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
    return id === undefined ? null : { name, uid: Number(id), gid: Number(group) };
  };
  // Two files of tests may begin at once.
  const add = `id ${name} >/dev/null 2>&1 || useradd --no-create-home --shell /bin/sh ${name}`;
  if (!look()) execFileSync('flock', [tmpdir(), 'sh', '-c', add]);
  const user = look();
  if (!user) throw new Error(`useradd made no user ${name}`);
  giveSubordinateIds(name);
  return user;
}

/** Where useradd has not: behind those of all others. */
function giveSubordinateIds(name: string): void {
  const taken = ['/etc/subuid', '/etc/subgid'].flatMap((path) =>
    existsSync(path)
      ? readFileSync(path, 'utf8')
          .split('\n')
          .map((line) => line.split(':'))
      : [],
  );
  if (taken.filter(([owner]) => owner === name).length > 1) return;
  const first = Math.max(100_000, ...taken.map(([, start, count]) => Number(start ?? 0) + Number(count ?? 0)));
  const range = `${first}-${first + 65_535}`;
  execFileSync('usermod', ['--add-subuids', range, '--add-subgids', range, name]);
}

/** Why the ordinary user cannot be root of a namespace with many users; null where it can. */
export function noSubordinateIds(): string | null {
  const { uid, gid } = ordinaryUser();
  const options = { uid, gid, encoding: 'utf8' } as const;
  const { status, stderr, error } = spawnSync('unshare', ['--map-root-user', '--map-auto', '--mount', 'true'], options);
  return status === 0 ? null : (error?.message ?? stderr.trim());
}

/** Processes that work in a folder or below. */
export function processesIn(folder: string): { pid: number; command: string }[] {
  const listed = execFileSync(
    'sh',
    ['-c', 'for each in /proc/[0-9]*; do echo "${each#/proc/} $(readlink "$each/cwd")"; done 2>/dev/null; true'],
    { encoding: 'utf8' },
  );
  return listed.split('\n').flatMap((line) => {
    const [pid = '', cwd = ''] = line.split(' ');
    if (cwd !== folder && !cwd.startsWith(`${folder}/`)) return [];
    try {
      return [{ pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() }];
    } catch {
      return [];
    }
  });
}
