import { inNetwork, networkOf, type Guest, type Host, type Project } from '@mln/core';

/** The host's name, and a hosts file in which all hosts of the project find each other. */
export async function configureHostname(guest: Guest, host: Host): Promise<void> {
  await guest.write('/etc/hostname', `${host.name}\n`);
  const own = host.interfaces.flatMap(({ addresses }) => addresses);
  const others = (await guest.text('/etc/hosts')).replace(/^# mln hosts begin$[^]*?^# mln hosts end$/m, '');
  const lines = [
    ...(/^127\.0\.0\.1\s/m.test(others) ? [] : ['127.0.0.1 localhost', '::1 localhost']),
    ...hostsAsSeenFrom(own, guest.project),
    // Programs want to look up their own name.
    ...(own.length === 0 ? [`127.0.1.1 ${host.name}`] : []),
  ];
  await guest.region('/etc/hosts', 'hosts', lines.join('\n'));
}

type Addresses = Host['interfaces'][number]['addresses'];

/** Hosts on the same networks see the same: the lines of a project are sorted once for each set of networks. */
const seen = new WeakMap<Project, Map<string, readonly string[]>>();

/** Of a host's several addresses the first is taken: those on a network that is seen directly come first. */
function hostsAsSeenFrom(own: Addresses, project: Project): readonly string[] {
  const known = seen.get(project) ?? new Map<string, readonly string[]>();
  seen.set(project, known);
  const key = own.map(networkOf).join(' ');
  const lines = known.get(key) ?? sortedLines(own, project);
  known.set(key, lines);
  return lines;
}

function sortedLines(own: Addresses, project: Project): readonly string[] {
  const near: string[] = [];
  const far: string[] = [];
  for (const { name, interfaces } of project.hosts)
    for (const { address } of interfaces.flatMap(({ addresses }) => addresses))
      (own.some((network) => inNetwork(address, network)) ? near : far).push(`${address} ${name}`);
  return [...near, ...far];
}
