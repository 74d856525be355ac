import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { failure, systemFailure } from '@mln/core';
import { readAddress } from '../client/address.js';
import type { Daemon } from '../server/route.js';
import { VXLAN_MTU } from './mtu.js';
import { deviceOf } from './numbers.js';
import type { LocalPart } from './part.js';
import { othersOf } from './shape.js';
import { makeVxlan, overheadOf, routeTo, type Vxlan } from './vxlan.js';

/** Joins the bridge that is a switch's part here to those on its other servers, by a VXLAN with that number. */
export async function joinBridge(daemon: Daemon, part: LocalPart, bridge: string, number: number): Promise<void> {
  await makeVxlan(daemon.mln.shell, await describe(daemon, part, bridge, number));
}

async function describe(daemon: Daemon, part: LocalPart, bridge: string, number: number): Promise<Vxlan> {
  const { project, unit, shape, own } = part;
  const { shell } = daemon.mln;
  const what = `${unit.name}.${project.name}`;
  const unnamed = shape.servers.filter((each) => each === null || each.startsWith('~'));
  if (unnamed.length > 0)
    throw failure(
      'MLN_NO_SERVER',
      `the switch ${what} is joined between bridges, and its home has no name to be called by`,
      {
        hint: 'give the machine a service_host in its configuration, and all others its address, in the option servers',
      },
    );
  const servers = othersOf(shape, own);
  const peers = await Promise.all(servers.map((server) => addressOf(daemon, server)));
  const routes = await Promise.all(peers.map((peer) => routeTo(shell, peer)));
  const [first = ''] = peers;
  const families = new Set(peers.map(isIP));
  if (families.size > 1)
    throw failure('MLN_UNSUPPORTED', `the servers of the switch ${what} have addresses of IPv4 and of IPv6`, {
      hint: 'give all of them addresses of one kind, in the option servers',
    });
  const needed = Math.max(
    ...unit.ports.map(([host, card]) => mtuOf(part, host, card) ?? VXLAN_MTU[isIP(first) === 6 ? 6 : 4]),
  );
  for (const [index, { mtu }] of routes.entries()) {
    const fits = mtu - overheadOf(first);
    if (needed > fits)
      throw failure(
        'MLN_UNSUPPORTED',
        `the switch ${what}: the network to ${servers[index] ?? ''} has an mtu of ${mtu}, which leaves guests ${fits}, not ${needed}`,
        { hint: `say mtu ${fits} in the network blocks of its hosts, and build anew` },
      );
  }
  return {
    name: deviceOf(project, unit),
    number,
    alias: `mln-tunnel:${project.name}:${unit.name}`,
    bridge,
    local: listensOn(daemon, isIP(first)) ?? routes[0]?.from ?? '',
    peers,
    mtu: needed,
  };
}

function mtuOf({ project }: LocalPart, host: string, card: string): number | null {
  const found = project.hosts.find(({ name }) => name === host);
  return found?.interfaces.find(({ name }) => name === card)?.mtu ?? null;
}

/** The address of a server, as others of the configuration would resolve it. */
async function addressOf({ options: { servers = {} } }: Daemon, server: string): Promise<string> {
  const text = servers[server];
  const host = text === undefined ? undefined : readAddress(text)?.host;
  if (host === undefined)
    throw failure('MLN_NO_SERVER', `the address of ${server} is not known here`, {
      hint: `name it in the configuration, in the option servers of @mln/plugin-daemon: { "${server}": "10.0.0.3" }`,
    });
  if (isIP(host)) return host;
  try {
    return (await lookup(host)).address;
  } catch (error) {
    throw systemFailure(error, `the address of ${server} cannot be found`);
  }
}

/** The daemon's own address, where it listens on one alone: what others know it by. */
function listensOn({ options: { listen = [] } }: Daemon, family: number): string | null {
  const hosts = listen.flatMap((each) => readAddress(each)?.host ?? []);
  const general = ['0.0.0.0', '::', '127.0.0.1', '::1'];
  return hosts.find((host) => isIP(host) === family && !general.includes(host)) ?? null;
}
