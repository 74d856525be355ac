import type { Problem } from '../errors.js';
import type { Disk, Host } from '../project.js';
import { formatSize } from '../values.js';
import { rootOf } from './cost.js';
import type { UpgradeClass, UpgradeConsent } from './items.js';

/**
 * What would be lost of a host without consent: its disk is made anew, or smaller than it was said to be. Where one of two
 * sizes is left to the template, the disk itself must be looked at.
 */
export function lossesOf(old: Host, fresh: Host, cost: UpgradeClass, consent: UpgradeConsent): readonly Problem[] {
  if (consent.all) return [];
  const { name, lines, place } = fresh;
  if (cost === 'rebuild') {
    if (consent.rebuild?.includes(name)) return [];
    const [before, now] = [sourceOf(old), sourceOf(fresh)];
    const what = `its disk would be of ${now}, no more of ${before}: what is on it now is lost`;
    return [loss(name, what, 'rebuild', lines?.template ?? lines?.filesystem ?? place)];
  }
  const smaller = shrinks(rootOf(old), rootOf(fresh));
  if (smaller === null || consent.shrink?.includes(name)) return [];
  return [loss(name, `its disk would be made smaller, ${smaller}`, 'shrink', lines?.size ?? place)];
}

function loss(name: string, what: string, option: string, place: Host['place']): Problem {
  return {
    severity: 'error',
    code: 'MLN_DATA_LOSS',
    message: `${name}: ${what}`,
    hint: `--${option} ${name} agrees to it`,
    place: place ?? undefined,
  };
}

function sourceOf(host: Host): string {
  const root = rootOf(host);
  if (root?.existing === true) return root.path;
  return host.template === null ? 'the usual template' : `the template ${host.template}`;
}

function shrinks(old: Disk | undefined, fresh: Disk | undefined): string | null {
  if (!old || !fresh || old.existing || fresh.existing) return null;
  if (old.freeSpace !== null && fresh.freeSpace === null && fresh.size === null)
    return `by its free space of ${formatSize(old.freeSpace)}`;
  const free = old.freeSpace !== null && fresh.freeSpace !== null;
  const [before, now] = free ? [old.freeSpace, fresh.freeSpace] : [sizeOf(old), sizeOf(fresh)];
  if (before === null || now === null || now >= before) return null;
  return `${free ? 'by its free space ' : ''}from ${formatSize(before)} to ${formatSize(now)}`;
}

/** The size that a disk was given; null where it follows from its template. */
function sizeOf({ size, freeSpace }: Disk): number | null {
  return freeSpace === null ? size : null;
}
