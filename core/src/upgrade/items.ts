import type { Change } from '../diff.js';

/**
 * What an upgrade does with a unit, in ascending order of what it costs. `live`: it runs on, and finds the change at its
 * next start. `restart`: it is stopped and started. `edit`: and its disk is edited in between. `resize`, `platform`,
 * `move`, `rebuild`: its disk is made larger or smaller, changes its hypervisor or store, its server, or is made anew.
 */
export type UpgradeClass =
  'none' | 'live' | 'restart' | 'edit' | 'resize' | 'platform' | 'move' | 'rebuild' | 'new' | 'removed';

/** What an upgrade does with one unit, and why. */
export interface UpgradeItem {
  readonly kind: 'host' | 'switch';
  /** As it will be called; of a removed one, as it was. */
  readonly name: string;
  /** Its earlier name, where it has another one. */
  readonly was: string | null;
  readonly class: UpgradeClass;
  /** What differs, keyword by keyword. */
  readonly changes: readonly Change[];
  /** It does not run while the upgrade is carried out. */
  readonly stops: boolean;
  /** Where its server changes; null is this machine. */
  readonly from?: string | null;
  readonly to?: string | null;
  /** Hosts that run on and notice: what they talk to through a switch is away for a while. */
  readonly notices: readonly string[];
}

/** What may be lost only where it was asked for, by names of hosts. */
export interface UpgradeConsent {
  /** These are made anew, whether their templates have changed or not. */
  readonly rebuild?: readonly string[];
  readonly shrink?: readonly string[];
  /** Hosts that copy something whose content has changed. */
  readonly copied?: readonly string[];
  /** It is asked what would become of them, and nothing is refused. */
  readonly all?: true;
}

/** The classes of hosts that were there before, in ascending order of what they cost. */
const ladder: readonly UpgradeClass[] = ['none', 'live', 'restart', 'edit', 'resize', 'platform', 'move', 'rebuild'];

/** Of classes of one host that which costs most; none where there is none. */
export function costliest(classes: readonly UpgradeClass[]): UpgradeClass {
  return classes.reduce((one, other) => (ladder.indexOf(other) > ladder.indexOf(one) ? other : one), 'none');
}
