import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { openLab, until, type Lab } from './support.js';

/* The machine that runs the tests can run guests: the doctor says so, and what is taken away it finds missing. */

interface Item {
  readonly plugin: string;
  readonly check: string;
  readonly needed: boolean;
  readonly state: string;
  readonly detail: string;
  readonly remedy: string | null;
}

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
}, 60_000);
afterEach(async () => {
  // A switch whose folder has gone is killed after a second.
  await until(() => lab.processes().length === 0, 'all processes to end', 10);
  expect(folders()).toEqual([]);
});
afterAll(async () => {
  await lab.close();
});

/** The folders that checks work in while they run; those of other users' doctors are theirs. */
function folders(): readonly string[] {
  const own = [lab.folder, lab.projects, join(lab.folder, 'templates')].filter((each) => existsSync(each));
  return own.flatMap((each) => readdirSync(each)).filter((name) => name.startsWith('.mln-doctor-'));
}

function temporary(): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('.mln-doctor-'));
}

test('an ordinary user can run guests here: one boots, answers, writes on its disk and is connected', async () => {
  const before = temporary();
  const { code, stdout } = await lab.mln('doctor', '--json');
  const { apiVersion, kind, items } = JSON.parse(stdout) as {
    apiVersion: string;
    kind: string;
    items: readonly Item[];
  };
  expect([apiVersion, kind]).toEqual(['mln/v1', 'Doctor']);
  expect(items.filter(({ state }) => state === 'missing')).toEqual([]);
  expect(code).toBe(0);
  const uml = new Map(items.filter(({ plugin }) => plugin === 'uml').map((each) => [each.check, each]));
  for (const check of ['kernel', 'boot', 'control', 'cow', 'switch'])
    expect(uml.get(check)).toMatchObject({ needed: true, state: 'ok' });
  const version = /linux\.uml (\S+)/.exec(uml.get('kernel')?.detail ?? '')?.[1] ?? 'none';
  expect(uml.get('boot')?.detail).toContain(`Linux ${version} in `);
  expect(uml.get('room')?.detail).toMatch(/^about \S+ idle guests/);
  expect(temporary().filter((name) => !before.includes(name))).toEqual([]);
}, 60_000);

test('without busybox a guest boots on the files of this machine', async () => {
  const { code, stdout } = await lab.run(process.execPath, [lab.program, 'doctor', 'boot', 'cow'], {
    env: { PATH: pathWithout('busybox') },
  });
  expect(stdout).toContain('on the files of this machine, as there is no static busybox');
  expect(code).toBe(0);
}, 60_000);

test('without linux.uml no guest runs, and the package that has it is named', async () => {
  const { code, stdout } = await lab.run(process.execPath, [lab.program, 'doctor', 'uml'], {
    env: { PATH: pathWithout('linux.uml') },
  });
  expect(stdout).toMatch(/✗ kernel +not installed: linux\.uml\n +→ apt-get install user-mode-linux\n/);
  expect(stdout).toMatch(/✗ a guest boots +not tried: without linux\.uml\n/);
  expect(stdout).toMatch(/^what is needed: +apt-get install user-mode-linux$/m);
  expect(code).toBe(1);
}, 60_000);

test.each(['SIGINT', 'SIGKILL'] as const)(
  'ended by %s while its guest boots, nothing of it runs on',
  async (signal) => {
    const child = spawn(process.execPath, [lab.program, 'doctor', 'boot'], { ...lab.spawnOptions, stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('close', resolve));
    const booting = (): boolean =>
      folders().some(
        (name) => existsSync(join(lab.projects, name, 'ctl')) || existsSync(join(lab.folder, name, 'ctl')),
      );
    await until(
      () => booting() && lab.processes().some((each) => each.startsWith('linux.uml')),
      'the guest to be begun',
    );
    child.kill(signal);
    await ended;
    await until(() => lab.processes().length === 0 && folders().length === 0, 'all of it to go', 10);
  },
  60_000,
);

/** A PATH that has every program of this one but the one. */
function pathWithout(program: string): string {
  const folder = join(lab.folder, `without-${program}`);
  mkdirSync(folder);
  for (const from of (process.env['PATH'] ?? '').split(':').filter((each) => existsSync(each)))
    for (const name of readdirSync(from))
      if (name !== program && !existsSync(join(folder, name)))
        try {
          symlinkSync(join(from, name), join(folder, name));
        } catch {
          // A link that leads nowhere stands there already.
        }
  return folder;
}
