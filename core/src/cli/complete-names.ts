import { resolve } from 'node:path';
import type { Completes } from '../commands.js';
import type { Mln } from '../kernel.js';
import type { Project } from '../project.js';
import type { ReadProject } from '../read-project.js';
import { listProjects, readState } from '../state.js';
import { versionsOf, visibleNames, type Manifest } from '../template-manifest.js';
import { formatSize } from '../values.js';
import type { Candidate, Wanted } from './complete-line.js';

/** What names are found by: the machine's state, and what the command line says so far. */
interface Finding {
  readonly mln: Mln;
  readonly wanted: Wanted;
}

/** What completes a word and is no path. */
type NamedKind = Exclude<Completes, 'file' | 'folder' | 'project-file'>;

type Find = (finding: Finding) => Promise<readonly Candidate[]>;

/** The names of each kind that completes a word. Nothing is put right or made on the way. */
const finds: Readonly<Record<NamedKind & string, Find>> = {
  project: async ({ mln }) => (await listProjects(mln.folders.projects)).map((word) => ({ word })),
  host: async ({ mln, wanted }) =>
    (await projectsOf(mln, wanted)).flatMap(({ name, hosts }) =>
      hosts.map((host) => ({ word: wanted.project === null ? `${host.name}.${name}` : host.name })),
    ),
  hosts: async ({ mln, wanted }) => units(await projectsOf(mln, wanted), 'hosts'),
  switch: async ({ mln, wanted }) => units(await projectsOf(mln, wanted), 'switches'),
  switches: async ({ mln, wanted }) => units(await projectsOf(mln, wanted), 'switches'),
  template: async ({ mln }) => templates(mln.folders.templates),
  'described-host': async (finding) => (await described(finding)).project.hosts.map(({ name }) => ({ word: name })),
  keyword: async (finding) =>
    [...(await described(finding)).views].flatMap(([unit, view]) =>
      [...new Set(view.keywords())].map((keyword) => ({ word: `${unit}.${keyword}` })),
    ),
};

/** Whether this is a list of names with commas between. */
export function isList(completes: Completes): boolean {
  return completes === 'hosts' || completes === 'switches';
}

/** The names that complete a value, all of them; what goes wrong is thrown. */
export async function namesOf(completes: NamedKind, finding: Finding): Promise<readonly Candidate[]> {
  if (typeof completes === 'string') return finds[completes](finding);
  const words = typeof completes === 'function' ? await completes(finding.mln) : completes;
  return words.map((word) => ({ word }));
}

/** The chosen project, or all; one whose state cannot be read is left out. */
async function projectsOf({ folders: { projects } }: Mln, { project }: Wanted): Promise<readonly Project[]> {
  const names = project === null ? await listProjects(projects) : [project];
  const states = await Promise.all(names.map((name) => readState(projects, name).catch(() => null)));
  return states.flatMap((state) => (state ? [state.project] : []));
}

function units(projects: readonly Project[], kind: 'hosts' | 'switches'): readonly Candidate[] {
  const found = new Map<string, string[]>();
  for (const project of projects)
    for (const { name } of project[kind]) found.set(name, [...(found.get(name) ?? []), project.name]);
  return [...found].map(([word, names]) => ({ word, ...(projects.length > 1 ? { help: names.join(', ') } : {}) }));
}

/** NAME for the newest version, and NAME@VERSION; the folders are only read. */
async function templates(folder: string): Promise<readonly Candidate[]> {
  const all = await Promise.all((await visibleNames(folder)).map((name) => versionsOf(folder, name)));
  return all.flatMap((versions) => [
    ...versions.slice(0, 1).map((newest) => ({ word: newest.name, help: about(newest) })),
    ...versions.map((each) => ({ word: `${each.name}@${each.version}`, help: about(each) })),
  ]);
}

function about({ size, message }: Manifest): string {
  return [formatSize(size), message ?? ''].join('  ').trim();
}

/** The project file that the line names, or the only one here. Standard input is not read. */
async function described({ mln, wanted: { options } }: Finding): Promise<ReadProject> {
  const { chosenFile, textsOption } = await import('./choose.js');
  if (options['file'] === '-') throw new Error('standard input is not read');
  const [{ readProject }, { readAssignments }] = await Promise.all([
    import('../read-project.js'),
    import('./assignments.js'),
  ]);
  return readProject(mln, resolve(chosenFile(options).file), {
    set: readAssignments(textsOption(options, 'set')),
    options,
    rehearse: options['rehearse'] === true,
  });
}
