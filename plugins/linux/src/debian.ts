import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createGuest, failure, type CommandContext, type CommandOptions, type Guest, type Mln } from '@mln/core';
import { configureInCommon } from './debian-common.js';
import { makeTemplate, type Init } from './debian-inits.js';
import { chooseMode } from './debian-mode.js';
import { buildCommand, type Wanted } from './debian-script.js';
import { findSources, mirrorsIn, ownSuite, withoutSecrets } from './debian-sources.js';
import { readAsked, type Asked } from './debian-options.js';
import { tellFailure } from './debian-failure.js';
import { noProject } from './no-project.js';
import type { Built } from './template-build.js';

/** Makes a Debian template by mmdebstrap, as root or an ordinary user: packages, then what each init needs. */
export async function buildDebian(
  { mln, terminal }: CommandContext,
  image: string,
  options: CommandOptions,
): Promise<Built> {
  const asked = readAsked(options, ownSuite(await readFile('/etc/os-release', 'utf8').catch(() => '')));
  const { init } = asked;
  const { mode, why } = await chooseMode(mln.shell);
  if (why !== null)
    terminal.note(`${why}: this is done by fakechroot, which takes twice as long and keeps no file capabilities`);
  const sources = await findSources(mln.shell, asked.suite, asked.mirror);
  const folder = join(dirname(image), 'packages');
  await mkdir(folder);
  const wanted: Wanted = {
    suite: asked.suite,
    packages: [...init.packages, ...asked.packages],
    sources: sources !== null,
    size: asked.size,
    image,
    folder,
  };
  const said: string[] = [];
  const [program, args] = buildCommand(mode, wanted);
  const { exitCode, stdout } = await mln.shell(program, args, {
    ...(sources === null ? {} : { input: sources }),
    accept: Array.from({ length: 256 }, (_, code) => code),
    heard(line) {
      said.push(line);
      const step = /^I: ((?:running apt-get|downloading|extracting|installing|writing) .*?)(?:\.\.\.)?$/.exec(
        line,
      )?.[1];
      if (step !== undefined) terminal.report({ server: null, unit: null, state: 'note', text: step });
    },
  });
  if (exitCode !== 0) throw tellFailure({ exitCode, said: said.map(withoutSecrets), mode, wanted });
  await rm(folder, { recursive: true });
  const mirrors = await finish(mln, image, init);
  return {
    message: `Debian ${asked.suite}, ${init.message}`,
    recipe: recipeOf(asked, mirrors, stdout),
  };
}

/** Edits the image as the configuration of guests does. Gives the mirrors that it names. */
async function finish(mln: Mln, image: string, init: Init): Promise<readonly string[]> {
  const filesystem = await mln.hooks.filesystem.promise(image);
  if (!filesystem) throw failure('MLN_NO_FILESYSTEM', 'no plug-in edits ext4 images', { hint: 'load @mln/plugin-ext' });
  const guest = createGuest(filesystem, noProject);
  if (!(await guest.exists('/etc/passwd')))
    throw failure('MLN_GUEST_EDIT', 'debugfs has not written /etc/passwd into the image');
  await makeTemplate(guest);
  await init.prepare(guest);
  await configureInCommon(mln, guest);
  const mirrors = await forgetSecrets(guest);
  await filesystem.apply(await guest.edits());
  await filesystem.check();
  return mirrors;
}

async function forgetSecrets(guest: Guest): Promise<readonly string[]> {
  const path = '/etc/apt/sources.list';
  const text = await guest.text(path);
  const without = withoutSecrets(text);
  if (without !== text) await guest.write(path, without);
  return mirrorsIn(without);
}

/** What the manifest keeps. Takes the packages as dpkg-query(1) shows them: name, tab, version. */
function recipeOf({ init, suite, packages }: Asked, mirrors: readonly string[], shown: string): Built['recipe'] {
  const lines = shown.split('\n').filter((line) => line !== '');
  const installed = Object.fromEntries(lines.map((line) => line.split('\t').slice(0, 2) as [string, string]));
  return { init: init.name, suite, packages, mirrors, installed };
}
