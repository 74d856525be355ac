import { failure, isName } from '@mln/core';
import { principalText, type Principal, type Verb } from '../protocol.js';
import type { Rights } from '../rights/rights.js';

/** Who asks, and for whom. */
export interface Asker {
  readonly principal: Principal;
  readonly onBehalfOf: Principal | null;
}

/** Throws MLN_NOT_ALLOWED where one of those who ask has no right. */
export type Guard = (asker: Asker, verb: Verb, project?: string) => void;

/** What counts at the moment: both the one who asks and the one for whom it asks need the right. */
export function createGuard(rights: () => Rights, groups: () => readonly string[]): Guard {
  return ({ principal, onBehalfOf }, verb, project) => {
    for (const each of onBehalfOf === null ? [principal] : [principal, onBehalfOf])
      rights().require({ principal: each, verb, project: project ?? null, groups: groups() });
  };
}

/** For whom a server asks, as its header says. Whoever is no server asks for itself alone. */
export function behalfOf(principal: Principal, header: string | undefined): Principal | null {
  if (principal.kind !== 'server' || header === undefined) return null;
  // A user of the machine that asks, whom nobody else knows: the server answers for it.
  if (header === 'local') return null;
  const found = readPrincipal(header);
  if (!found) throw failure('MLN_BAD_REQUEST', 'the header that says for whom is asked names nobody');
  return principalText(found) === principalText(principal) ? null : found;
}

/** Reads what {@link principalText} writes. */
function readPrincipal(text: string): Principal | null {
  const [, kind, name = ''] = /^(user|server):(.+)$/.exec(text) ?? [];
  return kind !== undefined && isName(name) ? { kind: kind as 'user' | 'server', name } : null;
}
