import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { atSteps, openKillLab, project, type Kill, type KillLab } from './kill-lab.js';

/*
 * mln is killed at every step of a start and a stop of a real guest, and with it whatever scripts it has begun, at the
 * moments that matter to them. The next command says what runs, and does the rest; nothing runs that nobody knows of.
 */

let lab: KillLab;
/** What a clean run leaves when the project has run and is stopped. */
let stopped: readonly string[] = [];

beforeAll(async () => {
  lab = await openKillLab();
  await lab.ok('build', '-f', lab.write('one.mln', project('48M')));
  await lab.ok('start', '-p', 'p', '--wait', '60');
  await lab.ok('stop', '-p', 'p');
  await lab.ok('clean', '-p', 'p');
  stopped = lab.files();
}, 120_000);
afterAll(async () => {
  await lab.close();
});

/** Whether all of the project runs, and nothing of it twice. */
async function runs(): Promise<void> {
  expect(await lab.states('p')).toEqual(['up', 'up']);
  const commands = lab.processes();
  expect(commands.filter((each) => each.includes('uml_switch'))).toHaveLength(1);
  const leaders = commands.filter((each) => /umid=a\b/.test(each));
  // The kernel's own processes have its command line, and are traced ones of one session.
  expect(leaders.length).toBeGreaterThan(0);
  const pid = readFileSync(join(lab.projects, 'p/a/pid'), 'utf8').trim();
  expect(readFileSync(join(lab.projects, 'p/a/run/a/pid'), 'utf8').trim()).toBe(pid);
}

/** Whether the project is stopped, its disks are whole, and all is as after a clean run. */
async function isStopped(): Promise<void> {
  expect(await lab.states('p')).toEqual(['down', 'down']);
  await lab.quiet();
  await lab.ok('clean', '-p', 'p');
  expect(lab.files()).toEqual(stopped);
  expect(await lab.fsck('p', 'a')).toBe('');
}

async function ensureRunning(): Promise<void> {
  await lab.ok('start', '-p', 'p', '--wait', '60');
}

const startKills: Kill[] = [
  ...atSteps('start'),
  ...['p/s/starting.', 'p/s/pid', 'p/a/starting.', 'p/a/pid'].map((when) => ({
    when,
    all: true,
  })),
  { when: 'p/a/starting.' },
  { when: 'p/a/starting.', all: true, args: ['--term', 'screen'] },
];
// User-Mode Linux saves no memory.
const stopKills = atSteps('stop').filter(({ at }) => at !== 'stop save');
const pairs = startKills.flatMap((kill, index) => [kill, stopKills[index] ?? []].flat());

// What one test ends with, the next begins with: guests take their time to boot.
test.each(pairs)(
  '%j',
  async (kill) => {
    if (kill.at?.startsWith('stop')) await killedStop(kill);
    else await killedStart(kill);
  },
  90_000,
);

async function killedStart(kill: Kill): Promise<void> {
  if ((await lab.states('p')).includes('up')) {
    await lab.ok('stop', '-p', 'p');
    await isStopped();
  }
  await lab.killed(kill, 'start', '-p', 'p', ...(kill.args ?? []));
  const { code, stderr } = await lab.mln('start', '-p', 'p', '--wait', '60');
  expect({ code, stderr }).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(
      /an earlier start of p was cut off: [01] of 1 hosts run, and [01] of 1 switches; (it is finished|it is taken back|mln start -p p does the rest, mln stop -p p takes it back)\n/,
    ),
  });
  await runs();
}

async function killedStop(kill: Kill): Promise<void> {
  await ensureRunning();
  const destroys = /halt|kill/.test(kill.at ?? '');
  // A console that nobody answers on: the guest must be killed.
  const deaf = lab.write('deaf/uml_mconsole', '#!/bin/sh\n');
  await lab.run('chmod', ['755', deaf]);
  const env = { PATH: `${join(lab.folder, 'deaf')}:${process.env['PATH'] ?? ''}` };
  await lab.killed(
    { ...kill, ...(kill.at === 'stop kill' ? { env } : {}) },
    ...['stop', '-p', 'p', ...(destroys ? ['-w', '0'] : [])],
  );
  const { code, stderr } = await lab.mln('stop', '-p', 'p');
  expect({ code, stderr }).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(
      /an earlier stop of p was cut off: [01] of 1 hosts run, and [01] of 1 switches; (it is finished|it is taken back|mln stop -p p does the rest, mln start -p p takes it back)\n/,
    ),
  });
  await isStopped();
}

test('killed with all that it has started, nothing of it is left', async () => {
  if (lab.processes().length > 0) await lab.ok('stop', '-p', 'p');
  await lab.killed({ at: 'start afterHostsStart', all: true }, 'start', '-p', 'p');
  for (const unit of ['a', 's'])
    process.kill(-Number(readFileSync(join(lab.projects, 'p', unit, 'pid'), 'utf8')), 'SIGKILL');
  await lab.quiet();
  expect(await lab.states('p')).toEqual(['down', 'down']);
  expect((await lab.mln('clean')).stderr.split('\n')).toEqual([
    's.p: what it left when it died is taken away',
    'a.p: what it left when it died is taken away',
    'an earlier start of p was cut off: 0 of 1 hosts run, and 0 of 1 switches; it is taken back',
    '',
  ]);
  expect(lab.files()).toEqual(stopped);
}, 60_000);

test('what a stop had come to is stopped before it is started again', async () => {
  await ensureRunning();
  const pid = readFileSync(join(lab.projects, 'p/a/pid'), 'utf8');
  await lab.killed({ at: 'stop hosts' }, 'stop', '-p', 'p');
  const { code, stderr } = await lab.mln('start', '-p', 'p', '--wait', '60');
  expect({ code, stderr }).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('0 of 1 hosts run, and 1 of 1 switches'),
  });
  await runs();
  expect(readFileSync(join(lab.projects, 'p/a/pid'), 'utf8')).not.toBe(pid);
  await lab.ok('stop', '-p', 'p');
  await isStopped();
}, 90_000);
