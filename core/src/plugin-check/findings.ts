import { isMlnError, messageOf, type ErrorDetails, type Place } from '../errors.js';

/** One thing that was looked at. */
export interface Finding {
  /** wrong: mln, npm or whoever uses it stumbles over it. warning: it could be better. */
  readonly state: 'ok' | 'warning' | 'wrong';
  /** What was looked at, in a word. */
  readonly what: string;
  readonly detail: string;
  readonly code?: string | undefined;
  readonly place?: Place | undefined;
  readonly hint?: string | undefined;
}

/** What a check finds, one after the other. */
export interface Findings {
  readonly all: readonly Finding[];
  ok(what: string, detail: string): void;
  warn(what: string, detail: string, details?: Pick<ErrorDetails, 'hint' | 'place'>): void;
  wrong(what: string, detail: string, details?: Pick<ErrorDetails, 'hint' | 'place'>): void;
  /** Takes in all problems of an error. */
  thrown(what: string, error: unknown): void;
  /** Whether anything of this kind was found wrong. */
  failed(what?: string): boolean;
}

export function createFindings(): Findings {
  const all: Finding[] = [];
  const findings: Findings = {
    all,
    ok: (what, detail) => void all.push({ state: 'ok', what, detail }),
    warn: (what, detail, details = {}) => void all.push({ state: 'warning', what, detail, ...details }),
    wrong: (what, detail, details = {}) => void all.push({ state: 'wrong', what, detail, ...details }),
    thrown(what, error) {
      if (!isMlnError(error)) findings.wrong(what, messageOf(error));
      else
        for (const { severity, code, message, place, hint } of error.problems)
          all.push({
            state: severity === 'error' ? 'wrong' : 'warning',
            what,
            detail: message,
            code,
            place,
            hint,
          });
    },
    failed: (what) => all.some((each) => each.state === 'wrong' && (what === undefined || each.what === what)),
  };
  return findings;
}
