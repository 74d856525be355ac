import type { Daemon, Route } from '../server/route.js';

/** Files and templates by their digests. */
export function transferRoutes(_daemon: Daemon): readonly Route[] {
  return [];
}
