import { instance } from '@viz-js/viz';

/** Lays a graph out, and gives it as SVG. The text is in the language of Graphviz. */
export async function renderSvg(dot: string): Promise<string> {
  return (await instance()).renderString(dot, { format: 'svg', engine: 'dot' });
}
