import { failure, isMlnError, type Problems } from './errors.js';
import type { Hooks } from './hooks.js';
import type { Host, Project, Switch, Unit } from './project.js';
import type { View } from './view.js';

/** Lets plug-ins claim units: hosts first; a switch that nobody claims takes the platform of its hosts. */
export function claimUnits(draft: Project, viewOf: (unit: Unit) => View, hooks: Hooks, problems: Problems): Project {
  const failed = new Set<string>();
  const claimOne = <U extends Unit>(unit: U, project: Project): U => {
    try {
      const answer = hooks.resolveUnit.call(unit, viewOf(unit), project) as U;
      if (answer.hypervisor === null) throw unclaimed(unit);
      return answer;
    } catch (error) {
      if (!isMlnError(error)) throw error;
      problems.addAll(error.problems);
      failed.add(unit.name);
      return unit;
    }
  };
  const hosts = draft.hosts.map((host): Host => claimOne(host, draft));
  const withHosts = { ...draft, hosts };
  // Where a host could not be claimed, its switches are not to blame.
  if (failed.size > 0) return withHosts;
  return { ...withHosts, switches: draft.switches.map((each): Switch => claimOne(each, withHosts)) };
}

function unclaimed(unit: Unit): Error {
  return failure('MLN_NO_CLAIM', `no plug-in runs the ${unit.kind} ${unit.name}`, {
    place: unit.place ?? undefined,
    hint: 'load a hypervisor’s plug-in, such as @mln/plugin-uml',
  });
}
