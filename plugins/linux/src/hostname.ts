import { inNetwork, networkOf, type Guest, type Host, type Project } from '@mln/core';

/** The host's name, and a hosts file in which all hosts of the project find each other. */
export async function configureHostname(guest: Guest, host: Host): Promise<void> {
  await guest.write('/etc/hostname', `${host.name}\n`);
  const own = host.interfaces.flatMap(({ addresses }) => addresses);
  const others = (await guest.text('/etc/hosts')).replace(/^# mln hosts begin$[^]*?^# mln hosts end$/m, '');
  const localhost = /^127\.0\.0\.1\s/m.test(others) ? [] : ['127.0.0.1 localhost', '::1 localhost'];
  const text = hostsAsSeenFrom(own, guest.project, localhost);
  // Programs want to look up their own name.
  await guest.region('/etc/hosts', 'hosts', own.length === 0 ? `${text}\n127.0.1.1 ${host.name}` : text);
}

type Addresses = Host['interfaces'][number]['addresses'];

/** Hosts on the same networks see the same: a project’s lines are sorted once for each set of networks. */
const seen = new WeakMap<Project, Map<string, string>>();

/** Of a host's several addresses the first is taken: those on a network that is seen directly come first. */
function hostsAsSeenFrom(own: Addresses, project: Project, before: readonly string[]): string {
  const known = seen.get(project) ?? new Map<string, string>();
  seen.set(project, known);
  const key = [...own.map(networkOf), ...before].join(' ');
  const text = known.get(key) ?? [...before, ...sortedLines(own, project)].join('\n');
  known.set(key, text);
  return text;
}

function sortedLines(own: Addresses, project: Project): readonly string[] {
  const near: string[] = [];
  const far: string[] = [];
  for (const { name, interfaces } of project.hosts)
    for (const { address } of interfaces.flatMap(({ addresses }) => addresses))
      (own.some((network) => inNetwork(address, network)) ? near : far).push(`${address} ${name}`);
  return [...near, ...far];
}
