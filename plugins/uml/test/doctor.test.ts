import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { Examined } from '../../../core/src/doctor.js';
import { scratchFolder } from '../../../core/test/scratch.js';
import { fakeShell, found, type Answer } from '../../../test/support/examine.js';
import { probeScript } from '../src/doctor-script.js';
import uml from '../src/index.js';

/* Machines that are made up, told by what their programs print. The guest of test/guests/doctor.test.ts is a real one. */

const booted = `switch=listens
begun=100.50
ready=101.90
memory=20480
mconsole=OK Linux (none) 6.1.176 #1 x86_64
cow=40

Checking PROT_EXEC mmap in /dev/shm...OK
Linux version 6.1.176
mln-probe release=6.1.176 disk=0 card=0
`;

/** What the guest's kernel prints until it ends. */
function ended(exit: number, console: string): string {
  return `switch=listens\nbegun=100.00\nready=100.20\nexit=${exit}\n\n${console}`;
}

/** A machine whose probe prints this, and which lacks these programs. */
function machine(printed: string, lacks: readonly string[] = []): Answer {
  return (program, args) => {
    if (lacks.includes(program)) return null;
    if (program === 'sh' && args[1]?.includes('uml_mconsole') === true) return printed;
    if (program === 'linux.uml') return '6.1.176\n';
    return '';
  };
}

async function look(
  printed: string,
  { lacks = [], options = { default: true } }: { lacks?: readonly string[]; options?: Record<string, unknown> } = {},
): Promise<(check: string) => Examined | undefined> {
  const projects = scratchFolder();
  const all = await found(uml, { shell: fakeShell(machine(printed, lacks)), options, projects });
  expect(readdirSync(projects)).toEqual([]);
  return (check) => all.get(check);
}

test('a guest that boots tells its kernel, its time and its memory', async () => {
  const check = await look(booted);
  expect(check('kernel')).toMatchObject({ state: 'ok', detail: 'linux.uml 6.1.176' });
  expect(check('boot')).toMatchObject({
    state: 'ok',
    detail: expect.stringMatching(/^Linux 6.1.176 in 1.4 s, 20 MiB of/),
  });
  expect(check('control')).toMatchObject({ state: 'ok' });
  expect(check('cow')).toMatchObject({ state: 'ok', detail: 'a disk over an image, 20 KiB of its own' });
  expect(check('switch')).toMatchObject({ state: 'ok' });
});

// As they came from kernels 6.1 under filters of seccomp(2), small and noexec file systems, and setrlimit(2).
const consoles: readonly [exit: number, console: string, detail: RegExp, remedy: RegExp][] = [
  [
    1,
    'Checking PROT_EXEC mmap in /dev/shm...Operation not permitted\n/dev/shm must be not mounted noexec\n',
    /^memory in \/dev\/shm cannot hold programs/,
    /mount -o remount,exec \/dev\/shm/,
  ],
  [
    1,
    'Checking that ptrace can change system call numbers...ptrace: Operation not permitted\ncheck_ptrace : expected SIGSTOP, got status = 9',
    /may not be traced/,
    /SYS_PTRACE/,
  ],
  [1, 'setarch: failed to set personality to (null): Operation not permitted\n', /randomisation/, /seccomp=unconfined/],
  [
    134,
    'Checking PROT_EXEC mmap in /dev/shm...OK\nKernel panic - not syncing: Kernel mode signal 7\n',
    /memory is full/,
    /--shm-size/,
  ],
  [
    1,
    'setup_physmem - mapping 50331648 bytes of memory at 0x(____ptrval____) failed - errno = -12\n',
    /not memory enough/,
    /ulimit -v/,
  ],
  [
    1,
    'Checking that ptrace can change system call numbers...start_ptraced_child : fork failed: Resource temporarily unavailable\n',
    /no more processes/,
    /ulimit -u/,
  ],
  [
    134,
    'Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(98,0)\n',
    /neither ext4 nor hostfs/,
    /user-mode-linux/,
  ],
  [134, 'Kernel panic - not syncing: something new\nmore\n', /^the kernel panicked: something new$/, /by hand/],
  [3, 'who knows\nwhat this is\n', /^it ended with 3; its last words: what this is$/, /by hand/],
];

test.each(consoles)('a guest that ends with %i and says %j', async (exit, console, detail, remedy) => {
  const check = await look(ended(exit, console));
  expect(check('boot')).toMatchObject({
    state: 'missing',
    detail: expect.stringMatching(detail),
    remedy: expect.stringMatching(remedy),
  });
  for (const other of ['control', 'cow', 'switch'])
    expect(check(other)).toMatchObject({ state: 'missing', detail: 'not tried: no guest boots', remedy: null });
});

test('a guest that comes to no end is told as given up', async () => {
  const silent = 'switch=listens\nbegun=1.00\nready=31.00\nmemory=9000\nmconsole=\n\nLinux version 6.1.176\n';
  expect((await look(silent))('boot')).toMatchObject({
    detail: 'it was given up after 30 s; its last words: Linux version 6.1.176',
  });
});

test.each([
  ['mconsole=OK', 'mconsole=', 'control', /does not answer/],
  ['switch=listens', 'switch=bind: Operation not permitted', 'switch', /does not listen .*: bind: Operation/],
  ['card=0', 'card=2', 'switch', /cannot be connected/],
  ['disk=0', 'disk=1', 'cow', /cannot write/],
  ['cow=40\n', '', 'cow', /made no copy-on-write disk/],
])('where %j is %j, that is told of %s', async (was, is, check, detail) => {
  expect((await look(booted.replace(new RegExp(`${was}.*`.replace('\n.*', '\n')), is)))(check)).toMatchObject({
    state: 'missing',
    detail: expect.stringMatching(detail),
    remedy: expect.any(String),
  });
});

test('a program that is missing is told with its package; nothing is tried without it', async () => {
  const check = await look(booted, { lacks: ['linux.uml', 'xterm'] });
  expect(check('kernel')).toMatchObject({ state: 'missing', remedy: 'apt-get install user-mode-linux' });
  expect(check('boot')).toMatchObject({ state: 'missing', detail: 'not tried: without linux.uml' });
  expect(check('xterm')).toMatchObject({ state: 'absent', remedy: 'apt-get install xterm' });
});

test('who lets another hypervisor run hosts needs no kernel', async () => {
  const check = await look(booted, { lacks: ['linux.uml'], options: {} });
  expect(check('kernel')).toMatchObject({ state: 'absent', needed: false });
  expect(check('boot')).toMatchObject({ state: 'absent' });
});

test('a memory file that cannot hold programs is told, and the way out', async () => {
  const answer: Answer = (program, args) =>
    program === 'sh' && args[1] === '"$1"' ? { exitCode: 126 } : machine(booted)(program, args);
  const all = await found(uml, { shell: fakeShell(answer), only: ['memory'] });
  expect(all.get('memory')).toMatchObject({
    state: 'missing',
    detail: expect.stringContaining('is mounted noexec'),
    remedy: expect.stringContaining('remount,exec'),
  });
});

test('no namespaces: the sysctl that closes them is named', async () => {
  const answer: Answer = (program, args) =>
    program === 'unshare'
      ? { exitCode: 1, stderr: 'unshare: unshare failed: Operation not permitted\n' }
      : machine(booted)(program, args);
  const all = await found(uml, { shell: fakeShell(answer), only: ['namespaces'] });
  expect(all.get('namespaces')).toMatchObject({
    state: 'absent',
    detail: expect.stringContaining('Operation not permitted'),
    remedy: expect.stringMatching(/^sysctl |--cap-add/),
  });
});

test.each([
  [{ default: true }, 'absent', 'absent'],
  [{ default: true, switch: 'vde_switch' }, 'missing', 'absent'],
  [{ default: true, network: 'slirp' }, 'absent', 'missing'],
  [{ network: 'slirp', switch: 'vde_switch' }, 'absent', 'absent'],
])('options %j: without vde_switch and slirp the one is %s, the other %s', async (options, vde, slirp) => {
  const check = await look(booted, { lacks: ['vde_switch', 'slirp-fullbolt'], options });
  expect([check('vde')?.state, check('slirp')?.state]).toEqual([vde, slirp]);
});

const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;
(hasShellcheck ? test.each : test.skip.each)([
  ['busybox', 'uml_switch'],
  ['host', 'vde_switch'],
] as const)(
  `shellcheck has nothing to say about the probe of %s with %s${hasShellcheck ? '' : ' (skipped: no shellcheck here)'}`,
  (root, program) => {
    // SC2016: what the guest is told is for the guest's shell.
    const { status, stdout } = spawnSync('shellcheck', ['-s', 'sh', '-e', 'SC2016', '-'], {
      input: probeScript(root, program),
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  },
);
