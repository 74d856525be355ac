import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { transformFileSync } from '@swc/core';
import { isLocked, startTime, takeLock } from '../src/lock.js';
import { scratchFolder } from './scratch.js';

/** The lock's sources as Node reads them, so that other processes can take it. */
const code = scratchFolder();
const children: ChildProcess[] = [];

beforeAll(() => {
  writeFileSync(join(code, 'package.json'), '{ "type": "module" }');
  for (const name of ['lock', 'files', 'names', 'errors', 'codes', 'limits']) {
    const source = join(import.meta.dirname, `../src/${name}.ts`);
    const options = { swcrc: false, jsc: { target: 'es2022', parser: { syntax: 'typescript' } } } as const;
    writeFileSync(join(code, `${name}.js`), transformFileSync(source, options).code);
  }
});

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** Runs a script beside the lock's code. */
function run(script: string, ...args: string[]): ChildProcess {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, ...args], {
    cwd: code,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

/** A process that holds the lock until it is killed. */
async function holder(projects: string): Promise<ChildProcess> {
  const child = run(
    `import { takeLock } from './lock.js';
     await takeLock(process.argv[1], 'p', 'build');
     console.log('held');
     setInterval(() => {}, 1000);`,
    projects,
  );
  if (child.stdout) await once(child.stdout, 'data');
  return child;
}

async function end(child: ChildProcess, signal?: NodeJS.Signals): Promise<unknown> {
  const exit = once(child, 'exit');
  if (signal) child.kill(signal);
  return (await exit)[0];
}

/** What a process writes into its lock file. */
function announced(child: ChildProcess, changes: Record<string, string> = {}): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const { pid = 0 } = child;
  return JSON.stringify({ pid, started: startTime(pid), boot, host: hostname(), user: 'me', doing: 'x', ...changes });
}

/** The files of locks in a folder. */
function locks(projects: string): string[] {
  return readdirSync(projects).filter((name) => name.includes('.lock.'));
}

test('a lock that is released can be taken again, and leaves nothing behind', async () => {
  const projects = join(scratchFolder(), 'projects');
  for (let time = 1; time <= 3; time += 1) {
    const lock = await takeLock(projects, 'p', 'build');
    expect(locks(projects)).toHaveLength(1);
    lock.release();
    lock.release();
  }
  expect(locks(projects)).toEqual([]);
});

test('one process has it at a time', async () => {
  const projects = scratchFolder();
  const script = `
    import { rmSync, writeFileSync } from 'node:fs';
    import { setTimeout as pause } from 'node:timers/promises';
    import { takeLock } from './lock.js';
    const [, projects] = process.argv;
    for (let taken = 0; taken < 15; ) {
      const lock = await takeLock(projects, 'p', 'build').catch((error) => {
        if (error.code !== 'MLN_LOCKED') throw error;
      });
      if (!lock) continue;
      writeFileSync(projects + '/alone', '', { flag: 'wx' });
      await pause(1);
      rmSync(projects + '/alone');
      lock.release();
      taken += 1;
      await pause(2);
    }`;
  const both = [run(script, projects), run(script, projects)];
  expect(await Promise.all(both.map((child) => end(child)))).toEqual([0, 0]);
  expect(readdirSync(projects)).toEqual([]);
});

test('whoever finds it taken is told by whom; other projects are free', async () => {
  const projects = scratchFolder();
  const child = await holder(projects);
  await expect(takeLock(projects, 'p', 'start')).rejects.toMatchObject({
    code: 'MLN_LOCKED',
    exit: 75,
    message: expect.stringMatching(`build by .* \\(process ${child.pid ?? 0}\\)`) as unknown,
  });
  expect(locks(projects)).toHaveLength(1);
  (await takeLock(projects, 'p2', 'start')).release();
  (await takeLock(projects, 'lock', 'start')).release();
  await end(child, 'SIGKILL');
});

test('a lock cannot be taken twice by one process', async () => {
  const projects = scratchFolder();
  const lock = await takeLock(projects, 'p', 'build');
  await expect(takeLock(projects, 'p', 'start')).rejects.toMatchObject({ code: 'MLN_LOCKED' });
  lock.release();
});

test('the lock of a process that was killed is nobody’s', async () => {
  const projects = scratchFolder();
  const child = await holder(projects);
  expect(locks(projects)).toHaveLength(1);
  await end(child, 'SIGKILL');
  const lock = await takeLock(projects, 'p', 'start');
  expect(locks(projects)).toHaveLength(1);
  lock.release();
  expect(locks(projects)).toEqual([]);
});

test.each([
  ['began at another time: its number was used again', { started: '1' }],
  ['ran before the machine was booted', { boot: 'another' }],
])('a holder that %s is dead', async (_, changes) => {
  const projects = scratchFolder();
  const child = run('setInterval(() => {}, 1000)');
  const file = `.p.lock.${child.pid ?? 0}-00000000`;
  writeFileSync(join(projects, file), announced(child));
  await expect(takeLock(projects, 'p', 'start')).rejects.toMatchObject({ code: 'MLN_LOCKED' });
  writeFileSync(join(projects, file), announced(child, changes));
  (await takeLock(projects, 'p', 'start')).release();
  expect(locks(projects)).toEqual([]);
  await end(child, 'SIGKILL');
});

test('of a holder on another machine nobody knows that it is dead', async () => {
  const projects = scratchFolder();
  const child = run('');
  const text = announced(child, { host: 'elsewhere', started: '1' });
  await end(child);
  writeFileSync(join(projects, `.p.lock.${child.pid ?? 0}-00000000`), text);
  await expect(takeLock(projects, 'p', 'start')).rejects.toMatchObject({
    message: expect.stringContaining('on elsewhere') as unknown,
  });
});

test('a file that is half written is taken away when its writer is dead', async () => {
  const projects = scratchFolder();
  const [living, dead] = [run('setInterval(() => {}, 1000)'), run('')];
  await end(dead);
  const [half, left] = [living, dead].map((child) => join(projects, `.p.lock.${child.pid ?? 0}-00000000.tmp`));
  for (const file of [half, left]) writeFileSync(file ?? '', '{"pid":');
  writeFileSync(join(projects, '.p.lock.1-damaged'), 'no JSON');
  (await takeLock(projects, 'p', 'start')).release();
  expect(existsSync(half ?? '')).toBe(true);
  expect(existsSync(left ?? '')).toBe(false);
  expect(locks(projects)).toHaveLength(1);
  await end(living, 'SIGKILL');
});

test('whoever only asks whether there is a lock changes nothing', async () => {
  const projects = scratchFolder();
  writeFileSync(join(projects, '.p.lock.1-damaged'), 'no JSON');
  expect(isLocked(projects, 'p')).toBe(false);
  expect(locks(projects)).toHaveLength(1);
  const lock = await takeLock(projects, 'p', 'x');
  expect([isLocked(projects, 'p'), isLocked(projects, 'q')]).toEqual([true, false]);
  lock.release();
  expect(isLocked(join(projects, 'nowhere'), 'p')).toBe(false);
});

test('what another user may not look at counts as a lock', async () => {
  const projects = scratchFolder();
  chmodSync(projects, 0o755);
  writeFileSync(join(projects, '.p.lock.1-00000000'), '{}', { mode: 0o600 });
  mkdirSync(join(projects, 'closed'), { mode: 0o700 });
  // Root may look at everything: as nobody, in a process that has read the sources before.
  const script = `import { isLocked } from './lock.js';
    if (process.getuid() === 0) process.setuid(65534);
    const [projects] = process.argv.slice(1);
    console.log(isLocked(projects, 'p'), isLocked(projects + '/closed', 'p'), isLocked(projects, 'q'));`;
  if (process.getuid?.() !== 0) {
    chmodSync(join(projects, '.p.lock.1-00000000'), 0);
    chmodSync(join(projects, 'closed'), 0);
  }
  const child = run(script, projects);
  expect(String((await once(child.stdout ?? child, 'data'))[0])).toBe('true true false\n');
});

test('a folder that cannot be made is told of', async () => {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'file'), '');
  await expect(takeLock(join(folder, 'file', 'projects'), 'p', 'x')).rejects.toMatchObject({ code: 'MLN_IO' });
  mkdirSync(join(folder, 'projects'));
  (await takeLock(join(folder, 'projects'), 'p', 'x')).release();
});

test('what stands in a link, as on a full disk, holds the lock while its process lives', async () => {
  const projects = scratchFolder();
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 13);
  const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
  const link = (pid: number, started: string | null): void => {
    symlinkSync(`${pid} ${started ?? ''} ${boot} ${host} disk flatten`, join(projects, `.p.lock.${pid}-00000000`));
  };
  link(process.pid, startTime(process.pid));
  await expect(takeLock(projects, 'p', 'x')).rejects.toMatchObject({
    code: 'MLN_LOCKED',
    message: expect.stringContaining(
      `disk flatten by user ${process.getuid?.() ?? ''} on ${hostname()} (process ${process.pid})`,
    ),
  });
  expect(locks(projects)).toHaveLength(1);
  const other = scratchFolder();
  symlinkSync(`${process.pid} 1 ${boot} ${host} stop`, join(other, `.p.lock.${process.pid}-00000000`));
  (await takeLock(other, 'p', 'x')).release();
  expect(locks(other)).toEqual([]);
});

test('a process that has ended is none, also where nobody has fetched how', async () => {
  // The child ends when its parent is another program, which does not ask for it.
  const shell = spawn('sh', ['-c', 'read -r line <&3 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
  });
  children.push(shell);
  const [, stdout, , gate] = shell.stdio;
  if (!stdout) throw new Error('there is no pipe');
  const [printed] = (await once(stdout, 'data')) as [Buffer];
  const pid = Number(printed.toString());
  const becomes = async (path: string, text: string): Promise<void> => {
    while (!readFileSync(path, 'utf8').includes(text)) await new Promise((resolve) => setImmediate(resolve));
  };
  await becomes(`/proc/${shell.pid ?? 0}/comm`, 'sleep');
  (gate as Writable).end('\n');
  await becomes(`/proc/${pid}/stat`, ') Z ');
  expect(startTime(pid)).toBeNull();
});

test.each([
  [process.pid, /^\d+$/],
  [0x7fffffff, /^null$/],
  [NaN, /^null$/],
])('when process %d began', (pid, expected) => {
  expect(String(startTime(pid))).toMatch(expected);
});

test.each(['../x', 'x/../../y', 'a.b', '', '-rf'])(
  '%j is locked by nobody: it is no name of a project',
  async (name) => {
    const projects = scratchFolder();
    await expect(takeLock(projects, name, 'clean')).rejects.toMatchObject({ code: 'MLN_USAGE' });
    expect(readdirSync(projects)).toEqual([]);
  },
);
