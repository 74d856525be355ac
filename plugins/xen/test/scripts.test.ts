import { renameSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import { laboratory, until, type Laboratory } from './laboratory.js';

const labs: Laboratory[] = [];
afterEach(() => {
  for (const lab of labs.splice(0)) lab.close();
});

async function open(body = '', shell = '/bin/dash'): Promise<Laboratory> {
  const lab = await laboratory(body, shell);
  labs.push(lab);
  return lab;
}

const fine = { status: 0, stdout: '', stderr: '' };
const already = { ...fine, stdout: 'a.lab runs already\n' };

describe.each(['/bin/dash', '/bin/bash'])('%s', (shell) => {
  test('start, start again, stop, stop again', async () => {
    const lab = await open('', shell);
    expect(lab.run('start')).toEqual(fine);
    expect(lab.told()).toEqual(['create -p domain.cfg', 'unpause 1']);
    expect(lab.domains()).toEqual(['a.lab 1 -b----']);
    expect(lab.read('console.log')).toBe('console of 1\n');
    expect(lab.run('start')).toEqual(already);
    expect(lab.run('stop clean')).toEqual(fine);
    expect(lab.domains()).toEqual(['a.lab 1 -b----']);
    expect(lab.run('stop')).toEqual(fine);
    await until(() => lab.domains().length === 0 && !lab.exists('pid'));
    expect(lab.exists('domid')).toBe(false);
    expect(lab.run('stop')).toEqual(fine);
    expect(lab.run('start')).toEqual(fine);
    expect([lab.read('console.log.1'), lab.read('console.log')]).toEqual(['console of 1\n', 'console of 2\n']);
    expect(lab.run('stop kill')).toEqual(fine);
    expect(lab.domains()).toEqual([]);
  });

  test('what is written into console.in reaches the guest, before and after it reboots', async () => {
    const lab = await open('', shell);
    lab.run('start');
    lab.write('console.in', 'one\n');
    await until(() => lab.read('console.log').includes('guest 1 hears one'));
    lab.setDomains(`a.lab 1 ---s-- ${lab.uuid} 1\n`);
    await until(() => lab.domains()[0] === 'a.lab 2 -b----' && lab.read('console.log').includes('console of 2'));
    lab.write('console.in', 'two\n');
    await until(() => lab.read('console.log').includes('guest 2 hears two'));
  });
});

test('a guest that reboots is not destroyed before it is made anew', async () => {
  const lab = await open();
  lab.run('start');
  lab.setDomains(`a.lab 1 ---s-- ${lab.uuid} 1\n`);
  expect(lab.run('stop kill')).toEqual(fine);
  expect(lab.domains()).toEqual([]);
  expect(lab.told().filter((line) => line.startsWith('destroy'))).toEqual(['destroy 2']);
});

test('what is left where xl was killed is taken away, by start and by stop clean', async () => {
  const lab = await open();
  for (const state of [
    `a.lab 7 ---s-- ${lab.uuid} 0`,
    `a.lab 7 ----c- ${lab.uuid} 3`,
    `a.lab 7 --ps-- ${lab.uuid} 2`,
  ]) {
    lab.setDomains(`${state}\n`);
    lab.write('domid', '7\n');
    expect(lab.run('stop clean')).toEqual({ ...fine, stdout: 'a.lab: what it left when it died is taken away\n' });
    expect(lab.domains()).toEqual([]);
    lab.setDomains(`${state}\n`);
    expect(lab.run('start')).toEqual(fine);
    expect(lab.domains()).toEqual([expect.stringMatching(/^a\.lab \d+ -b----$/)]);
    lab.run('stop kill');
  }
});

test('a domain of the name that is a stranger’s is left alone', async () => {
  const lab = await open();
  const stranger = '11111111-0000-4000-8000-000000000000';
  lab.setDomains(`a.lab 7 -b---- ${stranger} -\n`);
  expect(lab.run('start')).toMatchObject({ status: 1, stderr: expect.stringContaining(`with the UUID ${stranger}`) });
  for (const how of ['shutdown', 'halt', 'kill', 'wait 1', 'clean']) expect(lab.run(`stop ${how}`)).toEqual(fine);
  expect(lab.domains()).toEqual(['a.lab 7 -b----']);
  expect(lab.told()).toEqual([]);
});

test('memory is saved and restored once, and the log goes on', async () => {
  const lab = await open();
  lab.run('start');
  expect(lab.run('stop save')).toEqual(fine);
  expect([lab.exists('memory.save'), lab.exists('memory.save.part'), lab.domains()]).toEqual([true, false, []]);
  await until(() => !lab.exists('pid'));
  expect(lab.run('stop clean')).toEqual(fine);
  expect(lab.run('start')).toEqual(fine);
  expect([lab.exists('memory.save'), lab.exists('memory.restoring')]).toEqual([false, false]);
  expect(lab.read('console.log')).toBe('console of 1\nconsole of 2\n');
  expect(lab.told()).toEqual([
    'create -p domain.cfg',
    'unpause 1',
    'save 1 memory.save.part',
    'restore -p memory.restoring',
    'unpause 2',
  ]);
});

test('memory on which a guest has gone on is never restored again, whoever ends the start', async () => {
  const lab = await open();
  lab.run('start');
  expect(lab.run('stop save')).toEqual(fine);
  await until(() => !lab.exists('pid'));
  const group = lab.begin('start', { FAKE_XL: 'slow' });
  await until(() => lab.domains()[0]?.endsWith('-b----') === true);
  process.kill(-group, 'SIGTERM');
  await until(() => !lab.exists('memory.restoring'));
  expect([lab.exists('memory.save'), lab.domains()]).toEqual([false, ['a.lab 2 -b----']]);
});

test('memory that cannot be saved: the guest runs on', async () => {
  const lab = await open();
  lab.run('start');
  expect(lab.run('stop save', { FAKE_XL: 'no-save' })).toEqual({
    ...fine,
    status: 1,
    stderr: 'a.lab: its memory cannot be saved, and it runs on: Failed to save domain, resuming domain\n',
  });
  expect([lab.domains(), lab.exists('memory.save'), lab.exists('memory.save.part')]).toEqual([
    ['a.lab 1 -b----'],
    false,
    false,
  ]);
});

test('memory that cannot be restored is kept, and never meets a disk that may have changed', async () => {
  const lab = await open();
  lab.write('memory.save', 'cut off');
  expect(lab.run('start')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/rm memory\.save in .* boot anew: xc: error: Restore failed/),
  });
  expect([lab.read('memory.save'), lab.exists('memory.restoring'), lab.domains()]).toEqual(['cut off', false, []]);
  renameSync(lab.path('memory.save'), lab.path('memory.restoring'));
  const { status, stderr } = lab.run('start');
  expect([status, stderr]).toEqual([0, expect.stringContaining('it boots anew, without that memory')]);
  expect(lab.exists('memory.restoring')).toBe(false);
});

test('saved memory is void once the guest has gone on by other ways', async () => {
  const lab = await open();
  lab.run('start');
  lab.write('memory.save', 'old');
  expect(lab.run('start')).toEqual(already);
  expect(lab.exists('memory.save')).toBe(false);
});

test('a start that is killed while xl works: the next one finishes it', async () => {
  const lab = await open();
  const pid = lab.begin('start', { FAKE_XL: 'slow' });
  await until(() => lab.domains().length > 0);
  process.kill(pid, 'SIGKILL');
  expect(lab.run('start')).toEqual(already);
  expect(lab.domains()).toEqual(['a.lab 1 -b----']);
  expect(lab.read('console.log')).toBe('console of 1\n');
});

test('a start of which xl was killed as well: the next one makes the domain anew', async () => {
  const lab = await open();
  const pid = lab.begin('start', { FAKE_XL: 'slow' });
  await until(() => lab.domains().length > 0);
  process.kill(-pid, 'SIGKILL');
  expect(lab.run('start')).toEqual(fine);
  expect(lab.domains()).toEqual(['a.lab 2 -b----']);
});

const failures: readonly [
  what: string,
  body: string,
  environment: Record<string, string>,
  status: number,
  said: string,
][] = [
  ['another than root', '', { FAKE_UID: '1000' }, 77, 'only root may start guests of Xen'],
  [
    'no memory',
    '',
    { FAKE_XL: 'no-memory' },
    1,
    'its domain cannot be made: the hypervisor has too little memory left, see free_memory in xl info',
  ],
  [
    'a missing bridge',
    'network eth0 { bridge br9 }',
    {},
    1,
    'there is no bridge br9: start the switch that it belongs to, or make it: ip link add br9 type bridge',
  ],
  ['a missing disk', 'mount {\n/nonexistent/x /x\n}', {}, 1, 'its disk /nonexistent/x is missing'],
  ['a missing ramdisk', 'ramdisk /nonexistent/r', {}, 1, 'its ramdisk /nonexistent/r is missing'],
  [
    'a console that cannot be had',
    '',
    { FAKE_CONSOLE: 'none' },
    1,
    'its console cannot be reached: a.lab: xenconsole: Could not read tty from store',
  ],
];

test.each(failures)('start with %s leaves nothing', async (_, body, environment, status, said) => {
  const lab = await open(body);
  expect(lab.run('start', environment)).toEqual({ ...fine, status, stderr: `a.lab: ${said}\n` });
  expect([lab.domains(), lab.exists('starting.create'), lab.exists('starting.unpause')]).toEqual([[], false, false]);
});

test('a guest that hears nothing: wait says so, halt ends it', async () => {
  const lab = await open();
  lab.run('start');
  expect(lab.run('stop wait 1', { FAKE_XL: 'deaf' })).toEqual({ ...fine, status: 1, stderr: 'a.lab: still runs\n' });
  expect(lab.run('stop halt', { FAKE_XL: 'deaf' })).toEqual(fine);
  expect(lab.told().slice(-3)).toEqual(['sysrq 1 s', 'sysrq 1 u', 'destroy 1']);
  expect(lab.domains()).toEqual([]);
});

test('a whole machine is asked by its power button too', async () => {
  const lab = await open('hvm');
  lab.run('start');
  expect(lab.run('stop wait 5')).toEqual(fine);
  expect(lab.told()).toContain('shutdown -F -w 1');
  expect(lab.domains()).toEqual([]);
});

test('a paused guest hears nothing, which is told', async () => {
  const lab = await open();
  lab.run('start');
  lab.setDomains(`a.lab 1 --p--- ${lab.uuid} -\n`);
  expect(lab.run('stop')).toMatchObject({
    status: 1,
    stderr: 'a.lab: its domain is paused, and hears nothing: xl unpause a.lab\n',
  });
});

test.each(['stop loudly', 'stop wait x', 'start loudly'])('%s is refused', async (command) => {
  const lab = await open();
  expect(lab.run(command)).toMatchObject({ status: 1, stdout: '' });
});
