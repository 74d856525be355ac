import { failure, isMlnError, type Problems } from './errors.js';
import { hintOfNone, hintOfTwo } from './claim-hints.js';
import type { Hooks } from './hooks.js';
import type { KeywordTable } from './keywords.js';
import type { Host, Project, Switch, Unit } from './project.js';
import type { View } from './view.js';

/** What claiming needs beside the project. */
export interface Claiming {
  readonly hooks: Hooks;
  readonly keywords: KeywordTable;
  readonly problems: Problems;
  readonly viewOf: (unit: Unit) => View;
}

/** Lets plug-ins claim units: hosts first; a switch that nobody claims takes the platform of its hosts. */
export function claimUnits(draft: Project, { hooks, keywords, problems, viewOf }: Claiming): Project {
  const failed = new Set<string>();
  const claimOne = <U extends Unit>(unit: U, project: Project): U => {
    try {
      const answer = hooks.resolveUnit.call(unit, viewOf(unit), project) as U;
      if (answer.hypervisor !== null) return answer;
      throw failure('MLN_NO_CLAIM', `no plug-in runs the ${unit.kind} ${unit.name}`, {
        place: unit.place ?? undefined,
        hint: hintOfNone(unit, viewOf(unit), keywords, hooks),
      });
    } catch (error) {
      if (!isMlnError(error)) throw error;
      const twoHint = (message: string): string | undefined =>
        hintOfTwo(unit, viewOf(unit), project, keywords, message);
      problems.addAll(
        error.problems.map((problem) =>
          problem.code === 'MLN_TWO_CLAIMS' ? { ...problem, hint: problem.hint ?? twoHint(problem.message) } : problem,
        ),
      );
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
