import { isName } from '@mln/core';
import type { Principal } from '../protocol.js';

/** Whose a certificate is. */
export type Kind = 'user' | 'server';

/**
 * Gives the principal that the subject of a certificate names, as node reads it: OU is the kind, CN the name, each there
 * once, and no other attribute. Null: it names nobody.
 */
export function principalIn(subject: unknown): Principal | null {
  if (typeof subject !== 'object' || subject === null) return null;
  const { OU: kind, CN: name } = subject as { readonly OU?: unknown; readonly CN?: unknown };
  if (Object.keys(subject).length !== 2 || typeof name !== 'string' || !isName(name)) return null;
  return kind === 'user' || kind === 'server' ? { kind, name } : null;
}
