import type { Daemon, Route } from '../server/route.js';

/** Joining, and revocations. */
export function authorityRoutes(_daemon: Daemon): readonly Route[] {
  return [];
}
