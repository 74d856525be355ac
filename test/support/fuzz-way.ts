import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMlnError, print, printHook, unitsOf, type Mln, type Project, type Tree } from '@mln/core';
import { decide } from '../../core/src/decide.js';
import { diffProjects } from '../../core/src/diff.js';
import { format } from '../../core/src/fmt.js';
import { readText } from '../../core/src/include.js';
import { projectFiles } from '../../core/src/project-files.js';
import { readProject, readTree, type ReadProject } from '../../core/src/read-project.js';
import { renderProblem } from '../../core/src/render-problem.js';
import { resolvedDocument } from '../../core/src/resolved-document.js';
import { createScripts } from '../../core/src/scripts.js';
import { reasonOf } from '../../core/src/why.js';
import { printDot } from '../../plugins/graph/src/dot.js';
import { drawProject } from '../../plugins/graph/src/graph.js';
import { printMermaid } from '../../plugins/graph/src/mermaid.js';
import { included, type Input } from './fuzz-inputs.js';

/** What became of an input. */
export interface Outcome {
  /** How many of the two readings, plain and as a rehearsal, gave a project. */
  readonly projects: number;
  readonly trees: number;
  /** The hosts of the larger project. */
  readonly hosts: number;
  /** The code of the first error of the plain reading. */
  readonly code: string | null;
}

/** Goes everywhere that a project goes before anything is run or written, in one folder. What is thrown is a fault of mln. */
export function wholeWay(mln: Mln, folder: string): (input: Input) => Promise<Outcome> {
  for (const [name, text] of Object.entries(included)) writeFileSync(join(folder, name), text);
  return async ({ file, content }) => {
    const path = join(folder, file);
    writeFileSync(path, content);
    const tree = await orRefused(async () => (await readTree(mln, path)).tree);
    if (tree) printAll(mln, tree);
    if (file.endsWith('.mln'))
      await orRefused(() => {
        layOutTwice(mln, path);
      });
    let [projects, hosts] = [0, 0];
    let code: string | null = null;
    for (const rehearse of [false, true]) {
      const read = await orRefused(
        () => readProject(mln, path, { rehearse }),
        (first) => {
          if (!rehearse) code = first;
        },
      );
      if (!read) continue;
      projects += 1;
      hosts = Math.max(hosts, read.project.hosts.length);
      await useAll(mln, read);
    }
    return { projects, trees: tree ? 1 : 0, hosts, code };
  };
}

/** Projects as they are, and the same in each other format that can say them. */
export async function inAllFormats(mln: Mln, projects: readonly Input[]): Promise<readonly Input[]> {
  const all = [...projects];
  for (const { content } of projects) {
    const tree = await orRefused(async () => (await readTree(mln, '/nowhere/x.mln', String(content))).tree);
    for (const name of tree ? ['json', 'yaml', 'xml'] : []) {
      const printed = await orRefused(() => (tree ? printHook(mln).call(tree, name) : undefined));
      if (printed != null) all.push({ file: `x.${name}`, content: printed });
    }
  }
  return all;
}

/** Null where it is refused with errors for users; a failure of a plug-in is not one, whatever the kernel makes of it. */
async function orRefused<T>(act: () => T | Promise<T>, refused?: (code: string) => void): Promise<T | null> {
  try {
    return await act();
  } catch (error) {
    if (!isMlnError(error)) throw error;
    const isFault = error.problems.some(({ code, hint }) => code === 'MLN_PLUGIN_FAILED' || hint?.includes('fault of'));
    if (isFault) throw new Error(`${error.message}: ${String(error.cause)}`, { cause: error });
    for (const problem of error.problems.slice(0, 5)) renderProblem(problem);
    refused?.(error.code);
    return null;
  }
}

function printAll(mln: Mln, tree: Tree): void {
  print(tree.items);
  for (const name of ['json', 'yaml', 'xml']) printHook(mln).call(tree, name);
}

function layOutTwice({ keywords }: Mln, path: string): void {
  const once = format(readText(path), path, keywords);
  if (format(once, path, keywords) !== once) throw new Error('laid out twice it is another text');
}

async function useAll(mln: Mln, read: ReadProject): Promise<void> {
  const { project, views } = read;
  const differences = diffProjects(project, project, mln.keywords);
  if (differences.length > 0) throw new Error(`it differs from itself: ${JSON.stringify(differences)}`);
  JSON.stringify(resolvedDocument(read, mln.keywords, false));
  for (const [name, view] of [...views].slice(0, 4))
    for (const keyword of [...view.keywords(), 'network.eth0.address', 'users.jack', 'hypervisor'].slice(0, 20))
      reasonOf(read, mln.keywords, `${name}.${keyword}`);
  const graph = drawProject(project);
  printDot(graph);
  printMermaid(graph);
  await orRefused(() => {
    checkPaths(mln, decide(project, null, 'fixed'));
  });
}

/** Makes all scripts; nothing of it lies outside the project's folder. */
function checkPaths(mln: Mln, project: Project): void {
  const units = unitsOf(project);
  const planned = units.slice(0, 20).flatMap((unit) => {
    const { scripts, files } = createScripts();
    mln.hooks.emitScripts.call(unit, scripts, project);
    return files.map(({ path }) => `${unit.name}/${path}`);
  });
  const paths = [...planned, ...projectFiles(project, units).map(({ path }) => path)];
  const { projects } = mln.folders;
  if (project.directory !== `${projects}/${project.name}` || !isPlain(project.name))
    throw new Error(`the project lies in ${project.directory}`);
  for (const path of [...paths, ...units.map(({ name }) => name)])
    if (!path.split('/').every(isPlain)) throw new Error(`a file would lie at ${path}`);
  const own = new Set(projectFiles(project, units).map(({ path }) => path.split('/')[0]));
  for (const { name } of units) if (own.has(name)) throw new Error(`${name} takes the place of a file of the project`);
  if (new Set(units.map(({ name }) => name)).size < units.length) throw new Error('two units have one name');
}

function isPlain(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) && !name.includes('..') && name.length <= 63;
}

/** The names of all properties of the prototypes that every object shares. */
export function sharedProperties(): string {
  const shared = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Map.prototype];
  return shared.map((each) => Reflect.ownKeys(each).map(String).join()).join('\n');
}
