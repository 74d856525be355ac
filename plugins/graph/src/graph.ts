import { formatSize, unitsOf, type Host, type Interface, type Project, type Switch } from '@mln/core';
import { visible } from './label.js';

/** What can be a node: `outside` is a tap device or the socket of a switch that others run, `open` the end of a loose cable. */
export type NodeKind = 'host' | 'switch' | 'bridge' | 'outside' | 'open';

/** A host, or something that it is connected to. */
export interface Node {
  /** Made of kind and name, so that it stays when other nodes come and go; in printable ASCII without quotes. */
  readonly id: string;
  readonly kind: NodeKind;
  readonly name: string;
  /** What the picture says, in lines. */
  readonly label: readonly string[];
  readonly hypervisor: string | null;
  /** Bytes. */
  readonly memory: number | null;
  /** The id of its cluster. */
  readonly cluster: string | null;
}

/** A cable: an interface of a host, or what joins a switch to the outside. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly label: readonly string[];
  readonly interface: string | null;
  readonly addresses: readonly string[];
  readonly dhcp: boolean;
}

/** A service host, with all that runs there. */
export interface Cluster {
  readonly id: string;
  readonly name: string;
}

/** A project as a picture shows it, in start order. */
export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
  readonly clusters: readonly Cluster[];
}

/** Makes nodes of switches and hosts, and of bridges and devices of the physical hosts where they are first named. */
export function drawProject(project: Project): Graph {
  const nodes = new Map<string, Node>();
  const edges: Edge[] = [];
  const clusters = new Map<string, Cluster>();
  const someServer = unitsOf(project).some(({ serviceHost }) => serviceHost !== null);
  const clusterOf = (serviceHost: string | null): string | null => {
    // Where nothing is said of servers, one box round everything would say nothing.
    const server = serviceHost ?? (someServer ? project.home : null);
    if (server === null) return null;
    const id = idOf('server', server);
    clusters.set(id, { id, name: server });
    return id;
  };
  const draw: Drawing = {
    add(node) {
      if (!nodes.has(node.id)) nodes.set(node.id, node);
      return node.id;
    },
    connect(from, to, edge) {
      edges.push({ from, to, interface: null, addresses: [], dhcp: false, ...edge });
    },
    clusterOf,
  };
  for (const each of project.switches) drawSwitch(each, draw);
  for (const host of project.hosts) drawHost(host, draw);
  return { name: project.name, nodes: [...nodes.values()], edges, clusters: [...clusters.values()] };
}

interface Drawing {
  /** Adds a node where it is not there yet, and gives its id. */
  add(node: Node): string;
  connect(from: string, to: string, edge: Pick<Edge, 'label'> & Partial<Edge>): void;
  /** The cluster of what belongs to a service host. */
  clusterOf(serviceHost: string | null): string | null;
}

function drawSwitch({ name, hub, hypervisor, bridge, tap, socket, serviceHost }: Switch, draw: Drawing): void {
  const cluster = draw.clusterOf(serviceHost);
  const id = draw.add(node('switch', name, cluster, { label: hub ? ['hub'] : [], hypervisor }));
  if (bridge !== null) draw.connect(id, addBridge(bridge, cluster, draw), { label: [] });
  for (const [how, what] of [
    ['tap', tap],
    ['socket', socket],
  ] as const)
    if (what !== null) draw.connect(id, draw.add(node('outside', what, cluster)), { label: [how] });
}

function drawHost({ name, hypervisor, memory, serviceHost, interfaces }: Host, draw: Drawing): void {
  const cluster = draw.clusterOf(serviceHost);
  const details = [...(hypervisor === null ? [] : [hypervisor]), formatSize(memory)].join(', ');
  const id = draw.add(node('host', name, cluster, { label: [details], hypervisor, memory }));
  for (const each of interfaces) {
    const addresses = each.addresses.map(({ address, prefix }) => `${address}/${prefix}`);
    const label = [each.name, ...addresses, ...(each.dhcp ? ['dhcp'] : [])].map(visible);
    const card = { label, interface: each.name, addresses, dhcp: each.dhcp };
    draw.connect(id, otherEnd(name, each, cluster, draw), card);
  }
}

function otherEnd(host: string, each: Interface, cluster: string | null, draw: Drawing): string {
  if (each.switch !== null) return idOf('switch', each.switch);
  if (each.bridge !== null) return addBridge(each.bridge, cluster, draw);
  const { tun_iface: tap, slirp } = each.keywords ?? {};
  // Each guest has a slirp of its own; a tap has one end.
  if (slirp === true) return draw.add({ ...node('outside', 'slirp', cluster), id: idOf('outside', host, each.name) });
  if (tap !== undefined) return draw.add(node('outside', String(tap), cluster));
  return draw.add({ ...node('open', each.name, cluster), id: idOf('open', host, each.name), label: [] });
}

/** A bridge of one physical host is not that of another, whatever their names. */
function addBridge(name: string, cluster: string | null, draw: Drawing): string {
  return draw.add(node('bridge', name, cluster, { label: ['bridge'] }));
}

function node(
  kind: NodeKind,
  name: string,
  cluster: string | null,
  { label = [], hypervisor = null, memory = null }: Partial<Node> = {},
): Node {
  const ofServer = cluster !== null && (kind === 'bridge' || kind === 'outside');
  const id = ofServer ? `${cluster}/${idOf(kind, name)}` : idOf(kind, name);
  return { id, kind, name, label: [name, ...label].map(visible), hypervisor, memory, cluster };
}

function idOf(kind: string, ...names: readonly string[]): string {
  return [kind, ...names.map((name) => encodeURIComponent(visible(name)).replaceAll("'", '%27'))].join(':');
}
