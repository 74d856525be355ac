import type { Daemon, Route } from '../server/route.js';

/** What a server tells of itself, of its projects and their guests. */
export function fleetRoutes(_daemon: Daemon): readonly Route[] {
  return [];
}
