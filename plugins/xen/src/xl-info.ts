import { MiB } from '@mln/core';

/** What `xl info` tells of the machine. */
export interface XenInfo {
  readonly version: string;
  /** Bytes that no domain has, and all of them. */
  readonly free: number;
  readonly total: number;
  readonly processors: number;
  /** What the hypervisor was booted with. */
  readonly commandLine: string;
}

/** Reads what `xl info` prints. */
export function readInfo(text: string): XenInfo {
  const value = (name: string): string => new RegExp(`^${name} *: *(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  return {
    version: value('xen_version'),
    free: Number(value('free_memory')) * MiB,
    total: Number(value('total_memory')) * MiB,
    processors: Number(value('nr_cpus')),
    commandLine: value('xen_commandline'),
  };
}

/** Bytes that Domain-0 keeps whatever xl asks it to give up, LIBXL_MIN_DOM0_MEM. */
const LEAST = 128 * MiB;

/**
 * How many bytes Domain-0 gives up for new guests: none where `autoballoon` of xl.conf(5) is off, or where it is auto, as
 * it usually is, and the hypervisor was given dom0_mem. The pattern is that of auto_autoballoon in tools/xl/xl.c.
 */
export function givenUp(dom0: number, commandLine: string, configuration: string): number {
  const set = [...configuration.matchAll(/^[ \t]*autoballoon[ \t]*=[ \t]*(?:"([^"]*)"|'([^']*)'|(\d+))/gm)].at(-1);
  const word = set?.[1] ?? set?.[2] ?? set?.[3] ?? 'auto';
  const fixed = /(^| )dom0_mem=((|min:|max:)(-?\d+[bBkKmMgGtT]?|(-?\d+[bBkKmMgGtT]?\+)?\d{1,2}%),?)+($| )/.test(
    commandLine,
  );
  const gives = ['on', '1'].includes(word) || (!['off', '0'].includes(word) && !fixed);
  return gives ? Math.max(0, dom0 - LEAST) : 0;
}
