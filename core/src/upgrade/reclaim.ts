import { Problems } from '../errors.js';
import type { Mln } from '../kernel.js';
import type { Project, Switch } from '../project.js';
import { Scope, type ReadingContext } from '../scope.js';
import { View } from '../view.js';

/**
 * A project some of whose hosts are on other servers than it was resolved for: its switches are claimed anew, as what they
 * are depends on how many servers they are on. What their blocks said stays.
 */
export function withSwitchesClaimed({ hooks, keywords }: Mln, project: Project): Project {
  const problems = new Problems();
  const context: ReadingContext = { problems, keywords, set: new Map(), asked: new Set(), replaced: { length: 0 } };
  const nothing = new View({ layers: [], scope: new Scope([], null, context), kind: 'switch' }, context);
  const switches = project.switches.map(
    (each) => hooks.resolveUnit.call({ ...each, hypervisor: null }, nothing, project) as Switch,
  );
  problems.throwErrors();
  return { ...project, switches };
}
