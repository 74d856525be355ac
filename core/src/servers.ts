import type { Mln } from './kernel.js';
import type { Host, Project, Unit } from './project.js';

/** The name of a service host; null is a machine that has no name. */
export type Server = string | null;

/** The server that a host belongs to: its own, or else the project's home. */
export function serverOf({ serviceHost }: Pick<Host, 'serviceHost'>, { home }: Pick<Project, 'home'>): Server {
  return serviceHost ?? home;
}

/**
 * The servers that a unit is on. A host is on one; a switch is wherever a host is connected to it, and where its own
 * service_host says; one that nobody is connected to is at home.
 */
export function serversOf(unit: Unit, project: Project): readonly Server[] {
  if (unit.kind === 'host') return [serverOf(unit, project)];
  const connected = project.hosts.filter(({ name }) => unit.ports.some(([host]) => host === name));
  const servers = [
    ...(unit.serviceHost === null ? [] : [unit.serviceHost]),
    ...connected.map((host) => serverOf(host, project)),
  ];
  return servers.length === 0 ? [project.home] : [...new Set(servers)];
}

/** The switches of a project that are on several servers. */
export function spreadSwitches(project: Project): readonly string[] {
  return project.switches.filter((each) => serversOf(each, project).length > 1).map(({ name }) => name);
}

/** Whether a server is this machine. A project of a home without a name was made here, before this machine had one. */
export function isThisServer({ configuration }: Pick<Mln, 'configuration'>, server: Server): boolean {
  return server === null || server === configuration.serviceHost;
}

/** Whether a unit, or a part of it, is on this machine. */
export function isHere(mln: Pick<Mln, 'configuration'>, unit: Unit, project: Project): boolean {
  return serversOf(unit, project).some((server) => isThisServer(mln, server));
}
