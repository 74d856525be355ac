import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decide } from '../decide.js';
import { failure, messageOf, systemFailure } from '../errors.js';
import { readIfThere, writeAtomically } from '../files.js';
import type { Mln } from '../kernel.js';
import type { Host, Project } from '../project.js';
import { readState } from '../state.js';
import { createTemplates } from '../templates.js';
import type { UpgradeConsent } from './items.js';
import { planUpgrade } from './upgrade-plan.js';

/** The version of a plan file's form. */
const FORM = 1;
/** Bytes; the largest projects take some ten MB. */
const MOST = 256 * 1024 * 1024;

/** A plan that was kept: what is to be done, and what it was made against. */
export interface PlanFile {
  readonly form: typeof FORM;
  readonly kind: 'PlanFile';
  readonly does: 'build' | 'upgrade';
  /** ISO 8601. */
  readonly at: string;
  /** SHA-256 of the project's state.json; null where there was none. */
  readonly state: string | null;
  /** Names and versions. */
  readonly plugins: Readonly<Record<string, string>>;
  /** What new disks are made of, by host: the template's digest, or (a file that is no version of any) its size. */
  readonly templates: Readonly<Record<string, string>>;
  /** As it was decided. */
  readonly project: Project;
  readonly source: string;
  readonly rebuild: readonly string[];
  readonly shrink: readonly string[];
  /** What would happen, for whoever reads it. */
  readonly items: readonly unknown[];
}

/** Writes what an upgrade of a project would do, or (of one that is not built) a build, for its owner alone: secrets are in it. */
export async function writePlanFile(
  mln: Mln,
  path: string,
  read: { readonly project: Project; readonly source: string },
  { rebuild = [], shrink = [] }: UpgradeConsent,
): Promise<void> {
  const { name } = read.project;
  const state = await stateDigest(mln, name);
  const previous = await readState(mln.folders.projects, name);
  const made = previous && (await planUpgrade(mln, previous, read.project, { rebuild, shrink }));
  const project = made?.project ?? decide(read.project, null);
  const items =
    made?.items ??
    [...project.switches, ...project.hosts].map((unit) => ({ kind: unit.kind, name: unit.name, class: 'new' }));
  const fresh = new Set(items.flatMap((item) => (item.class === 'new' || item.class === 'rebuild' ? [item.name] : [])));
  const file: PlanFile = {
    form: FORM,
    kind: 'PlanFile',
    does: previous ? 'upgrade' : 'build',
    at: new Date().toISOString(),
    state,
    plugins: pluginsOf(mln),
    templates: await templatesOf(mln, project, fresh),
    project,
    source: read.source,
    rebuild,
    shrink,
    items,
  };
  await requirePlanned(mln, name, state);
  await writeAtomically(path, `${JSON.stringify(file, null, 1)}\n`);
}

/**
 * Reads a plan, word by word. Throws MLN_BAD_PLAN where it is none, or was made by another mln or elsewhere, and
 * MLN_STATE_CHANGED where the project or a template that it is about is no more what it was.
 */
export async function readPlanFile(mln: Mln, path: string): Promise<PlanFile> {
  const value = parse(await textOf(path), path);
  const { planFaults } = await import('./plan-schema.js');
  const faults = planFaults(value);
  if (faults.length > 0) throw bad(path, faults.slice(0, 5).join('; '));
  const plan = value as PlanFile;
  const { name, directory } = plan.project;
  if (directory !== join(mln.folders.projects, name))
    throw bad(path, `it is for ${directory}, not for the projects folder ${mln.folders.projects}`);
  const [then, now] = [JSON.stringify(sorted(plan.plugins)), JSON.stringify(sorted(pluginsOf(mln)))];
  if (then !== now) throw bad(path, 'other plug-ins, or other versions of them, are loaded now');
  await requirePlanned(mln, name, plan.state);
  const templates = await templatesOf(mln, plan.project, new Set(Object.keys(plan.templates)));
  const changed = Object.keys(plan.templates).filter((host) => templates[host] !== plan.templates[host]);
  if (changed.length > 0)
    throw failure(
      'MLN_STATE_CHANGED',
      `the plan for ${name} is out of date: the template of ${changed.join(', ')} is another one now`,
      {
        hint: 'make the plan again: mln plan --out FILE',
      },
    );
  return plan;
}

/** SHA-256 of what is kept of a project; null where it is not built. */
export async function stateDigest({ folders }: Pick<Mln, 'folders'>, name: string): Promise<string | null> {
  const text = await readIfThere(join(folders.projects, name, 'state.json'));
  return text === null ? null : createHash('sha256').update(text).digest('hex');
}

/** Throws MLN_STATE_CHANGED where the state of a project has another digest. */
export async function requirePlanned(mln: Pick<Mln, 'folders'>, name: string, digest: string | null): Promise<void> {
  const now = await stateDigest(mln, name);
  if (now === digest) return;
  const what =
    now === null ? 'there is no such project now' : digest === null ? 'it was built since' : 'it was changed since';
  throw failure('MLN_STATE_CHANGED', `the plan for ${name} is out of date: ${what}`, {
    hint: 'make the plan again: mln plan --out FILE',
  });
}

function pluginsOf({ plugins }: Mln): Readonly<Record<string, string>> {
  return Object.fromEntries(plugins.map(({ name, version }) => [name, version]));
}

function sorted(record: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1));
}

async function templatesOf(mln: Mln, project: Project, hosts: ReadonlySet<string>): Promise<Record<string, string>> {
  const templates = createTemplates(mln.folders.templates, mln.shell);
  const known = new Map<string, Promise<string>>();
  const found: Record<string, string> = {};
  const identify = async (host: Host, folder: string): Promise<string> => {
    const place = host.lines?.template ?? host.place ?? undefined;
    const { manifest, size } = await templates.find(host.template ?? mln.configuration.template, folder, place);
    return manifest?.sha256 ?? String(size);
  };
  for (const host of project.hosts) {
    if (!hosts.has(host.name) || host.disks.some(({ role, existing }) => role === 'root' && existing)) continue;
    const folder = host.templateFrom === null ? project.source : dirname(host.templateFrom);
    const key = `${folder}\0${host.template ?? ''}`;
    const identity = known.get(key) ?? identify(host, folder);
    known.set(key, identity);
    found[host.name] = await identity;
  }
  return found;
}

async function textOf(path: string): Promise<string> {
  if (!existsSync(path))
    throw failure('MLN_NO_FILE', `there is no file ${path}`, { hint: 'mln plan --out FILE makes one' });
  try {
    const found = await stat(path);
    if (!found.isFile()) throw bad(path, 'it is no file');
    if (found.size > MOST) throw bad(path, 'it is too large');
    return await readFile(path, 'utf8');
  } catch (error) {
    throw systemFailure(error, `the plan ${path} cannot be read`);
  }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw bad(path, `it is damaged, or something else (${messageOf(error)})`, error);
  }
}

function bad(path: string, why: string, cause?: unknown): Error {
  return failure('MLN_BAD_PLAN', `${path} is no plan that can be carried out: ${why}`, {
    cause,
    hint: 'make the plan again: mln plan --out FILE',
  });
}
