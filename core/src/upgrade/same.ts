import type { Project } from '../project.js';
import type { UpgradeItem } from './items.js';

/** Whether an upgrade would change nothing: no unit, and nothing of the project as a whole. */
export function sameProject(previous: Project, project: Project, items: readonly UpgradeItem[]): boolean {
  const whole = ({ name, hookBlocks, variables }: Project): string => JSON.stringify([name, hookBlocks, variables]);
  return items.every((item) => item.class === 'none') && whole(previous) === whole(project);
}
