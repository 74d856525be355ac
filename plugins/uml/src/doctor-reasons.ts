import type { Finding } from '@mln/core';
import type { Probe } from './doctor-probe.js';

interface Reason {
  /** What the guest's console, or setarch(8), says. */
  readonly sign: RegExp;
  readonly detail: string;
  readonly remedy: string;
}

/*
 * What a kernel says that does not boot; $1 stands for what was found in parentheses. From arch/um/os-Linux (start_up.c,
 * mem.c) of the kernel's sources, setarch(8) of util-linux, and docker's default seccomp profile. The first that fits counts.
 */
const reasons: readonly Reason[] = [
  {
    sign: /PROT_EXEC mmap in (\S+?)\.\.\.(?!OK)/,
    detail: 'memory in $1 cannot hold programs: it is mounted noexec',
    remedy: 'mount -o remount,exec $1 (as root), or set TMPDIR to a folder that is not',
  },
  {
    sign: /failed to set personality/i,
    detail: 'address space randomisation cannot be switched off here (personality(2) is forbidden)',
    remedy: 'let the container do so: --security-opt seccomp=unconfined',
  },
  {
    sign: /Resource temporarily unavailable|fork[^\n]*failed/i,
    detail: 'no more processes may be begun',
    remedy: 'raise the limit of processes: ulimit -u, or nproc in /etc/security/limits.conf',
  },
  {
    sign: /PTRACE_TRACEME|check_ptrace|ptrace[^\n]*(?:not permitted|failed|expected)|expected SIGSTOP/i,
    detail: 'processes may not be traced here, ptrace(2)',
    remedy:
      'boot with kernel.yama.ptrace_scope below 3, or in a container --cap-add SYS_PTRACE --security-opt seccomp=unconfined',
  },
  {
    sign: /No space left on device|Kernel mode signal 7\b/,
    detail: 'the folder of guests’ memory is full',
    remedy: 'mount -o remount,size=50% /dev/shm (as root), or in a container --shm-size',
  },
  {
    sign: /memory map|deadlocked on memory|Cannot allocate memory|Out of memory|physical memory|setup_physmem|errno = -12\b/i,
    detail: 'there is not memory enough',
    remedy: 'end other programs, or raise the limit of memory (ulimit -v, the container’s)',
  },
  {
    sign: /Unable to mount root fs|Cannot open root device/,
    detail: 'this kernel cannot read its disk: it has neither ext4 nor hostfs built in',
    remedy: 'use the kernel of Debian’s package user-mode-linux',
  },
  {
    sign: /Failed to lock|Failed to open 'image'/i,
    detail: 'the disk cannot be opened and locked in the projects folder',
    remedy: 'keep projects in a folder on a local filesystem: -P FOLDER',
  },
  {
    sign: /Kernel panic - not syncing: ([^\n]*)/,
    detail: 'the kernel panicked: $1',
    remedy: 'try setarch -R linux.uml mem=64M by hand; another version of the kernel may do',
  },
];

/** Tells why a guest did not boot. */
export function whyNot(probe: Probe): Finding {
  for (const { sign, detail, remedy } of reasons) {
    const found = sign.exec(probe.console);
    const put = (text: string): string => text.replaceAll('$1', found?.[1] ?? '');
    if (found) return { state: 'missing', detail: put(detail), remedy: put(remedy) };
  }
  const last = probe.console.trim().split('\n').at(-1) ?? '';
  const how =
    probe.exit === null ? `it was given up after ${probe.seconds.toFixed(0)} s` : `it ended with ${probe.exit}`;
  return {
    state: 'missing',
    detail: `${how}; its last words: ${last || 'none'}`,
    remedy: 'try setarch -R linux.uml mem=64M by hand, and see what it says',
  };
}
