import { inNetwork, type Guest, type Host } from '@mln/core';

/** The host's name, and a hosts file in which all hosts of the project find each other. */
export async function configureHostname(guest: Guest, host: Host): Promise<void> {
  await guest.write('/etc/hostname', `${host.name}\n`);
  const own = host.interfaces.flatMap(({ addresses }) => addresses);
  const all = guest.project.hosts.flatMap((each) =>
    each.interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => ({ address, name: each.name }))),
  );
  // Of a host's several addresses the first is taken: those on a network that this host is on come first.
  const isNear = (address: string): boolean => own.some((network) => inNetwork(address, network));
  const sorted = [...all.filter(({ address }) => isNear(address)), ...all.filter(({ address }) => !isNear(address))];
  const lines = sorted.map(({ address, name }) => `${address} ${name}`);
  // Programs want to look up their own name.
  if (own.length === 0) lines.push(`127.0.1.1 ${host.name}`);
  const others = (await guest.text('/etc/hosts')).replace(/^# mln hosts begin$[^]*?^# mln hosts end$/m, '');
  if (!/^127\.0\.0\.1\s/m.test(others)) lines.unshift('127.0.0.1 localhost', '::1 localhost');
  await guest.region('/etc/hosts', 'hosts', lines.join('\n'));
}
