import { afterEach, describe, expect, test } from '@jest/globals';
import { readlinkSync } from 'node:fs';
import { laboratory, processesIn, type Laboratory } from './laboratory.js';

const text = 'global { project lab }\nswitch s { hub }\nswitch t { socket ../s/ctl }\n';

const labs: Laboratory[] = [];
afterEach(() => {
  for (const lab of labs.splice(0)) lab.close();
});

async function open(shell: string): Promise<Laboratory> {
  const lab = await laboratory(text, shell);
  labs.push(lab);
  return lab;
}

const fine = { status: 0, stdout: '', stderr: '' };

describe.each(['/bin/dash', '/bin/bash'])('%s', (shell) => {
  test('start, start again, stop, stop again', async () => {
    const lab = await open(shell);
    expect(lab.run('s/start')).toEqual(fine);
    const pid = lab.pid('s');
    expect(lab.read('s/arguments')).toBe('-unix\nctl\n-hub\n');
    expect(lab.run('s/start')).toEqual({ ...fine, stdout: 's.lab runs already\n' });
    expect(lab.run('s/stop clean')).toEqual(fine);
    expect(processesIn(lab.path('s'))).toEqual([pid]);
    expect(lab.run('s/stop')).toEqual(fine);
    expect(processesIn(lab.path('s'))).toEqual([]);
    expect(lab.exists('s/ctl')).toBe(false);
    expect(lab.exists('s/pid')).toBe(false);
    expect(lab.run('s/stop')).toEqual(fine);
    expect(lab.run('s/start')).toEqual(fine);
  });

  test('what a dead switch left is no switch', async () => {
    const lab = await open(shell);
    lab.write('s/pid', `${process.pid}\n`);
    lab.write('s/ctl', '');
    expect(lab.run('s/start')).toEqual(fine);
    const pid = lab.pid('s');
    expect(pid).not.toBe(process.pid);
    process.kill(pid, 'SIGKILL');
    while (processesIn(lab.path('s')).length > 0);
    expect(lab.run('s/stop clean')).toEqual({
      ...fine,
      stdout: 's.lab: what it left when it died is taken away\n',
    });
    expect(lab.exists('s/ctl')).toBe(false);
  });

  test('the last words of a switch that dies at once are told', async () => {
    const lab = await open(shell);
    expect(lab.run('s/start', { FAKE_SWITCH: 'dies' })).toEqual({
      ...fine,
      status: 1,
      stderr: 's.lab: it ended at once: tap0: Operation not permitted\n',
    });
    expect(lab.run('s/start')).toEqual(fine);
  });

  test('a switch of others is joined and left', async () => {
    const lab = await open(shell);
    expect(lab.run('t/start')).toEqual({
      ...fine,
      status: 1,
      stderr: 't.lab: nobody listens on ../s/ctl: it does not exist, or you may not reach it\n',
    });
    lab.run('s/start');
    expect(lab.run('t/start')).toEqual(fine);
    expect(readlinkSync(lab.path('t/ctl'))).toBe('../s/ctl');
    expect(lab.run('t/start')).toEqual(fine);
    expect(lab.run('t/stop')).toEqual(fine);
    expect(lab.exists('t/ctl')).toBe(false);
    expect(lab.exists('s/ctl')).toBe(true);
    expect(processesIn(lab.path('s'))).toHaveLength(1);
  });
});
