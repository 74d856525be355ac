import { expect, test } from '@jest/globals';
import { MiB } from '@mln/core';
import { judgeRoom, type Resources } from '../src/doctor-room.js';

const plenty: Resources = {
  memory: 21_000 * MiB,
  swap: 0,
  groupMemory: Infinity,
  memoryFile: 1e12,
  userProcesses: 100_000,
  groupProcesses: Infinity,
  processes: 4e6,
  files: 1024,
  maps: 65_530,
  processors: 2,
};

const cases: readonly [less: Partial<Resources>, state: string, detail: RegExp, remedy: RegExp | undefined][] = [
  [{}, 'ok', /^about 1,000 idle guests \(by memory\), 20.5 GiB available, no swap, 2 processors$/, undefined],
  [{ swap: 512 * MiB, processors: 1 }, 'ok', /512 MiB of swap, 1 processor$/, undefined],
  [{ memory: 21 * 77 * MiB }, 'ok', /^about 77 idle guests/, undefined],
  [{ memory: 21 * 5 * MiB }, 'warning', /^about 5 idle guests \(by memory\)/, /add memory/],
  [{ memory: 10 * MiB }, 'missing', /^about 0 idle guests/, /add memory/],
  [{ groupMemory: 42 * MiB }, 'warning', /^about 2 idle guests \(by the control group’s memory\)/, /MemoryMax/],
  [{ groupMemory: -5 * MiB }, 'missing', /^about 0 idle guests/, /MemoryMax/],
  [{ memoryFile: 64 * MiB }, 'warning', /^about 4 idle guests \(by the folder of guests’ memory\)/, /--shm-size/],
  [{ userProcesses: 9 }, 'warning', /^about 1 idle guest \(by the user’s processes\)/, /ulimit -u/],
  [{ groupProcesses: 4 }, 'missing', /control group’s processes/, /TasksMax/],
  [{ processes: 20 }, 'warning', /process numbers/, /pid_max/],
  [{ maps: 1000 }, 'warning', /1000 memory maps/, /max_map_count/],
  [{ files: 64 }, 'warning', /may open 64 files/, /ulimit -n/],
];

test.each(cases)('with %j there is room: %s', (less, state, detail, remedy) => {
  const finding = judgeRoom({ ...plenty, ...less });
  expect(finding.state).toBe(state);
  expect(finding.detail).toMatch(detail);
  if (remedy === undefined) expect(finding.remedy).toBeUndefined();
  else expect(finding.remedy).toMatch(remedy);
});
