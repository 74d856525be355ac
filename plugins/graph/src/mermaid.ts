import type { Edge, Graph, Node, NodeKind } from './graph.js';
import { visible } from './label.js';
import { fromLeftToRight } from './layout.js';

/** The brackets that make a node's shape. */
const shapes: Readonly<Record<NodeKind, readonly [open: string, close: string]>> = {
  host: ['[', ']'],
  switch: ['([', '])'],
  bridge: ['{{', '}}'],
  outside: ['>', ']'],
  open: ['((', '))'],
};

/** Prints a graph in the language of Mermaid’s flowcharts (https://mermaid.js.org/syntax/flowchart.html). */
export function printMermaid(graph: Graph): string {
  const { nodes, clusters } = graph;
  return [
    'flowchart LR',
    ...nodes.filter(({ cluster }) => cluster === null).map((node) => `  ${nodeText(node)}`),
    ...clusters.flatMap(({ id, name }) => [
      `  subgraph ${identifier(id)}[${quote(visible(name))}]`,
      ...nodes.filter(({ cluster }) => cluster === id).map((node) => `    ${nodeText(node)}`),
      '  end',
    ]),
    ...fromLeftToRight(graph).map((edge) => `  ${edgeText(edge)}`),
  ].join('\n');
}

function nodeText({ id, kind, label }: Node): string {
  const [open, close] = shapes[kind];
  return `${identifier(id)}${open}${quote(...(label.length > 0 ? label : [' ']))}${close}`;
}

function edgeText({ from, to, label }: Edge): string {
  const text = label.length > 0 ? `|${quote(...label)}|` : '';
  return `${identifier(from)} ---${text} ${identifier(to)}`;
}

/** An id of letters, digits and _ alone, another one for each id: words such as `end` mean something in Mermaid. */
function identifier(id: string): string {
  return id
    .replace(/%(..)|[^A-Za-z0-9:]/g, (sign, code?: string) => `_${code ?? sign.charCodeAt(0).toString(16)}_`)
    .replaceAll(':', '__');
}

/** Writes lines as one quoted text; what may mean something in Mermaid, HTML or Markdown is written by its number. */
function quote(...lines: readonly string[]): string {
  return `"${lines.map((line) => line.replace(/[^\p{L}\p{N} .,:/_-]/gu, byNumber)).join('<br/>')}"`;
}

function byNumber(sign: string): string {
  return `#${sign.codePointAt(0) ?? 0};`;
}
