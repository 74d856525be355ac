import type { Edge, Graph, Node, NodeKind } from './graph.js';
import { visible } from './label.js';
import { fromLeftToRight } from './layout.js';

/** How nodes look; attributes of Graphviz. */
const looks: Readonly<Record<NodeKind, string>> = {
  host: 'shape=box, style="rounded,filled", fillcolor="#e8f0fe"',
  switch: 'shape=ellipse, style=filled, fillcolor="#e6f4ea"',
  bridge: 'shape=hexagon, style=filled, fillcolor="#fef7e0"',
  outside: 'shape=cds, style=filled, fillcolor="#f1f3f4"',
  open: 'shape=point',
};

/** Prints a graph in the language of Graphviz (https://graphviz.org/doc/info/lang.html). */
export function printDot(graph: Graph): string {
  const { name, nodes, clusters } = graph;
  return [
    `graph ${quote(name)} {`,
    '  graph [rankdir=LR, nodesep=0.1, ranksep=0.4, fontname="Helvetica"];',
    '  node [fontname="Helvetica", fontsize=11, margin="0.1,0.04", height=0.3];',
    '  edge [fontname="Helvetica", fontsize=9, color="#5f6368"];',
    ...nodes.filter(({ cluster }) => cluster === null).map((node) => `  ${nodeText(node)}`),
    ...clusters.flatMap(({ id, name: server }) => [
      `  subgraph ${quote(`cluster_${id}`)} {`,
      `    label=${quote(visible(server))};`,
      '    style="rounded,dashed";',
      ...nodes.filter(({ cluster }) => cluster === id).map((node) => `    ${nodeText(node)}`),
      '  }',
    ]),
    ...fromLeftToRight(graph).map((edge) => `  ${edgeText(edge)}`),
    '}',
  ].join('\n');
}

function nodeText({ id, kind, label }: Node): string {
  return `${quote(id)} [label=${quote(...label)}, ${looks[kind]}];`;
}

function edgeText({ from, to, label }: Edge): string {
  return `${quote(from)} -- ${quote(to)}${label.length > 0 ? ` [label=${quote(...label)}]` : ''};`;
}

/**
 * Writes lines as one quoted string. In labels a backslash begins an escape and & an entity, so both are taken for what
 * they are; \n between the lines is Graphviz's own.
 */
function quote(...lines: readonly string[]): string {
  return `"${lines.map((line) => line.replace(/[\\"]/g, '\\$&').replaceAll('&', '&amp;')).join('\\n')}"`;
}
