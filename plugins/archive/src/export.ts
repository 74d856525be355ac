import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  Exit,
  failure,
  formatSize,
  isThisServer,
  loadChoosing,
  loadOperating,
  requireState,
  type CommandContext,
  type CommandOptions,
  type ExitCode,
  type State,
} from '@mln/core';
import { readContents, type Contents } from './contents.js';
import { gather, type Gathered } from './gather.js';
import { withImages } from './images.js';
import { writeArchive, writeTo } from './pack.js';

/** `mln export`: writes a built project into one file. Nobody works on the project meanwhile. */
export async function exportProject(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const [file = ''] = args;
  const { chosenNames } = await loadChoosing();
  const [name = ''] = await chosenNames(context, [], options);
  refuseTarget(file, options);
  const { withProject } = await loadOperating();
  return withProject(context, name, 'export', async () => {
    const state = await requireState(context.mln.folders.projects, name);
    requireHome(context, state);
    const write = (gathered: Gathered): Promise<ExitCode> => finish(context, gathered, file, options);
    const source = readFileSync(join(state.project.directory, 'project.mln'), 'utf8');
    const given = { source, madeBy: `mln ${context.version}` };
    return options['withDisks'] === true
      ? withImages(context.mln, state, async (images) => write(await gather(context.mln, state, { ...given, images })))
      : write(await gather(context.mln, state, { ...given, images: [] }));
  });
}

function refuseTarget(file: string, options: CommandOptions): void {
  if (file === '-') {
    if (options['json'] === true)
      throw failure('MLN_USAGE', 'the archive and the document of --json cannot both go to standard output');
    if (process.stdout.isTTY) throw failure('MLN_USAGE', 'an archive is not written to a terminal');
    return;
  }
  if (existsSync(file) && options['replace'] !== true && options['yes'] !== true)
    throw failure('MLN_NOT_CONFIRMED', `${file} is there already`, {
      hint: 'replace it with -r, or give another name',
    });
}

/** The home has the whole project; a server has its part of it. */
function requireHome({ mln }: CommandContext, { project: { name, home } }: State): void {
  if (!isThisServer(mln, home))
    throw failure('MLN_NO_SERVER', `${name} is at home on ${home ?? 'another machine'}: export it there`);
}

async function finish(
  { terminal }: CommandContext,
  { contents, files }: Gathered,
  file: string,
  options: CommandOptions,
): Promise<ExitCode> {
  // What no import would take is not written.
  await readContents(JSON.stringify(contents));
  if (file === '-') {
    await writeTo(contents, files, 1);
    return Exit.done;
  }
  const bytes = await writeArchive(contents, files, resolve(file));
  for (const text of leftOut(contents)) terminal.note(text);
  if (options['json'] === true) terminal.json(documentOf(contents, file, bytes));
  else terminal.note(`${contents.project.name} is exported to ${file}: ${formatSize(bytes)}`);
  return Exit.done;
}

/** What a project uses that is not in its archive. */
function leftOut({ project: { hosts } }: Contents): readonly string[] {
  return hosts.flatMap(({ name, disks }) =>
    disks.flatMap(({ existing, path }) =>
      existing ? [`${name}: ${path} was there before the project, and is not in the archive`] : [],
    ),
  );
}

/** What was exported, for other programs. */
function documentOf({ project, templates, disks, entries, blobs }: Contents, file: string, bytes: number): object {
  return {
    apiVersion: 'mln/v1',
    kind: 'Export',
    items: [
      {
        name: project.name,
        file,
        bytes,
        hosts: project.hosts.map(({ name }) => name),
        templates: templates.map(({ name, version, blob }) => ({
          name,
          version,
          sha256: blob.sha256,
          size: blob.size,
        })),
        disks: disks.map(({ host, disk, blob }) => ({ host, disk, sha256: blob.sha256, size: blob.size })),
        files: entries.length,
        data: blobs.reduce((sum, { data }) => sum + data, 0),
      },
    ],
  };
}
