import type { Address } from './addresses.js';
import type { HookBlock } from './core-keywords.js';
import { failure, type Place } from './errors.js';
import type { Row } from './list-rows.js';

/** A value of a keyword that only plug-ins know, as written. */
export type Value = string | number | boolean;

/** One network card of a host. */
export interface Interface {
  readonly name: string;
  /** The switch, or else the bridge of the physical host, that it is connected to. */
  readonly switch: string | null;
  readonly bridge: string | null;
  readonly addresses: readonly Address[];
  readonly dhcp: boolean;
  readonly gateway: string | null;
  readonly broadcast: string | null;
  /** Null until a plan has chosen it. */
  readonly mac: string | null;
  readonly mtu: number | null;
  /** The values of all other keywords, where there are any. */
  readonly keywords?: Readonly<Record<string, Value>>;
  readonly place: Place | null;
}

/** One disk of a host. Sizes are in bytes. */
export interface Disk {
  readonly role: 'root' | 'swap' | 'mount';
  /** The store that keeps it: `file`, or a plug-in's. */
  readonly store: string;
  /** It is to hold only what differs from an image that others share: its template (null), or an image of the project's own. */
  readonly share?: { readonly image: string | null };
  /** That image, once a plan has chosen it: absolute, or relative to the project's folder where it is the project's own. */
  readonly standsOn?: string;
  /** Its name within the host's folder, or the path of an existing file or device. */
  readonly path: string;
  /** It was there before the project, and mln neither makes nor removes it. */
  readonly existing: boolean;
  /** It is kept aside: the version of the project that it belonged to. */
  readonly kept?: string;
  /** Null: as large as its template. */
  readonly size: number | null;
  /** How much larger than its template; wins over size. */
  readonly freeSpace: number | null;
  /** What the guest calls it, such as /dev/ubda; the hypervisor says so. */
  readonly device: string | null;
  readonly mount: { readonly point: string; readonly type: string; readonly options: string } | null;
}

export interface Host {
  readonly kind: 'host';
  readonly name: string;
  /** Nearest first. */
  readonly superclasses: readonly string[];
  /** The plug-in that runs it. */
  readonly hypervisor: string | null;
  readonly template: string | null;
  /** The file that names the template: a relative path starts at its folder. */
  readonly templateFrom: string | null;
  /** Bytes, whole MiB. */
  readonly memory: number;
  readonly disks: readonly Disk[];
  readonly interfaces: readonly Interface[];
  readonly bootOrder: number;
  readonly serviceHost: string | null;
  readonly term: 'screen' | 'xterm' | 'none';
  /** What the guest calls its console, such as tty0; the hypervisor says so. */
  readonly console: string | null;
  /** The first octets of generated hardware addresses; the hypervisor says so. */
  readonly macPrefix: string | null;
  /** The values of all other keywords: flags and numbers as such, sizes in bytes. */
  readonly keywords: Readonly<Record<string, Value>>;
  readonly lists: Readonly<Record<string, readonly Row[]>>;
  readonly text: Readonly<Record<string, string>>;
  readonly place: Place | null;
  /** Where these keywords stand, for what is found out later. */
  readonly lines?: Readonly<Partial<Record<'template' | 'size' | 'filesystem', Place>>>;
}

export interface Switch {
  readonly kind: 'switch';
  readonly name: string;
  readonly hypervisor: string | null;
  readonly hub: boolean;
  readonly bridge: string | null;
  readonly tap: string | null;
  readonly socket: string | null;
  readonly mtu: number | null;
  readonly serviceHost: string | null;
  /** The interfaces that are connected to it: host and interface. */
  readonly ports: readonly (readonly [host: string, networkInterface: string])[];
  readonly keywords: Readonly<Record<string, Value>>;
  readonly place: Place | null;
}

export type Unit = Host | Switch;

/** A project as it was decided: superclasses followed, variables replaced, all values read. Plain data, kept as JSON. */
export interface Project {
  readonly name: string;
  /** The server where it was built; hosts without a service_host belong there. Null: this machine, which has no name. */
  readonly home: string | null;
  /** The folder of its project file: where relative paths start. */
  readonly source: string;
  /** The project's own folder on this machine. */
  readonly directory: string;
  /** In start order. */
  readonly switches: readonly Switch[];
  readonly hosts: readonly Host[];
  readonly hookBlocks: Readonly<Partial<Record<HookBlock, string>>>;
  /** As seen from global. */
  readonly variables: Readonly<Record<string, string>>;
  /** What salts are made of; chosen by the first plan and kept. Hexadecimal. */
  readonly secret: string | null;
}

/** Says that a hypervisor runs a host or switch. Two plug-ins cannot claim one. */
export function claim<U extends Unit>(unit: U, hypervisor: string, details: Partial<U> = {}): U {
  if (unit.hypervisor !== null && unit.hypervisor !== hypervisor)
    throw failure('MLN_TWO_CLAIMS', `both ${unit.hypervisor} and ${hypervisor} claim the ${unit.kind} ${unit.name}`, {
      place: unit.place ?? undefined,
    });
  return { ...unit, ...details, hypervisor };
}

/** All addresses of a project's hosts, with those whose they are. */
export function addressesOf({ name: project, hosts }: Project): readonly {
  readonly address: string;
  readonly project: string;
  readonly host: string;
  readonly interface: string;
}[] {
  return hosts.flatMap(({ name: host, interfaces }) =>
    interfaces.flatMap(({ name, addresses }) =>
      addresses.map(({ address }) => ({ address, project, host, interface: name })),
    ),
  );
}

/** All units in start order: switches before hosts. */
export function unitsOf(project: Project): readonly Unit[] {
  return [...project.switches, ...project.hosts];
}
