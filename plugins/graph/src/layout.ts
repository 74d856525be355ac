import type { Edge, Graph } from './graph.js';

/** With more hosts than these that have no other cable, a network gets them on both sides. */
const ONE_SIDE = 12;

/**
 * The edges as they run from left to right: to a host from what its first interface is connected to, and on from the
 * host to the rest. So networks look like the chains, rings and trees that they are, with the outside on the left.
 */
export function fromLeftToRight({ edges, nodes }: Graph): readonly Edge[] {
  const outside = new Set(nodes.flatMap(({ id, kind }) => (kind === 'outside' || kind === 'bridge' ? [id] : [])));
  const cables = groupBy(
    edges.filter((edge) => edge.interface !== null),
    ({ from }) => from,
  );
  const leaves = groupBy(
    [...cables.values()].flatMap((each) => (each.length === 1 ? each : [])),
    ({ to }) => to,
  );
  const left = new Set([...leaves.values()].flatMap((all) => (all.length > ONE_SIDE ? all.filter(isOdd) : [])));
  return edges.map((edge) => {
    const first = edge.interface === null ? outside.has(edge.to) : cables.get(edge.from)?.[0] === edge;
    return first && !left.has(edge) ? { ...edge, from: edge.to, to: edge.from } : edge;
  });
}

function isOdd(_edge: Edge, index: number): boolean {
  return index % 2 === 1;
}

function groupBy(edges: readonly Edge[], keyOf: (edge: Edge) => string): ReadonlyMap<string, readonly Edge[]> {
  const groups = new Map<string, Edge[]>();
  for (const edge of edges) {
    const known = groups.get(keyOf(edge));
    if (known) known.push(edge);
    else groups.set(keyOf(edge), [edge]);
  }
  return groups;
}
