import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Status } from '@mln/core';
import { scratchFolder } from '../../../core/test/scratch.js';
import { readLocks } from '../src/monitor-locks.js';
import { body, domainOf, down, hold, statusOf } from './monitor-lab.js';
import { openFake, type FakeDomain } from './xl-fake.js';

interface Case {
  /** What becomes of its domain; null: there is none. */
  readonly domain: Partial<FakeDomain> | null;
  readonly files?: readonly string[];
  /** Files that a process has locked. */
  readonly held?: readonly string[];
  readonly expected: Partial<Status>;
}

const going = { state: 'up', ready: false } as const;
const cases: readonly Case[] = [
  { domain: { state: '' }, expected: { state: 'up', detail: null } },
  { domain: { state: 'bp' }, expected: { state: 'up', detail: 'is paused' } },
  { domain: { state: 'bp' }, files: ['memory.save'], expected: { state: 'up', detail: 'is paused' } },
  {
    domain: { state: 'p' },
    files: ['starting.create'],
    held: ['start'],
    expected: { ...going, detail: 'is being started' },
  },
  {
    domain: { state: 'p' },
    files: ['starting.unpause'],
    held: ['start', 'domain.cfg'],
    expected: { ...going, detail: 'is being started' },
  },
  { domain: null, files: ['starting.create'], held: ['start'], expected: { ...going, detail: 'is being started' } },
  {
    domain: { state: 'p' },
    files: ['starting.create'],
    expected: {
      state: 'down',
      detail: 'half made by a start that was cut off; mln clean takes its domain away',
    },
  },
  {
    domain: { state: 'p' },
    files: ['starting.unpause'],
    expected: { ...going, detail: 'is paused, as its start was cut off; mln start sets it going' },
  },
  {
    domain: null,
    files: ['starting.create'],
    expected: { ...down, state: 'down', detail: 'its start was cut off; mln clean takes away what it left' },
  },
  { domain: { state: 's', reason: 0 }, held: ['domain.cfg'], expected: { ...going, detail: 'is going down' } },
  { domain: { state: 'd' }, expected: { ...going, detail: 'is going down' } },
  { domain: { state: 'psd', reason: 0 }, expected: { ...going, detail: 'is going down' } },
  { domain: { state: 's', reason: 1 }, held: ['domain.cfg'], expected: { ...going, detail: 'reboots' } },
  { domain: { state: 'p', id: 9 }, held: ['domain.cfg'], files: ['domid'], expected: { ...going, detail: 'reboots' } },
  { domain: null, held: ['domain.cfg'], files: ['domid'], expected: { ...going, detail: 'reboots' } },
  {
    domain: { state: 's', reason: 0 },
    expected: { state: 'down', detail: 'has shut down, and its domain is left; mln clean takes it away' },
  },
  {
    domain: { state: 's', reason: 3 },
    held: ['domain.cfg'],
    expected: { ...going, detail: 'has crashed, and is going down' },
  },
  {
    domain: { state: 's', reason: 3 },
    expected: { state: 'down', detail: 'has crashed, and its domain is left; mln clean takes it away' },
  },
  {
    domain: null,
    files: ['memory.save'],
    expected: { ...down, state: 'down', saved: true, detail: 'its memory is saved' },
  },
  {
    domain: null,
    files: ['memory.save', 'memory.save.part'],
    expected: { state: 'down', saved: true, detail: 'its memory is saved' },
  },
  {
    domain: { state: 's', reason: 2 },
    files: ['memory.save.part'],
    held: ['start', 'domain.cfg'],
    expected: { ...going, detail: 'its memory is being saved' },
  },
  {
    domain: null,
    files: ['memory.save.part'],
    held: ['start'],
    expected: { ...going, detail: 'its memory is being saved' },
  },
  {
    domain: { state: 's', reason: 2 },
    files: ['memory.save.part'],
    expected: { state: 'down', detail: 'was cut off while its memory was saved; mln clean takes away what it left' },
  },
  {
    domain: { state: 's', reason: 2 },
    expected: { ...going, detail: 'its memory is being saved by others' },
  },
  {
    domain: null,
    files: ['memory.save.part'],
    expected: { state: 'down', detail: 'was cut off while its memory was saved; mln clean takes away what it left' },
  },
  {
    domain: null,
    files: ['memory.restoring'],
    expected: { state: 'down', detail: 'was cut off while its memory was restored: it boots anew' },
  },
  {
    domain: { name: 'a.kafe', uuid: '6a0e0b5c-0000-4000-8000-000000000001' },
    expected: {
      ...down,
      state: 'unknown',
      detail: 'another domain has its name, with the UUID 6a0e0b5c-0000-4000-8000-000000000001',
    },
  },
  { domain: { name: 'renamed' }, expected: { state: 'up', id: 1 } },
];

test.each(cases)('domain $domain, files $files, locked $held', async ({ domain, files = [], held = [], expected }) => {
  const lab = await openFake(scratchFolder(), body);
  for (const file of files) lab.write(`a/${file}`, file === 'domid' ? '1\n' : '');
  if (domain) domainOf(lab, domain);
  for (const file of held) await hold(lab, `a/${file}`);
  const status = await statusOf(lab, 'a');
  expect(status).toMatchObject(expected);
  expect(status?.saved).toBe(expected.saved);
});

const locks: readonly [kind: string, device: string, expected: boolean][] = [
  ['1: FLOCK  ADVISORY  WRITE 4711', 'its own', true],
  ['12: FLOCK  ADVISORY  WRITE 0', 'its own', true],
  ['1: FLOCK  ADVISORY  READ  4711', 'its own', false],
  ['1: -> FLOCK  ADVISORY  WRITE 4711', 'its own', false],
  ['1: POSIX  ADVISORY  WRITE 4711', 'its own', false],
  ['1: FLOCK  ADVISORY  WRITE 4711', 'ff:ff', false],
];

test.each(locks)('a lock that reads %j, on the device %s', async (kind, device, expected) => {
  const lab = await openFake(scratchFolder(), body);
  const path = join(lab.project.directory, 'a/start');
  const { dev, ino } = statSync(path);
  const hex = (number: number): string => number.toString(16).padStart(2, '0');
  const major = dev >> 8;
  lab.machineFile(
    'proc/locks',
    `1: POSIX  ADVISORY  READ  5 00:01:2 0 EOF\n${kind} ${device === 'its own' ? `${hex(major)}:${hex(dev & 255)}` : device}:${ino} 0 EOF\n`,
  );
  // What lies on no device of its own, as on btrfs, is known by its inode alone.
  expect(readLocks(lab.machine)(path)).toBe(expected || (device !== 'its own' && major === 0));
  expect(readLocks(lab.machine)(`${path}.missing`)).toBe(false);
});
