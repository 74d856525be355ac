import { isMlnError, messageOf, type Checks, type Finding, type Mln } from '@mln/core';
import { createClient, LOCAL, type FleetClient } from '../client/client.js';
import { placesOf, type Options } from '../options.js';
import type { ServerInfo } from '../protocol.js';
import { certificateFindings } from '../tls/checks.js';

const group = 'service hosts';
/** Seconds that a server may take to answer. */
const LIMIT = 3;

/** What a service host, and whoever talks with others, needs. Only where the plug-in is told anything of either. */
export function addChecks(checks: Checks, mln: Mln, options: Options): void {
  const { listen = [], servers = {} } = options;
  const serves = listen.length > 0;
  const talks = Object.keys(servers).length > 0;
  const client = createClient(mln, options);
  const wanted = (needed: boolean): 'always' | 'asked' => (needed ? 'always' : 'asked');
  checks.add({
    id: 'daemon',
    group,
    title: 'daemon',
    need: wanted(serves),
    run: () => daemonFinding(mln, options, client),
  });
  checks.add({
    id: 'certificate',
    group,
    title: 'certificate',
    need: wanted(serves || talks),
    run: () => certificateFinding(placesOf(options, mln.folders).fleet),
  });
  if (process.getuid?.() === 0)
    checks.add({
      id: 'guest-user',
      group,
      title: 'user of guests',
      need: wanted(serves),
      run: () => userFinding(mln, options.guestUser ?? 'mln-guest'),
    });
  for (const server of Object.keys(servers))
    if (server !== mln.configuration.serviceHost)
      checks.add({
        id: `server-${server}`,
        group,
        title: server,
        need: 'never',
        limit: LIMIT + 2,
        run: () => serverFinding(client, server),
      });
}

async function daemonFinding(mln: Mln, options: Options, client: FleetClient): Promise<Finding> {
  const { listen = [] } = options;
  const { socket } = placesOf(options, mln.folders);
  try {
    const { name, groups } = await infoOf(client, LOCAL);
    const where = listen.length === 0 ? 'on its socket alone' : `on ${listen.join(', ')}`;
    return {
      state: 'ok',
      detail: `${name ?? 'a machine without a name'} answers, ${where}${groups.length === 0 ? '' : `; groups: ${groups.join(', ')}`}`,
    };
  } catch (error) {
    if (!isMlnError(error)) throw error;
    const busy = await busyAddresses(listen);
    return {
      state: 'missing',
      detail: `no daemon answers on ${socket}: ${messageOf(error)}${busy.length === 0 ? '' : `; something else has ${busy.join(', ')}`}`,
      remedy: 'systemctl start mln-daemon, or mln daemon',
    };
  }
}

/** Addresses that a daemon could not listen on. */
async function busyAddresses(listen: readonly string[]): Promise<readonly string[]> {
  const { createServer } = await import('node:net');
  const { readAddress } = await import('../client/address.js');
  const tries = listen.map(async (text): Promise<readonly string[]> => {
    const address = readAddress(text);
    if (!address) return [`${text} (which is no address)`];
    return new Promise((resolve) => {
      const server = createServer();
      server.once('error', (error: NodeJS.ErrnoException) => {
        resolve([`${text} (${error.code ?? error.message})`]);
      });
      server.listen(address, () => {
        server.close(() => {
          resolve([]);
        });
      });
    });
  });
  return (await Promise.all(tries)).flat();
}

async function certificateFinding(fleet: string): Promise<Finding> {
  const [worst, ...others] = await certificateFindings(fleet);
  if (!worst) return { state: 'ok', detail: fleet };
  const details = [worst, ...others.filter(({ state }) => state === worst.state)].map(({ detail }) => detail);
  return { ...worst, detail: details.join('; ') };
}

async function userFinding(mln: Mln, user: string): Promise<Finding> {
  const { exitCode } = await mln.shell('getent', ['passwd', user], { accept: [0, 2], ignoreStdout: true });
  if (exitCode !== 0)
    return {
      state: 'missing',
      detail: `there is no user ${user}, as whom User-Mode Linux guests of others run`,
      remedy: 'mln setup --service-host makes it (as root)',
    };
  return { state: 'ok', detail: user };
}

async function serverFinding(client: FleetClient, server: string): Promise<Finding> {
  const before = performance.now();
  const { protocols } = await infoOf(client, server);
  const ms = Math.round(performance.now() - before);
  return { state: 'ok', detail: `answers in ${ms} ms, protocol ${protocols.join(', ')}` };
}

async function infoOf(client: FleetClient, server: string): Promise<ServerInfo> {
  return (await client.request(server, 'GET', '/v1/server', { timeout: LIMIT * 1000 })) as ServerInfo;
}
