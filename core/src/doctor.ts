import { isMlnError, messageOf, type MlnError } from './errors.js';
import type { Scratch } from './doctor-scratch.js';

/** What a check found on this machine, in one line, and what to do about it. */
export interface Finding {
  /** `warning`: it can be done, but worse than it could be. `missing`: it cannot be done. */
  readonly state: 'ok' | 'warning' | 'missing';
  /** One line: versions, figures, or the reason. */
  readonly detail: string;
  /** One line. Left out where packages say it. */
  readonly remedy?: string | undefined;
  /** Debian packages that bring what is missing. */
  readonly packages?: readonly string[];
}

/** One thing that mln needs of the machine, and how it is tried out. */
export interface Check {
  /** The name that it can be asked for by; no other check of the plug-in has it. */
  readonly id: string;
  /** What one wants to do with it: the heading that it stands under. */
  readonly group: string;
  readonly title: string;
  /** Who needs it: everybody, those alone who ask for it by name, or nobody: it is useful. */
  readonly need: 'always' | 'asked' | 'never';
  /** Seconds that it may take; 10 where left out. */
  readonly limit?: number;
  /** It looks for programs, and does nothing else: quick enough for `mln setup`. */
  readonly light?: true;
  /** Tries it out; leaves nothing behind but what lies in a scratch folder. */
  run(scratch: Scratch): Promise<Finding>;
}

/** What the named hook `doctor` fills. */
export interface Checks {
  add(...checks: readonly Check[]): void;
}

/** A check with the plug-in that brings it. */
export interface OwnedCheck {
  readonly plugin: string;
  readonly check: Check;
}

/** Collects checks, of the core and of plug-ins. */
export interface CheckList extends Checks {
  readonly all: readonly OwnedCheck[];
  /** Lets a plug-in add its checks. One that fails at that becomes a check that says so. */
  from(plugin: string, tap: (checks: Checks) => unknown): Promise<void>;
}

/** What a check came to. `absent`: it is missing, and nobody here needs it. */
export interface Examined {
  readonly group: string;
  readonly plugin: string;
  readonly check: string;
  readonly title: string;
  readonly needed: boolean;
  readonly state: Finding['state'] | 'absent';
  readonly detail: string;
  readonly remedy: string | null;
  readonly packages: readonly string[];
}

/** Seconds that a check may take which says nothing of it. */
const LIMIT = 10;

export function createCheckList(): CheckList {
  const all: OwnedCheck[] = [];
  return {
    all,
    add: (...checks) => {
      all.push(...checks.map((check) => ({ plugin: 'core', check })));
    },
    async from(plugin, tap) {
      const own: OwnedCheck[] = [];
      try {
        await tap({ add: (...checks) => own.push(...checks.map((check) => ({ plugin, check }))) });
        all.push(...own);
      } catch (error) {
        const run = (): Promise<Finding> => Promise.reject(error instanceof Error ? error : new Error(String(error)));
        all.push({
          plugin,
          check: { id: 'checks', group: `the plug-in ${plugin}`, title: 'checks', need: 'always', run },
        });
      }
    },
  };
}

/**
 * Runs checks side by side, each with its time limit; none ends the others. What is asked for by name is needed by who
 * asks. They come back in the order of their groups.
 */
export async function examine(
  checks: readonly OwnedCheck[],
  scratch: Scratch,
  asked: (check: OwnedCheck) => boolean,
): Promise<readonly Examined[]> {
  const groups = [...new Set(checks.map(({ check }) => check.group))];
  const ordered = groups.flatMap((group) => checks.filter(({ check }) => check.group === group));
  return Promise.all(
    ordered.map(async (each): Promise<Examined> => {
      const { plugin, check } = each;
      const { state, detail, remedy, packages = [] } = await findingOf(each, scratch);
      const needed = check.need === 'always' || (check.need === 'asked' && asked(each));
      return {
        group: check.group,
        plugin,
        check: check.id,
        title: check.title,
        needed,
        state: state === 'missing' && !needed ? 'absent' : state,
        detail: oneLine(detail),
        remedy: remedy === undefined ? installation(packages) : oneLine(remedy),
        packages: state === 'ok' ? [] : packages,
      };
    }),
  );
}

/** The line that installs Debian packages; null where there are none. */
export function installation(packages: readonly string[]): string | null {
  return packages.length === 0 ? null : `apt-get install ${[...new Set(packages)].join(' ')}`;
}

async function findingOf({ plugin, check }: OwnedCheck, scratch: Scratch): Promise<Finding> {
  const limit = check.limit ?? LIMIT;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding>((resolve) => {
    timer = setTimeout(() => {
      resolve({ state: 'missing', detail: `nothing is known after ${limit} s`, remedy: 'try again when less runs' });
    }, limit * 1000);
  });
  try {
    return await Promise.race([check.run(scratch), late]);
  } catch (error) {
    return isMlnError(error) ? problemFound(error) : faultOf(plugin, check, error);
  } finally {
    clearTimeout(timer);
  }
}

/** An error that is meant for users is a finding like others. */
export function problemFound(error: MlnError): Finding {
  return { state: 'missing', detail: error.message, remedy: error.problems[0]?.hint };
}

function faultOf(plugin: string, { id }: Check, error: unknown): Finding {
  return {
    state: 'missing',
    detail: `the plug-in ${plugin} failed in its check ${id}: ${messageOf(error)}`,
    remedy: 'this is a fault of the plug-in; tell whoever makes it',
  };
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, '; ');
}
