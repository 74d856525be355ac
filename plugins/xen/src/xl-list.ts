import { MiB } from '@mln/core';

/** A domain, as xl(1) lists it. */
export interface Domain {
  readonly name: string;
  readonly id: number;
  readonly uuid: string;
  /** Bytes that it has now. */
  readonly memory: number;
  /** Seconds of processor time. */
  readonly cpu: number;
  readonly paused: boolean;
  readonly dying: boolean;
  /** Why it has shut down, see {@link shutdownReasons}; null where it has not. */
  readonly reason: number | null;
}

/** Why a domain has shut down, SHUTDOWN_* of xen/include/public/sched.h. */
export const shutdownReasons = { poweroff: 0, reboot: 1, suspend: 2, crash: 3 } as const;

/** What lists domains with their UUIDs; the JSON of `xl list -l` does not tell their states. */
export const listCommand = ['list', '-v'] as const;

/**
 * Name, number, MiB, processors, state (running, blocked, paused, shut down, the reason, dying), seconds, UUID and reason
 * in hexadecimal: list_domains in tools/xl/xl_info.c of Xen 4.17. A name may hold blanks.
 */
const row =
  /^(.*?)\s+(\d+)\s+(\d+)\s+\d+\s+[r-][b-]([p-])([s-]).([d-])\s+(\d+\.\d+) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\s+(-|[0-9a-f]+)(?:\s|$)/;

/** Reads what `xl list -v` prints. */
export function readDomains(text: string): readonly Domain[] {
  return text.split('\n').flatMap((line) => {
    const [, name = '', id, mebibytes, paused, down, dying, seconds, uuid = '', reason = ''] = row.exec(line) ?? [];
    if (id === undefined) return [];
    return {
      name,
      id: Number(id),
      uuid,
      memory: Number(mebibytes) * MiB,
      cpu: Number(seconds),
      paused: paused === 'p',
      dying: dying === 'd',
      reason: down === 's' ? Number.parseInt(reason, 16) || 0 : null,
    };
  });
}
