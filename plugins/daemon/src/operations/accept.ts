import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { failure, isHere, readState, unitsOf, type Project } from '@mln/core';
import { requireRoom } from '../fleet/memory.js';
import { principalText, type OperationRequest, type Package } from '../protocol.js';
import { portable } from '../portable.js';
import { beyondPaths } from '../rights/allowed-paths.js';
import type { Asker, Guard } from '../server/access.js';
import type { Daemon } from '../server/route.js';
import { checkPackage, requireFiles } from '../transfer/receive.js';
import { checkRequest, rightsOf } from './check-request.js';
import { requireTemplates } from './check-templates.js';
import type { Run, Stored } from './folder.js';
import { ownRun, runFor, runIn } from './guest-user.js';

/** Looks at a request in every way that can be looked at before anything is done; nothing is written. */
export async function examine(daemon: Daemon, guard: Guard, value: unknown, asker: Asker): Promise<Stored> {
  const request = checkRequest(value);
  for (const verb of rightsOf(request.operation)) guard(asker, verb, request.project);
  const found = await findBuilt(daemon, request.project);
  const pack = request.package === undefined ? null : receive(daemon, request, asker);
  if (pack) await requirePaths(daemon, guard, pack.project, asker);
  if (pack) await requireRoom(daemon, pack.project, request.options);
  if (pack) await requireFiles(daemon, pack);
  if (!pack && request.scope === 'part') found.requireHome(homeFor(request, asker));
  const ground = { mln: daemon.mln, options: daemon.options, places: daemon.places, root: process.getuid?.() === 0 };
  // What is built here stays where it is.
  const isMade = pack !== null && !(request.operation === 'upgrade' && found.folder !== undefined);
  const kept = isMade ? null : await runIn(ground, found.requireFolder());
  // But for guests that no user of their own may run.
  const made = pack && kept?.user !== null ? await runFor(ground, pack.project, asker.principal) : null;
  const run = made?.user === null ? made : (kept ?? made ?? ownRun(ground));
  if (pack) found.requireFree(pack.project, run);
  if (pack && request.operation === 'upgrade' && found.gives(pack.project)) guard(asker, 'migrate', request.project);
  if (pack) requireTemplates(daemon.mln, pack, run);
  return {
    id: newId(),
    at: new Date().toISOString(),
    principal: asker.principal,
    onBehalfOf: asker.onBehalfOf,
    request: pack ? { ...request, package: pack } : request,
    run,
  };
}

/** Ids sort by their time. */
function newId(): string {
  return `op-${Date.now().toString(36)}${randomBytes(4).toString('hex')}`;
}

/** The home of a project that a part is asked for; null: this very server keeps its own guests running. */
function homeFor({ home }: OperationRequest, { principal, onBehalfOf }: Asker): string | null {
  if (home !== undefined) return home;
  return principal.kind === 'local' ? null : `~${(onBehalfOf ?? principal).name}`;
}

/** The package, and whose project it is from now on. Who sends a part is its home, or has no name. */
function receive(daemon: Daemon, { package: value, project, scope }: OperationRequest, asker: Asker): Package {
  const pack = checkPackage(value, project);
  const { principal } = asker;
  if (
    scope === 'part' &&
    pack.project.home !== null &&
    principal.kind !== 'local' &&
    pack.project.home !== principal.name
  )
    throw failure('MLN_NOT_ALLOWED', `${principalText(principal)} is not ${pack.project.home}, the home of ${project}`);
  const home =
    scope === 'whole' ? daemon.name : (pack.project.home ?? `~${(asker.onBehalfOf ?? asker.principal).name}`);
  return { ...pack, project: { ...pack.project, home } };
}

/** What a project asks of the physical host beyond what everybody may takes a right of its own. */
async function requirePaths(daemon: Daemon, guard: Guard, project: Project, asker: Asker): Promise<void> {
  const here = unitsOf(project).filter((unit) => isHere(daemon.mln, unit, project));
  const demands = portable.demandsOf(
    daemon.mln,
    project,
    here.map(({ name }) => name),
  );
  const beyond = await beyondPaths(demands, daemon.options.allowPaths ?? []);
  if (beyond.length === 0) return;
  try {
    guard(asker, 'host', project.name);
  } catch (error) {
    const [first] = beyond;
    const more = beyond.length === 1 ? '' : `, and ${beyond.length - 1} more`;
    throw failure(
      'MLN_NOT_ALLOWED',
      `${project.name} asks for what is the server’s own: ${first?.by ?? ''}: ${first?.what ?? ''}${more}; that takes the right host`,
      { cause: error, hint: 'the option allowPaths of the server says which of its paths projects may name' },
    );
  }
}

/** A project that is built here, or is not. */
interface Built {
  /** The folder of projects that it lies in. */
  readonly folder: string | undefined;
  /** Whether hosts that are here are another server's in a project. */
  gives(project: Project): boolean;
  /** Throws MLN_NO_PROJECT. */
  requireFolder(): string;
  /** Throws where it has another home than the one that asks; for that one there is no such project here. */
  requireHome(home: string | null): void;
  /** Throws MLN_PROJECT_EXISTS where the name is taken by what a build is not to replace. */
  requireFree(project: Project, run: Run): void;
}

async function findBuilt(daemon: Daemon, name: string): Promise<Built> {
  const folders = await daemon.projectFolders();
  const found = folders.find((folder) => isThere(folder, name));
  const state = found === undefined ? null : await readState(found, name);
  return {
    folder: found,
    gives(project) {
      if (!state) return false;
      const here = state.project.hosts.filter((host) => isHere(daemon.mln, host, state.project));
      return project.hosts.some(
        (host) =>
          !isHere(daemon.mln, host, project) &&
          here.some(({ name }) => name === host.name || name === host.keywords['was']),
      );
    },
    requireFolder() {
      if (found !== undefined) return found;
      throw failure('MLN_NO_PROJECT', `there is no project ${name} here`);
    },
    requireHome(home) {
      if (!state || home === null || state.project.home === home) return;
      throw failure(
        'MLN_NO_PROJECT',
        `the project ${name} that is here is not that of ${homeText(home)}: its home is ${homeText(state.project.home)}`,
      );
    },
    requireFree(project, run) {
      if (state) refuseOtherHome(state.project, project);
      if (found === undefined || found === run.projects) return;
      throw failure(
        'MLN_PROJECT_EXISTS',
        `${name} is built here already, ${run.user === null ? 'and runs as another user than it would now' : 'by this server’s own users'}`,
        { hint: `remove it first: mln remove -p ${name}` },
      );
    },
  };
}

/** A build that was cut off, too, is a project: whoever works on it puts it right. */
function isThere(folder: string, name: string): boolean {
  return [`${name}/state.json`, `.${name}.new`, `.${name}.old`, `.${name}.gone`].some((each) =>
    existsSync(join(folder, each)),
  );
}

/** Throws where a project of this name is here that has another home: it is somebody else's. */
export function refuseOtherHome(built: Project, project: Project): void {
  if (built.home === project.home) return;
  throw failure(
    'MLN_PROJECT_EXISTS',
    `a project ${project.name} is built here already, and its home is ${homeText(built.home)}, not ${homeText(project.home)}`,
    { hint: 'choose another name, or remove that one at its home' },
  );
}

function homeText(home: string | null): string {
  if (home === null) return 'a machine without a name';
  return home.startsWith('~') ? `a machine of ${home.slice(1)}` : home;
}
