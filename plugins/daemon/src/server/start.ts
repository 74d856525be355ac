import type { Server } from 'node:http';
import type { Mln } from '@mln/core';
import type { Logger } from 'pino';
import { addressText, type Address } from '../client/address.js';
import { createClient, LOCAL, type FleetClient } from '../client/client.js';
import { createWays } from '../client/way.js';
import { guestRoutes } from '../coordinate/routes.js';
import { createKeeper } from '../fleet/keeper.js';
import { requestCounts } from '../fleet/request-counts.js';
import { fleetRoutes } from '../fleet/routes.js';
import { ownsRoute } from '../images/owns.js';
import { createOperations } from '../operations/create.js';
import { guestFolders } from '../operations/guest-user.js';
import { imageUpgrades } from '../images/routes.js';
import { operationRoutes } from '../operations/routes.js';
import type { SpawnWorker } from '../operations/spawn-worker.js';
import { placesOf, type Options } from '../options.js';
import { authorityRoutes } from '../tls/routes.js';
import { certificateProblem, principalOf } from '../tls/identity.js';
import { fetchRevoked, revokedHook } from '../tls/revocations.js';
import { transferRoutes } from '../transfer/routes.js';
import { joinProject, leaveProject } from '../tunnels/join.js';
import { tunnelRoutes, tunnelUpgrades } from '../tunnels/routes.js';
import { tunnelsOf } from '../tunnels/tunnels.js';
import { createGuard } from './access.js';
import { holdState } from './hold.js';
import { usualLimits, type Limits } from './limits.js';
import { fleetServer, listenOn, localServer } from './listen.js';
import { createPeers } from './peers.js';
import type { Surface } from './requests.js';
import type { Daemon } from './route.js';
import { listenAddresses, optionsIn, readSettings, type Settings } from './settings.js';
import { listenLocally } from './unix-socket.js';

/** Milliseconds between two times that others are asked for newer revocations. */
const REVOCATIONS = 600_000;
/** Milliseconds that answers which are being written get at the end. */
const LAST = 2000;

export interface StartOptions {
  readonly logger: Logger;
  readonly limits?: Limits;
  readonly spawn?: SpawnWorker;
}

/** A daemon that answers. */
export interface RunningDaemon {
  readonly daemon: Daemon;
  /** What is to be said of operations that an earlier daemon left. */
  readonly found: readonly string[];
  /** Reads all that it is told anew. Throws what is wrong with it; then what counted before goes on to count. */
  reload(): Promise<void>;
  /** Takes nothing new, waits so many milliseconds for what ends soon, and lets go of everything. */
  close(limit: number): Promise<void>;
}

/** Makes a daemon, and has it answer. Throws what keeps it from that. */
export async function startDaemon(
  mln: Mln,
  options: Options,
  { logger, limits = usualLimits, spawn }: StartOptions,
): Promise<RunningDaemon> {
  let settings = await readSettings(mln, options);
  const { state, socket } = placesOf(options, mln.folders);
  const letGo = await holdState(state);
  const closing = new AbortController();
  const guard = createGuard(
    () => settings.rights,
    () => settings.options.groups ?? [],
  );
  const operations = createOperations(() => daemon, {
    guard,
    relaying: () => ({ surface, ways: () => ways }),
    tunnels: {
      join: (project, switches) => joinProject(daemon, project, switches),
      leave: (project, switches) => leaveProject(daemon, project, switches),
    },
    ...(spawn === undefined ? {} : { spawn }),
  });
  let client: FleetClient = createClient(mln, options);
  let ways = createWays(mln, options, LOCAL);
  const daemon: Daemon = {
    mln,
    name: mln.configuration.serviceHost,
    logger,
    operations,
    get options() {
      return settings.options;
    },
    get places() {
      return { ...placesOf(settings.options, mln.folders), state, socket };
    },
    get client() {
      return client;
    },
    projectFolders: async () => [mln.folders.projects, ...(await guestFolders(daemon.places))],
  };
  const surface: Surface = {
    routes: [
      ...authorityRoutes(daemon),
      ...transferRoutes(daemon),
      ...fleetRoutes(daemon),
      ownsRoute(daemon),
      ...guestRoutes(daemon),
      ...tunnelRoutes(daemon),
      ...operationRoutes(daemon),
    ],
    upgrades: [...tunnelUpgrades(daemon), ...imageUpgrades(daemon)],
    guard,
    logger,
    limits,
    peers: createPeers(limits, (address) => settings.allows(address)),
    closing: closing.signal,
    count: (method, status) => {
      requestCounts(daemon).count(method, status);
    },
  };
  const keeper = createKeeper(daemon);
  const warn = ({ options: { listen = [] }, rights }: Settings): void => {
    if (listen.length > 0 && !rights.told)
      logger.warn(
        { file: daemon.places.roles },
        'there is no file of roles: nobody but users of this machine may do anything',
      );
  };
  warn(settings);
  const network = createNetwork(surface, () => settings);
  const local = localServer(surface);
  const timer = setInterval(() => void fetchRevoked(daemon), REVOCATIONS);
  timer.unref();

  const take = (next: Settings): void => {
    const sameRights = next.stamp === settings.stamp;
    settings = next;
    warn(next);
    network.refresh();
    // Connections of the old one end when nobody uses them.
    client = createClient(mln, next.options);
    ways = createWays(mln, next.options, LOCAL);
    // Whose certificate or right is gone by now has its tunnels ended, too.
    if (!sameRights) tunnelsOf(daemon).renew();
  };
  const close = async (limit: number): Promise<void> => {
    clearInterval(timer);
    await keeper.close();
    await operations.drain(limit);
    await tunnelsOf(daemon).close();
    closing.abort();
    await Promise.all([endServer(local), network.close()]);
    operations.close();
    client.close();
    ways.close();
    await letGo();
  };
  try {
    const found = await operations.resume();
    await network.listen(listenAddresses(options));
    await listenLocally(local, socket, options.socketGroup, mln.shell);
    revokedHook(mln).tap('daemon', () => {
      readSettings(mln, settings.options).then(take, (error: unknown) => {
        logger.error({ err: error }, 'newer revocations cannot be read');
      });
    });
    await tunnelsOf(daemon).resume();
    void fetchRevoked(daemon);
    keeper.begin();
    return {
      daemon,
      found,
      async reload() {
        const next = await readSettings(mln, optionsIn(await mln.reread(), mln.plugins) ?? settings.options);
        await network.listen(listenAddresses(next.options), next);
        take(next);
      },
      close,
    };
  } catch (error) {
    await close(0).catch(() => undefined);
    throw error;
  }
}

/** The addresses that a daemon listens on. */
interface Network {
  /** Listens on these addresses, and on no others any more. */
  listen(addresses: readonly Address[], settings?: Settings): Promise<void>;
  /** Has new connections begin with the certificates that count now. */
  refresh(): void;
  close(): Promise<void>;
}

function createNetwork(surface: Surface, settings: () => Settings): Network {
  const servers = new Map<string, ReturnType<typeof fleetServer>>();
  return {
    async listen(addresses, { secure } = settings()) {
      const wanted = new Map(addresses.map((address) => [addressText(address), address]));
      const opened = new Map<string, ReturnType<typeof fleetServer>>();
      try {
        for (const [text, address] of wanted) {
          if (servers.has(text) || secure === null) continue;
          const server = fleetServer(surface, secure.context, (peer) => {
            const revoked = settings().secure?.revoked;
            return principalOf(peer, revoked) ?? certificateProblem(peer, revoked);
          });
          await listenOn(server, address);
          opened.set(text, server);
        }
      } catch (error) {
        await Promise.all([...opened.values()].map(endServer));
        throw error;
      }
      const left = [...servers].filter(([text]) => !wanted.has(text));
      for (const [text] of left) servers.delete(text);
      for (const [text, server] of opened) servers.set(text, server);
      void Promise.all(left.map(([, server]) => endServer(server)));
    },
    refresh() {
      const { secure } = settings();
      if (secure) for (const server of servers.values()) server.setSecureContext(secure.context);
    },
    async close() {
      await Promise.all([...servers.values()].map(endServer));
    },
  };
}

async function endServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, LAST);
  await closed;
  clearTimeout(timer);
}
