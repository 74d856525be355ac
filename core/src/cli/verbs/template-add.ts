import { basename } from 'node:path';
import { templateAnnouncer } from '../../announce.js';
import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure, isMlnError } from '../../errors.js';
import type { Mln } from '../../kernel.js';
import { statusesOf } from '../../monitor.js';
import type { Host, Project } from '../../project.js';
import { refuseSaved } from '../../saved.js';
import { cleanUnits } from '../../settle.js';
import { requireState, type State } from '../../state.js';
import { fileSource, type AddDetails, type ImageSource } from '../../template-add.js';
import { digestFromIndex, isUrl } from '../../template-index.js';
import { createTemplates, type Manifest } from '../../templates.js';
import { chosenHostHere, textOption } from '../choose.js';
import { withProject } from '../guarded.js';

/** `mln template add`: a file, what a server has, or the disk of a host. */
export async function add(
  context: CommandContext,
  [file]: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const from = textOption(options, 'from');
  if ((file === undefined) === (from === undefined))
    throw failure('MLN_USAGE', file === undefined ? 'which image?' : 'an image comes from one place', {
      hint: 'name a file or an https address, or a host with --from HOST.PROJECT',
    });
  const manifest =
    from === undefined ? await addFile(context, file ?? '', options) : await addHost(context, from, options);
  if (options['json'] === true) context.terminal.json(manifest);
  else context.terminal.note(`${manifest.name}@${manifest.version} is added`);
  return Exit.done;
}

async function addFile(context: CommandContext, file: string, options: CommandOptions): Promise<Manifest> {
  const { mln, terminal } = context;
  const sha256 = await wantedDigest(mln, file, options);
  const tell = (text: string): void => {
    terminal.report({ server: null, unit: null, state: 'note', text });
  };
  let source: ImageSource;
  if (isUrl(file)) {
    if (sha256 === undefined)
      throw failure('MLN_USAGE', 'what is downloaded needs a digest, or a signed index that has it', {
        hint: 'give --sha256 DIGEST, or --index SHA256SUMS --key FILE',
      });
    const { urlSource } = await import('../../template-download.js');
    source = urlSource(mln.folders.templates, file, sha256, mln.shell, tell);
  } else source = fileSource(file, mln.shell, sha256);
  return repository(context).add(source, {
    ...detailsOf(mln, options),
    check: (image) => requireWhole(mln, image, file, 'let e2fsck -f mend the image, and add it again'),
  });
}

/** The digest that the command line gives, or that a signed index has. */
async function wantedDigest(mln: Mln, file: string, options: CommandOptions): Promise<string | undefined> {
  const [given, index, key] = ['sha256', 'index', 'key'].map((name) => textOption(options, name));
  if (given !== undefined && !/^[0-9a-f]{64}$/i.test(given))
    throw failure('MLN_USAGE', '--sha256 takes 64 hexadecimal digits', { hint: 'sha256sum FILE prints them' });
  if ((index === undefined) !== (key === undefined))
    throw failure('MLN_USAGE', 'an index counts only with the key that it is signed by', {
      hint: 'give both: --index SHA256SUMS --key FILE',
    });
  if (given !== undefined && index !== undefined)
    throw failure('MLN_USAGE', 'the digest comes from --sha256 or from --index, not from both');
  if (index !== undefined && key !== undefined) return digestFromIndex(mln.shell, index, key, file);
  return given?.toLowerCase();
}

/** The disk of a host that is stopped, as the next version of the template that it was made from. */
async function addHost(context: CommandContext, from: string, options: CommandOptions): Promise<Manifest> {
  const refused = ['sha256', 'index', 'key'].find((name) => options[name] !== undefined);
  if (refused !== undefined) throw failure('MLN_USAGE', `--${refused} says nothing of the disk of a host`);
  const { mln } = context;
  const chosen = await chosenHostHere(context, from, {});
  return withProject(context, chosen.project.name, 'template add', async () => {
    const state = await requireState(mln.folders.projects, chosen.project.name);
    const host = state.project.hosts.find(({ name }) => name === chosen.host);
    if (!host) throw failure('MLN_NO_UNIT', `${state.project.name} has no host ${chosen.host} any more`);
    await requireStopped(mln, state.project, host);
    await cleanUnits(mln, state.project, [host]);
    const whole = `${host.name}.${state.project.name}`;
    const details = { ...detailsOf(mln, options), name: textOption(options, 'name') ?? templateOf(state, host) };
    return repository(context).add(diskSource(mln, state.project, host, whole), {
      ...details,
      async check(image) {
        // Scripts run by hand as well: it may have been started while its disk was copied.
        await requireStopped(mln, state.project, host);
        await requireWhole(
          mln,
          image,
          `the disk of ${whole}`,
          'start the host and stop it again, so that its filesystem is put right',
        );
      },
    });
  });
}

async function requireStopped(mln: Mln, project: Project, host: Host): Promise<void> {
  const status = (await statusesOf(mln, project, [host])).get(host.name);
  refuseSaved(project, host, status);
  if (status?.state === 'down') return;
  const whole = `${host.name}.${project.name}`;
  throw failure(
    'MLN_PROJECT_RUNS',
    status?.state === 'up' ? `${whole} runs` : `it is not known whether ${whole} runs`,
    { hint: `mln stop -p ${project.name} -h ${host.name}` },
  );
}

/** The name in the repository of what a host was made from. */
function templateOf({ templates, project }: State, host: Host): string {
  const record = Object.hasOwn(templates, host.name) ? templates[host.name] : undefined;
  const [name] = record?.name.split('@') ?? [];
  if (name !== undefined && record?.version != null) return name;
  throw failure('MLN_USAGE', `${host.name}.${project.name} was not made from a template of the repository`, {
    hint: 'give a name: --name NAME',
  });
}

function diskSource(mln: Mln, project: Project, host: Host, whole: string): ImageSource {
  const disk = host.disks.find(({ role }) => role === 'root');
  const store = disk && mln.hooks.disk.call(disk, host, project);
  if (!store) throw failure('MLN_NO_FILE', `${whole} has no disk that can be read here`, { exit: Exit.failed });
  return {
    label: whole,
    fileName: basename(store.path),
    async make(image) {
      if (!(await store.exists()))
        throw failure('MLN_NO_FILE', `there is no disk ${store.path}`, { exit: Exit.failed });
      if (store.flatten) await store.flatten(image);
      else await mln.shell('cp', ['--sparse=always', '--reflink=auto', '--', store.path, image]);
    },
  };
}

/** What a guest left when its machine was switched off may be half written. */
async function requireWhole(mln: Mln, image: string, what: string, hint: string): Promise<void> {
  const filesystem = await mln.hooks.filesystem.promise(image);
  if (!filesystem) throw noFilesystem(what);
  try {
    await filesystem.check();
  } catch (error) {
    if (!isMlnError(error)) throw error;
    throw failure(error.code, `${what} is not whole: ${error.message.split(': ').slice(1).join(': ')}`, {
      cause: error,
      hint,
    });
  }
}

function noFilesystem(what: string): Error {
  return failure('MLN_NO_FILESYSTEM', `no plug-in reads a filesystem in ${what}`, {
    hint: 'a template is the image of one filesystem, without a partition table',
  });
}

function detailsOf(mln: Mln, options: CommandOptions): AddDetails {
  const [name, version, message] = ['name', 'version', 'message'].map((each) => textOption(options, each));
  return {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    message: message ?? null,
    announce: templateAnnouncer(mln),
  };
}

function repository({ mln, terminal }: CommandContext): ReturnType<typeof createTemplates> {
  return createTemplates(mln.folders.templates, mln.shell, (text) => {
    terminal.note(text);
  });
}
