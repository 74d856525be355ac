import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { CommandOptions } from '../commands.js';
import { decide } from '../decide.js';
import { failure, type Problem } from '../errors.js';
import type { Edit, Entry } from '../filesystem.js';
import { createGuest } from '../guest.js';
import type { Mln } from '../kernel.js';
import { planProject, type Plan, type PlannedUnit } from '../plan.js';
import { unitsOf, type Project } from '../project.js';
import { readProject, type ReadProject } from '../read-project.js';
import type { Status } from '../status.js';
import { statusesOf } from '../monitor.js';
import type { Tree } from '../tree.js';
import { MiB } from '../values.js';
import { memoryFilesystem, type MemoryFilesystem } from './memory-filesystem.js';
import type { Machine } from './memory-hypervisor.js';
import { inOwnFolder } from './own-folder.js';
import type { KernelTrial, TrialKernel } from './trial-kernel.js';
import { tryOperation, type OperationTrial, type TriedOperation } from './try-operation.js';
import { tryVerb, type TriedVerb } from './try-verb.js';

/** What a plug-in is tried with. */
export interface Trial extends KernelTrial {
  /** The file that the text is taken for; it need not be there. Relative paths and #include start at its folder. */
  readonly file?: string;
  /** Variables of `global` that the command line sets. */
  readonly set?: Readonly<Record<string, string>>;
  /** Options that plug-ins have added to the verbs that read a project, by their long names in camel case. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** As mln does with --rehearse. */
  readonly rehearse?: boolean;
  /** As mln does with --strict: a keyword that nobody knows is an error. */
  readonly strict?: boolean;
  /** Texts of other projects, which are built already: `mln.projects()` gives them. */
  readonly built?: readonly string[];
}

/** What a project has come to with a plug-in. */
export interface Tried {
  readonly mln: Mln;
  /** As it was decided; hardware addresses are the same whenever the text is. */
  readonly project: Project;
  /** The tree that it was resolved from: includes in place, transforms done. */
  readonly tree: Tree;
  readonly plan: Plan;
  /** What mln would warn of. */
  readonly warnings: readonly Problem[];
  /** What plug-ins have told by `mln.log`. */
  readonly log: readonly string[];
  /** A file's text in a host's guest, symbolic links followed; null where there is none. */
  readonly file: (host: string, path: string) => string | null;
  /** What stands at a path of a guest: its type, mode, owner, group and size; null where nothing does. */
  readonly entry: (host: string, path: string) => Entry | null;
  /** All files of a guest, those of its template too, by path. */
  readonly files: (host: string) => ReadonlyMap<string, string>;
  /** What differs from the template. */
  readonly edits: (host: string) => readonly Edit[];
  /** What would change if each guest were configured once more, over what it has become; nothing, where plug-ins are right. */
  readonly again: () => Promise<ReadonlyMap<string, readonly Edit[]>>;
  /** The scripts and files of a host or switch that lie on the machine, by name. */
  readonly scripts: (unit: string) => ReadonlyMap<string, string>;
  /** Runs a verb with its arguments, and its options by their long names in camel case. */
  readonly run: (verb: string, args?: readonly string[], options?: CommandOptions) => Promise<TriedVerb>;
  readonly start: (options?: OperationTrial) => Promise<TriedOperation>;
  readonly stop: (options?: OperationTrial) => Promise<TriedOperation>;
  /** What runs, by name. */
  readonly status: () => Promise<ReadonlyMap<string, Status>>;
}

/** What every template is said to be large; nothing is written. */
const TEMPLATE_SIZE = 64 * MiB;

/** Lets a kernel that needs no machine read and plan a project. */
export async function tryKernel(kernel: TrialKernel, projectText: string, trial: Trial): Promise<Tried> {
  const { mln, machine } = kernel;
  for (const text of trial.built ?? []) machine.built.push((await read(mln, text, trial)).project);
  const found = await read(mln, projectText, trial);
  return tried(kernel, { ...found, text: projectText, plan: await plan(mln, found.project) });
}

async function read(
  mln: Mln,
  text: string,
  { file = 'project.mln', set = {}, flags = {}, rehearse = false, strict = false }: Trial,
): Promise<ReadProject> {
  const options = { text, set: new Map(Object.entries(set)), options: flags, rehearse, strict };
  const found = await readProject(mln, resolve(file), options);
  return { ...found, project: decide(found.project, null, 'fixed') };
}

/** The core looks for templates on the disk: for the while there is one of every name that hosts give. */
function plan(mln: Mln, project: Project): Promise<Plan> {
  return inOwnFolder((folder) => {
    for (const name of new Set(project.hosts.map(({ template }) => template ?? mln.configuration.template))) {
      const path = resolve(folder, name);
      if (!path.startsWith(`${folder}/`)) continue;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, '');
      truncateSync(path, TEMPLATE_SIZE);
    }
    const folders = { ...mln.folders, templates: folder };
    return planProject({ ...mln, folders }, project, unitsOf(project), null);
  });
}

interface Found extends ReadProject {
  readonly text: string;
  readonly plan: Plan;
}

function tried({ mln, verbs, machine }: TrialKernel, found: Found): Tried {
  const { project, tree, text } = found;
  const guests = new Map(found.plan.units.map((planned) => [planned.unit.name, guestOf(planned, machine)]));
  const guest = (host: string): MemoryFilesystem => named(guests, host);
  const units = new Map(found.plan.units.map((planned) => [planned.unit.name, planned]));
  return {
    mln,
    project,
    tree,
    plan: found.plan,
    warnings: [...found.warnings, ...found.plan.warnings],
    log: machine.log,
    file: (host, path) => guest(host).text(path),
    entry: (host, path) => guest(host).entry(path),
    files: (host) => guest(host).texts(),
    edits: (host) => named(units, host).edits,
    async again() {
      const changes = new Map<string, readonly Edit[]>();
      for (const host of project.hosts) {
        const filesystem = createGuest(guest(host.name), project);
        await mln.hooks.configureFilesystem.promise(filesystem, host, host);
        changes.set(host.name, await filesystem.edits());
      }
      return changes;
    },
    scripts: (unit) => new Map(named(units, unit).files.map((file) => [file.path, file.text])),
    run: (verb, args = [], options = {}) => tryVerb({ mln, verbs, machine }, text, { verb, args, options }),
    start: (options = {}) => tryOperation(mln, machine, found, 'start', options),
    stop: (options = {}) => tryOperation(mln, machine, found, 'stop', options),
    status: () => statusesOf(mln, project, unitsOf(project)),
  };
}

function guestOf({ edits }: PlannedUnit, { template }: Machine): MemoryFilesystem {
  const filesystem = memoryFilesystem(template);
  filesystem.edit(edits);
  return filesystem;
}

function named<T>(all: ReadonlyMap<string, T>, name: string): T {
  const found = all.get(name);
  if (found) return found;
  throw failure('MLN_NO_UNIT', `the project has no host or switch ${name}`, {
    hint: `it has ${[...all.keys()].join(', ')}`,
  });
}
