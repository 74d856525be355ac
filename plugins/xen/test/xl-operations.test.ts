import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isMlnError, unitsOf, type Shell, type Status } from '@mln/core';
import { scratchFolder } from '../../../core/test/scratch.js';
import { statusesOf } from '../../../core/src/monitor.js';
import { operate, type OperateOptions } from '../../../core/src/operate.js';
import { openFake, type FakeLab } from './xl-fake.js';

/*
 * Starts, stops and saves, in a row, by the core’s own way, with a hypervisor that is made up. The real one is in test/xen.
 */

const body = `host a { xen; memory 96M; network eth0 { switch lan } }
host b { xen; memory 96M }
switch lan { }
`;

async function open(): Promise<FakeLab> {
  return openFake(scratchFolder(), body);
}

/** What failed, and what was told of each host. */
async function run(lab: FakeLab, name: string, options: OperateOptions = {}): Promise<readonly string[]> {
  const told: string[] = [];
  const { failures } = await operate(lab.mln, name, lab.project, options, ({ unit, state, text }) => {
    if (state !== 'begun' && unit !== 'lan') told.push(`${unit ?? ''} ${text}`);
  });
  return [...new Set(told), ...failures.map(({ problem }) => `${problem.code} ${problem.message}`)];
}

async function states(lab: FakeLab): Promise<Readonly<Record<string, string>>> {
  const found = await statusesOf(lab.mln, lab.project, unitsOf(lab.project));
  const words = ({ state, ready, saved, detail }: Status): string =>
    [state, ready ? 'ready' : null, saved ? 'saved' : null, detail].filter((word) => word !== null).join(', ');
  return Object.fromEntries([...found].filter(([name]) => name !== 'lan').map(([name, each]) => [name, words(each)]));
}

test('start, save, start again and stop', async () => {
  const lab = await open();
  expect(await run(lab, 'start', { wait: 5 })).toEqual(['a started', 'b started', 'a is ready', 'b is ready']);
  expect(await states(lab)).toEqual({ a: 'up, ready', b: 'up, ready' });
  expect(await run(lab, 'stop', { save: true })).toEqual(['b saved', 'a saved']);
  expect(await states(lab)).toEqual({
    a: 'down, saved, its memory is saved',
    b: 'down, saved, its memory is saved',
  });
  expect(await run(lab, 'stop', { save: true })).toEqual(['b is saved already', 'a is saved already']);
  expect(await run(lab, 'start', { hosts: ['a'] })).toEqual(['a started']);
  expect(await states(lab)).toEqual({ a: 'up, ready', b: 'down, saved, its memory is saved' });
  expect(existsSync(join(lab.project.directory, 'a/memory.save'))).toBe(false);
  expect(await run(lab, 'stop', { hosts: ['a'] })).toEqual(['a asked to shut down', 'a is down']);
  expect(await run(lab, 'stop', { hosts: ['a'], save: true })).toEqual([
    'a is down already: there is no memory to save',
  ]);
});

test('what cannot be saved is told of, and what went down by itself; the switch stays', async () => {
  const lab = await open();
  lab.xen.boots.set('a', 'cannot be saved');
  lab.xen.boots.set('b', 'goes down');
  await run(lab, 'start');
  lab.xen.calls.length = 0;
  const told = await run(lab, 'stop', { save: true });
  expect(told).toEqual([
    'a its stop script ended with 1: a.kafe: its memory cannot be saved, and it runs on',
    'b it has gone down, and its memory is not saved',
    'MLN_SCRIPT_FAILED a: its stop script ended with 1: a.kafe: its memory cannot be saved, and it runs on',
    'MLN_NOT_UP b: it has gone down, and its memory is not saved',
  ]);
  expect(await states(lab)).toMatchObject({ a: 'up', b: 'down' });
  expect(lab.xen.calls.filter((call) => call.startsWith('stop'))).toEqual(['stop save', 'stop save']);
});

test('memory is saved for as long as it takes, and nothing is destroyed', async () => {
  const lab = await open();
  await run(lab, 'start');
  const limits: (number | undefined)[] = [];
  const { shell } = lab.mln;
  (lab.mln as { shell: Shell }).shell = (program, args, options) => {
    if (args.includes('save')) limits.push(options?.timeout);
    return shell(program, args, options);
  };
  await run(lab, 'stop', { save: true, patience: 0 });
  expect(limits).toEqual([86_400_000, 86_400_000]);
});

test('hosts that find no memory keep a start from beginning', async () => {
  const lab = await open();
  lab.xen.free = 100;
  await expect(run(lab, 'start')).rejects.toMatchObject({ code: 'MLN_NO_MEMORY', exit: 1 });
  expect(lab.xen.domains.size).toBe(1);
});

test('what a poll costs: one xl for all hosts, whatever they are', async () => {
  const lab = await open();
  await run(lab, 'start');
  lab.xen.calls.length = 0;
  await statusesOf(lab.mln, lab.project, unitsOf(lab.project));
  expect(lab.xen.calls).toEqual(['xl list -v']);
});

test('who is not root neither starts, stops nor saves, and is told before anything is touched', async () => {
  const lab = await open();
  Object.assign(lab.machine, { uid: 1000 });
  for (const [name, options] of [
    ['start', {}],
    ['stop', {}],
    ['stop', { save: true }],
  ] as const) {
    const error = await run(lab, name, options).catch((each: unknown) => each);
    expect(isMlnError(error) && [error.code, error.exit]).toEqual(['MLN_NOT_ALLOWED', 77]);
  }
  expect(lab.xen.calls).toEqual([]);
});
