import { basename, relative, resolve } from 'node:path';
import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import type { PluginEntry } from '../../configuration.js';
import { broughtBy } from '../../plugin-clash.js';
import { runningCore } from '../../plugin-skeleton/core-folder.js';
import { badName, guestPath, namingOf, type Naming } from '../../plugin-skeleton/naming.js';
import { skeletonFiles } from '../../plugin-skeleton/skeleton.js';
import { writeFolder } from '../../plugin-skeleton/write-folder.js';
import { quote } from '../../scripts.js';
import { table } from '../../terminal.js';
import { textOption } from '../choose.js';

/** `mln plugin new NAME`: makes the folder of a plug-in that works and is tested, and tells what to do with it. */
export async function create(
  { mln, terminal }: CommandContext,
  [name = '']: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { folder: core, node } = runningCore();
  const naming = namingOf(name, node);
  const known = mln.keywords.find('host', naming.keyword);
  if (known)
    throw badName(name, `its keyword would be ${naming.keyword}, which ${broughtBy(known.plugin)} has already`);
  if (mln.plugins.some((plugin) => plugin.name === naming.packageName))
    throw badName(name, `a plug-in ${naming.packageName} is loaded already`);
  const folder = resolve(textOption(options, 'folder') ?? basename(name));
  // As npm link does it: the tests find this very core, and npm install puts another in its place.
  const links = new Map([['node_modules/@mln/core', core]]);
  await writeFolder(folder, { files: skeletonFiles(naming), links });
  terminal.print(whatNow(mln.configuration.plugins, naming, folder));
  return Exit.done;
}

function whatNow(configured: readonly PluginEntry[], naming: Naming, folder: string): string {
  const here = relative('.', folder);
  const steps = [
    ...(here === '' ? [] : [[`cd ${quote(here)}`, '']]),
    ['npm test', 'its tests; they pass'],
    ['mln plugin check .', 'what is right and wrong with it'],
    [`mln plan -f example.mln ada ${guestPath(naming)}`, 'what it writes, once it is configured'],
  ];
  return `${naming.packageName} is in ${folder}; its code is src/index.js.

${indented(table(steps))}

${howToConfigure(configured, folder)}`;
}

/** A list of plug-ins takes the place of that of mln: who has none yet is told of the word that stands for it. */
function howToConfigure(configured: readonly PluginEntry[], folder: string): string {
  const own = indented(`- ${JSON.stringify(folder)}`);
  const file = configured.find(({ standard }) => standard !== true)?.listedIn;
  if (file !== undefined) return `To use it, add it to the plugins of ${file}:\n\n${own}`;
  return `To use it, list it in mln.config.yaml beside your projects:

plugins:
  - standard
${own}`;
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}
