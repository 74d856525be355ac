import { Exit, failure, readChosenFile, type CommandContext, type CommandOptions, type ExitCode } from '@mln/core';
import { printDot } from './dot.js';
import { drawProject, type Graph } from './graph.js';
import { printMermaid } from './mermaid.js';

type Print = (graph: Graph) => string | Promise<string>;

const formats: ReadonlyMap<string, Print> = new Map<string, Print>([
  ['dot', printDot],
  ['mermaid', printMermaid],
  ['json', (graph) => JSON.stringify({ apiVersion: 'mln/v1', kind: 'Graph', ...graph }, null, 2)],
  ['svg', async (graph) => (await import('./svg.js')).renderSvg(printDot(graph))],
]);

/** Draws a project file in one of the formats, on standard output. */
export async function graph(
  context: CommandContext,
  _args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const format = String(options['format'] ?? 'dot');
  const print = formats.get(format);
  if (!print)
    throw failure('MLN_USAGE', `there is no format ${format}`, { hint: `known are ${[...formats.keys()].join(', ')}` });
  const { project } = await readChosenFile(context, options);
  context.terminal.print((await print(drawProject(project))).trimEnd());
  return Exit.done;
}
