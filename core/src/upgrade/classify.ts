import type { KeywordTable } from '../keywords.js';
import type { Project } from '../project.js';
import type { UpgradeConsent, UpgradeItem } from './items.js';

/**
 * Compares a project as it was built with what it is to be, unit by unit: switches, then hosts in the new start order, then
 * what is removed. Throws MLN_DATA_LOSS, for all hosts at once, where a disk would be made anew or smaller without consent.
 */
export function classify(
  _old: Project,
  _fresh: Project,
  _keywords: KeywordTable,
  _consent: UpgradeConsent,
): readonly UpgradeItem[] {
  throw new Error('placeholder');
}
