import { mkdir, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  Exit,
  failure,
  formatSize,
  loadOperating,
  type CommandContext,
  type CommandOptions,
  type ExitCode,
  type Host,
  type Project,
} from '@mln/core';
import { inFolder, removeLeftovers } from './leftovers.js';
import type { Contents } from './contents.js';
import { completeBuild, requireNew } from './place-disks.js';
import { placeSources } from './place-files.js';
import { knownTemplates, placeTemplates, type PlacedTemplates } from './place-templates.js';
import { portableProject } from './portable-project.js';
import { openArchive, type OpenArchive } from './unpack.js';
import { agree, requireKnown } from './wants.js';

/** `mln import`: checks an archive, and builds the project in it. */
export async function importProject(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const [file = ''] = args;
  const { mln } = context;
  await removeLeftovers(context);
  const archive = await openArchive(file);
  try {
    const contents = ofThisMachine(context, archive.contents);
    await requireNew(mln, contents.project.name);
    await requireKnown(mln, contents);
    await agree(context, contents.project, options);
    return await inFolder(mln.folders.projects, (folder) =>
      take(context, { archive, contents, folder, label: file === '-' ? 'standard input' : basename(file) }, options),
    );
  } finally {
    await archive.close();
  }
}

/** The archive's project as one of this machine. */
function ofThisMachine({ mln }: CommandContext, contents: Contents): Contents {
  const { serviceHost } = mln.configuration;
  const project = portableProject(contents.project);
  return {
    ...contents,
    project: { ...project, home: serviceHost, directory: join(mln.folders.projects, project.name) },
  };
}

interface Taking {
  readonly archive: OpenArchive;
  readonly contents: Contents;
  readonly folder: string;
  readonly label: string;
}

async function take(
  context: CommandContext,
  { archive, contents, folder, label }: Taking,
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln } = context;
  const known = await knownTemplates(mln, contents.templates);
  const wanted = wantedBlobs(contents, known);
  const blobs = join(folder, 'blobs');
  const laid = join(folder, 'laid');
  await mkdir(blobs, { mode: 0o700 });
  await requireRoom(contents, wanted, folder);
  await archive.extract(blobs, wanted);
  const sources = await placeSources(mln, contents, { blobs, laid });
  const templates = await placeTemplates(mln, contents.templates, {
    known,
    folder: blobs,
    source: `the project ${contents.project.name} of ${label}`,
  });
  try {
    completeBuild(mln, contents, { blobs, laid });
    return await build(context, contents, { project: withTemplates(sources, templates), templates }, options);
  } catch (error) {
    await templates.undo();
    throw error;
  }
}

/** What is here already is not written again. */
function wantedBlobs(contents: Contents, known: ReadonlyMap<string, string>): ReadonlySet<string> {
  const { entries, templates, disks, records } = contents;
  const fresh = templates.filter(({ name, version }) => !known.has(`${name}@${version}`));
  const files = entries.flatMap((each) => (each.kind === 'file' ? [each.blob] : []));
  return new Set([...files, ...[...fresh, ...disks, ...records].map(({ blob }) => blob)].map(({ sha256 }) => sha256));
}

/** Throws MLN_NO_SPACE, before anything is written, where what is wanted does not fit. */
async function requireRoom({ blobs }: Contents, wanted: ReadonlySet<string>, folder: string): Promise<void> {
  const takes = blobs.reduce((sum, { sha256, data }) => sum + (wanted.has(sha256) ? data : 0), 0);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (takes > free)
    throw failure('MLN_NO_SPACE', `the archive takes ${formatSize(takes)}, and ${formatSize(free)} are free`, {
      hint: 'nothing was changed; free some space, or have projects elsewhere, with -P',
    });
}

function withTemplates(project: Project, { names }: PlacedTemplates): Project {
  const withTemplate = (host: Host): Host =>
    host.template === null ? host : { ...host, template: names.get(host.template) ?? host.template };
  return { ...project, hosts: project.hosts.map(withTemplate) };
}

async function build(
  context: CommandContext,
  contents: Contents,
  { project, templates }: { readonly project: Project; readonly templates: PlacedTemplates },
  options: CommandOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  const { buildProject } = await loadOperating();
  // What a build says of itself is an import's own to say.
  const quiet = { ...context, terminal: { ...terminal, note: () => undefined } };
  const exit = await buildProject(quiet, { project, source: contents.source, warnings: [] }, {});
  const { disks } = contents;
  if (options['json'] === true) terminal.json(documentOf(project, contents, templates));
  else {
    for (const each of templates.added) terminal.note(`the template ${each} is added`);
    const what = disks.length > 0 ? 'with its disks' : 'with new disks';
    terminal.note(
      `${project.name} is imported ${what}${exit === Exit.done ? '' : ', in part'}: mln start -p ${project.name}`,
    );
  }
  return exit;
}

/** What was imported, for other programs. */
function documentOf(
  { name, hosts, switches }: Project,
  { disks }: Contents,
  { names, added }: PlacedTemplates,
): object {
  return {
    apiVersion: 'mln/v1',
    kind: 'Import',
    items: [
      {
        name,
        hosts: hosts.map((host) => host.name),
        switches: switches.map((each) => each.name),
        templates: [...names.values()].map((template) => ({ name: template, added: added.includes(template) })),
        disks: disks.map(({ host, disk }) => ({ host, disk })),
      },
    ],
  };
}
