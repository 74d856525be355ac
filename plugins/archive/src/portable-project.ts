import type { Disk, Host, Interface, Project, Switch } from '@mln/core';

/** A project without what is this machine's alone: where its text lies, what a plan has chosen. */
export function portableProject(project: Project): Project {
  return {
    ...project,
    home: null,
    source: '/',
    directory: '/',
    hosts: project.hosts.map(placeless),
    switches: project.switches.map((each): Switch => ({ ...each, place: null })),
  };
}

function placeless({ lines: _, ...host }: Host): Host {
  const lists = Object.entries(host.lists).map(
    ([name, rows]) => [name, rows.map(({ words }) => ({ words, place: null }))] as const,
  );
  return {
    ...host,
    place: null,
    interfaces: host.interfaces.map((each): Interface => ({ ...each, place: null })),
    lists: Object.fromEntries(lists),
  };
}

/** A disk that stands on an image of this machine as one that is to share such an image. */
export function sharing({ standsOn, ...disk }: Disk): Disk {
  if (standsOn === undefined) return disk;
  return { ...disk, share: { image: standsOn.startsWith('/') ? null : (standsOn.split('/').at(-1) ?? null) } };
}

/** A disk that goes as it is: it holds all that is on it. */
export function whole({ standsOn, share, ...disk }: Disk): Disk {
  return standsOn === undefined && share === undefined ? disk : { ...disk, store: 'file' };
}
