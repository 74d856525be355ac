import { isIPv6 } from 'node:net';
import { failure, type Shell } from '@mln/core';

/** The port of RFC 7348. */
const PORT = 4789;

/** What a VXLAN adds to each packet that it carries, headers of Ethernet, IP, UDP and its own, in bytes; RFC 7348. */
export function overheadOf(address: string): number {
  return isIPv6(address) ? 70 : 50;
}

/** One end of a VXLAN (RFC 7348): a network interface in a bridge, that sends what has many receivers to each peer. */
export interface Vxlan {
  /** The name of the interface. */
  readonly name: string;
  /** Its network identifier. */
  readonly number: number;
  /** What marks it as made here. */
  readonly alias: string;
  readonly bridge: string;
  readonly local: string;
  /** The addresses of the other ends. */
  readonly peers: readonly string[];
  readonly mtu: number;
}

interface Link {
  readonly ifname: string;
  readonly mtu: number;
  readonly ifalias?: string;
  readonly linkinfo?: {
    readonly info_data?: { readonly id?: number; readonly local?: string; readonly local6?: string };
  };
}

/** The VXLANs of this machine, whoever made them: name and number. */
export async function readVxlans(shell: Shell): Promise<readonly { readonly name: string; readonly number: number }[]> {
  const links = await linksOf(shell, ['type', 'vxlan']);
  return links.flatMap(({ ifname: name, linkinfo }) => {
    const number = linkinfo?.info_data?.id;
    return number === undefined ? [] : [{ name, number }];
  });
}

/** The bridge that bears an alias with this beginning; null where none does. */
export async function bridgeWith(shell: Shell, alias: string): Promise<string | null> {
  const bridges = await linksOf(shell, ['type', 'bridge']);
  return bridges.find(({ ifalias = '' }) => ifalias.startsWith(alias))?.ifname ?? null;
}

/**
 * Makes an end of a VXLAN, or lets the one that is there be as it is to be. Traffic goes on meanwhile unless its number or
 * its own address have changed. Throws MLN_COMMAND_FAILED, also where somebody else has the number.
 */
export async function makeVxlan(shell: Shell, vxlan: Vxlan): Promise<void> {
  const { name, number, alias, bridge, local, mtu } = vxlan;
  const [there] = await linksOf(shell, ['dev', name]);
  const data = there?.linkinfo?.info_data;
  const fits = data?.id === number && (data.local ?? data.local6) === local;
  if (there && !fits) await removeVxlan(shell, name);
  if (!fits) {
    const settings = ['id', String(number), 'local', local, 'dstport', String(PORT)];
    await shell('ip', ['link', 'add', 'name', name, 'mtu', String(mtu), 'type', 'vxlan', ...settings]);
  }
  try {
    await shell('ip', ['link', 'set', 'dev', name, 'alias', alias, 'mtu', String(mtu)]);
    await setPeers(shell, vxlan);
    await shell('ip', ['link', 'set', 'dev', name, 'master', bridge, 'up']);
  } catch (error) {
    await removeVxlan(shell, name);
    throw error;
  }
}

/** Takes an end of a VXLAN away, where it is there. */
export async function removeVxlan(shell: Shell, name: string): Promise<void> {
  const { exitCode, stderr } = await shell('ip', ['link', 'delete', 'dev', name], { accept: [0, 1, 2] });
  if (exitCode === 0 || stderr.includes('Cannot find device')) return;
  throw failure('MLN_COMMAND_FAILED', `the tunnel ${name} cannot be removed: ${stderr.trim()}`);
}

/** What goes to all, and what goes to whom nobody knows yet, is sent to each peer. */
async function setPeers(shell: Shell, { name, peers }: Vxlan): Promise<void> {
  const { stdout } = await shell('bridge', ['-j', 'fdb', 'show', 'dev', name]);
  const entries = JSON.parse(stdout || '[]') as { readonly mac: string; readonly dst?: string }[];
  const all = '00:00:00:00:00:00';
  const known = entries.flatMap(({ mac, dst }) => (mac === all && dst !== undefined ? [dst] : []));
  const entry = (verb: string, peer: string): Promise<unknown> =>
    shell('bridge', ['fdb', verb, all, 'dev', name, 'dst', peer]);
  for (const peer of peers) if (!known.includes(peer)) await entry('append', peer);
  for (const peer of known) if (!peers.includes(peer)) await entry('delete', peer);
}

/** How this machine reaches an address: from which of its own, and in packets of how many bytes. */
export async function routeTo(shell: Shell, address: string): Promise<{ readonly from: string; readonly mtu: number }> {
  const { stdout } = await shell('ip', ['-j', 'route', 'get', address]);
  const [route] = JSON.parse(stdout) as { readonly dev: string; readonly prefsrc: string }[];
  const [link] = route ? await linksOf(shell, ['dev', route.dev]) : [];
  if (!route || !link) throw failure('MLN_NO_SERVER', `there is no way from here to ${address}`);
  return { from: route.prefsrc, mtu: link.mtu };
}

/** The network interfaces that ip(8) shows; none where what is asked for is not there. */
async function linksOf(shell: Shell, which: readonly string[]): Promise<readonly Link[]> {
  const { exitCode, stdout, stderr } = await shell('ip', ['-j', '-d', 'link', 'show', ...which], { accept: [0, 1] });
  if (exitCode === 0) return JSON.parse(stdout || '[]') as Link[];
  if (stderr.includes('does not exist')) return [];
  throw failure('MLN_COMMAND_FAILED', `ip link show ${which.join(' ')}: ${stderr.trim()}`);
}
