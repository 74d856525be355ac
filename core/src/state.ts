import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, systemFailure } from './errors.js';
import { readIfThere, writeAtomically } from './files.js';
import { isProjectName } from './names.js';
import type { Host, Project } from './project.js';
import { compareNames, nearest } from './values.js';

/** The version of state.json's form. */
const SCHEMA = 2;

/** The template that a host's disk was made from. */
export interface TemplateRecord {
  readonly name: string;
  readonly version: string | null;
  readonly sha256: string | null;
  /** Bytes; unknown of what older versions of mln have built. */
  readonly size?: number;
}

/** A host's disks that are kept aside after it was removed, or made anew. */
export interface KeptHost {
  /** As it was; its disks say under which version they are kept. */
  readonly host: Host;
  /** `replaced`: a larger, smaller or other disk has its content; `moved`: another server has it. */
  readonly reason: 'removed' | 'rebuilt' | 'replaced' | 'moved';
  /** ISO 8601. */
  readonly at: string;
  /** The version of the project that it belonged to. */
  readonly version: number;
  /** What its disk was made from. */
  readonly template?: TemplateRecord;
}

/** What is kept of a built project: the project as it was decided, and what it was built from. */
export interface State {
  readonly schema: typeof SCHEMA;
  /** Counts what was built and upgraded, from 1. */
  readonly version: number;
  /** ISO 8601. */
  readonly builtAt: string;
  readonly plugins: Readonly<Record<string, string>>;
  readonly templates: Readonly<Record<string, TemplateRecord>>;
  readonly project: Project;
  readonly kept: readonly KeptHost[];
  /** Hosts that ran while their files were to change: they are configured before their next start. */
  readonly pending: readonly string[];
  /** Digests of what hosts copy from this machine, by their names. */
  readonly sources?: Readonly<Record<string, string>>;
  /** At home: servers whose part of the last upgrade is not in place, as far as is known. */
  readonly behind?: readonly string[];
}

/** What a first build says; what is left out is that of a project without a past. */
export type NewState = Pick<State, 'builtAt' | 'plugins' | 'templates' | 'project'> & Partial<State>;

export async function writeState(folder: string, state: NewState): Promise<void> {
  await writeAtomically(
    join(folder, 'state.json'),
    `${JSON.stringify({ version: 1, kept: [], pending: [], ...state, schema: SCHEMA })}\n`,
  );
}

/** Reads a built project's state; null where there is no such project. */
export async function readState(projects: string, name: string): Promise<State | null> {
  const state = isProjectName(name) ? await readStateIn(join(projects, name)) : null;
  if (!state || state.project.name === name) return state;
  throw failure(
    'MLN_BAD_STATE',
    `${join(projects, name)} holds the project ${state.project.name}: it was copied or renamed`,
    {
      hint: `nothing is done with it under this name, as its disks are those of ${state.project.name}: mv it back, or rm -r a copy`,
    },
  );
}

/** Reads the state in a project's folder, whatever that is called; null where there is none. */
export async function readStateIn(directory: string): Promise<State | null> {
  const text = await readIfThere(join(directory, 'state.json'));
  if (text === null) return null;
  const state = parse(text, directory);
  return { ...state, project: { ...state.project, directory } };
}

/** Reads a built project's state, and throws MLN_NO_PROJECT where there is none. */
export async function requireState(projects: string, name: string): Promise<State> {
  const state = await readState(projects, name);
  if (state) return state;
  if (isProjectName(name) && ['new', 'old', 'gone'].some((part) => existsSync(join(projects, `.${name}.${part}`))))
    throw failure('MLN_NO_PROJECT', `there is no project ${name} in ${projects} just now`, {
      hint: `a build or a removal of it was cut off, or goes on: mln clean -p ${name} puts it right`,
    });
  const guess = nearest(name, await listProjects(projects));
  throw failure('MLN_NO_PROJECT', `there is no project ${name} in ${projects}`, {
    hint: guess ? `did you mean ${guess}?` : 'mln list shows the built projects',
  });
}

/** The names of the built projects. */
export async function listProjects(projects: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(projects, { withFileTypes: true });
    return entries
      .filter((entry) => isProjectName(entry.name) && existsSync(join(projects, entry.name, 'state.json')))
      .map((entry) => entry.name)
      .sort(compareNames);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw systemFailure(error, `the projects folder ${projects} cannot be read`);
  }
}

/** The built projects, as they were decided. */
export async function readProjects(projects: string): Promise<readonly Project[]> {
  const states = await Promise.all((await listProjects(projects)).map((name) => readState(projects, name)));
  return states.flatMap((state) => (state ? [state.project] : []));
}

/** A project with the hosts whose disks are kept aside as well: all whose disks are there. */
export function withKept({ project, kept = [] }: Pick<State, 'project'> & Partial<State>): Project {
  return { ...project, hosts: [...project.hosts, ...kept.map(({ host }) => host)] };
}

function parse(text: string, directory: string): State {
  let state: Omit<State, 'schema'> & { readonly schema: number };
  let schema: number;
  try {
    state = JSON.parse(text) as typeof state;
    ({ schema } = state);
    if (schema <= SCHEMA && !(Array.isArray(state.project.hosts) && Array.isArray(state.project.switches)))
      throw new TypeError('it holds no project');
  } catch (error) {
    throw failure('MLN_BAD_STATE', `${directory}/state.json is damaged`, {
      cause: error,
      hint: 'the disks are still in the folder: keep it elsewhere before you build again',
    });
  }
  if (schema === SCHEMA) return { ...state, schema };
  if (schema === 1) return { ...state, schema: SCHEMA, version: 1, kept: [], pending: [] };
  throw failure('MLN_BAD_STATE', `${directory}/state.json is of form ${schema}; this mln reads forms 1 to ${SCHEMA}`, {
    hint: 'use the mln that built it, or a newer one',
  });
}
