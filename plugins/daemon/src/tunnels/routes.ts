import type { Daemon, Route, UpgradeRoute } from '../server/route.js';

export function tunnelRoutes(_daemon: Daemon): readonly Route[] {
  return [];
}

export function tunnelUpgrades(_daemon: Daemon): readonly UpgradeRoute[] {
  return [];
}
