import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { instance } from '@viz-js/viz';
import type { Graph } from '../src/graph.js';
import { draw } from './draw.js';
import { textsOf } from './xml.js';

/*
 * A case is a folder: project.mln, and what is drawn of it in each format that is text. UPDATE_GOLDEN=1 writes anew what
 * is expected: read `git diff` then.
 */
const cases = join(import.meta.dirname, 'cases');
const names = readdirSync(cases);
const viz = await instance();

async function drawn(name: string, format: string): Promise<string> {
  const { stdout, errors } = await draw({ file: join(cases, name, 'project.mln'), format });
  expect(errors).toEqual([]);
  return stdout;
}

test.each(names.flatMap((name) => ['dot', 'mermaid', 'json'].map((format) => ({ name, format }))))(
  '$name as $format',
  async ({ name, format }) => {
    const text = await drawn(name, format);
    const file = join(cases, name, `expected-${format}.txt`);
    if (process.env['UPDATE_GOLDEN']) writeFileSync(file, text);
    expect(text).toBe(readFileSync(file, 'utf8'));
  },
);

test.each(names)('%s: Graphviz reads the names and labels that were meant', async (name) => {
  const graph = JSON.parse(await drawn(name, 'json')) as Graph;
  const { status, output, errors } = viz.render(await drawn(name, 'dot'), { format: 'json0' });
  // It warns of letters whose width it does not know.
  expect([status, errors.filter(({ level }) => level !== 'warning')]).toEqual(['success', []]);
  const { objects = [], edges = [] } = JSON.parse(output ?? '') as Record<
    'objects' | 'edges',
    { readonly name: string; readonly label: string; readonly nodes?: readonly number[] }[] | undefined
  >;
  const nodes = objects.filter((each) => each.nodes === undefined);
  expect(nodes.map((node) => node.name).toSorted()).toEqual(graph.nodes.map(({ id }) => id).toSorted());
  expect(edges).toHaveLength(graph.edges.length);
});

test.each(names)('%s as SVG is XML, with every label', async (name) => {
  const graph = JSON.parse(await drawn(name, 'json')) as Graph;
  const texts = textsOf(await drawn(name, 'svg'), 'text').map(withBlanks);
  const shown = graph.nodes.filter(({ kind }) => kind !== 'open');
  const wanted = [
    ...[...shown, ...graph.edges].flatMap(({ label }) => label),
    ...graph.clusters.map((cluster) => cluster.name),
  ];
  expect(texts.toSorted()).toEqual(wanted.toSorted());
});

test.each(names)('%s as Mermaid: one statement a line, and nothing open', async (name) => {
  const graph = JSON.parse(await drawn(name, 'json')) as Graph;
  const [head, ...lines] = (await drawn(name, 'mermaid')).trimEnd().split('\n');
  expect(head).toBe('flowchart LR');
  const quoted = String.raw`"(?:[\p{L}\p{N} .,:/_-]|#\d+;|<br/>)+"`;
  const shape = [
    String.raw`\[${quoted}\]`,
    String.raw`\(\[${quoted}\]\)`,
    String.raw`\{\{${quoted}\}\}`,
    `>${quoted}\\]`,
    String.raw`\(\(${quoted}\)\)`,
  ];
  const kinds = {
    node: new RegExp(`^ +(\\w+)(?:${shape.join('|')})$`, 'u'),
    edge: new RegExp(String.raw`^ +(\w+) ---(?:\|${quoted}\|)? (\w+)$`, 'u'),
    frame: new RegExp(String.raw`^ +subgraph (\w+)\[${quoted}\]$`, 'u'),
    end: /^ {2}end$/,
  };
  const found = lines.map((line) => Object.entries(kinds).find(([, pattern]) => pattern.test(line))?.[0] ?? line);
  const counts = Object.fromEntries(
    Object.keys(kinds).map((kind) => [kind, found.filter((each) => each === kind).length]),
  );
  expect(counts).toEqual({
    node: graph.nodes.length,
    edge: graph.edges.length,
    frame: graph.clusters.length,
    end: graph.clusters.length,
  });
  expect(found).toHaveLength(lines.length);
  const ids = lines.flatMap((line) => kinds.node.exec(line)?.[1] ?? []);
  expect(new Set(ids).size).toBe(graph.nodes.length);
  const ends = lines.flatMap((line) => kinds.edge.exec(line)?.slice(1) ?? []);
  expect(ends.filter((id) => !ids.includes(id))).toEqual([]);
});

/** SVG writes blanks in texts as no-break spaces. */
function withBlanks(text: string): string {
  return text.replaceAll('\u00a0', ' ');
}
