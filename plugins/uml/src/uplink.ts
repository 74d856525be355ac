import { failure, isName, parseAddress, type Host, type Interface, type View } from '@mln/core';

/** Where interfaces go that name neither a switch nor a tap: a tap of mln’s, slirp(1), or nowhere. */
const networks = ['tap', 'slirp', 'none'] as const;
export type Network = (typeof networks)[number];

/** Refuses an option `network` that is none. */
export function checkNetwork(network: unknown): void {
  if (network === undefined || (networks as readonly unknown[]).includes(network)) return;
  throw failure(
    'MLN_BAD_CONFIGURATION',
    `the uml plug-in’s option network is tap, slirp or none, not ${JSON.stringify(network)}`,
  );
}

/** What connects an interface beside a switch, as the user has written it; null where nothing does. */
export function uplinkOf({ keywords = {}, switch: connected, bridge }: Interface, network: Network): string | null {
  if (keywords['tun_iface'] !== undefined) return 'tun_iface';
  if (keywords['tun_address'] !== undefined) return 'tun_address';
  return connected !== null || bridge !== null || network === 'none' ? null : `the option network: ${network}`;
}

/** Checks what an interface says of its tap. */
export function checkTap(host: Host, { name, keywords = {}, switch: connected }: Interface, block: View): void {
  const { tun_iface: tap, tun_address: address } = keywords;
  if (tap === undefined && address === undefined) return;
  const view = block.named('network').get(name);
  const bad = (code: string, message: string, keyword: string): void => {
    view?.error(code, `${host.name}: ${message}`, keyword);
  };
  if (connected !== null)
    bad(
      'MLN_BAD_VALUE',
      `${name} is connected to a switch or to a tap, not to both`,
      tap === undefined ? 'tun_address' : 'tun_iface',
    );
  if (tap !== undefined && (!isName(String(tap)) || String(tap).length > 15))
    bad('MLN_BAD_NAME', `${JSON.stringify(tap)} cannot be the name of a tap`, 'tun_iface');
  const read = address === undefined ? null : parseAddress(String(address));
  if (typeof read === 'string') bad('MLN_BAD_ADDRESS', `tun_address ${String(address)}: ${read}`, 'tun_address');
}
