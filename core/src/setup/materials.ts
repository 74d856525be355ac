import { join } from 'node:path';
import { completionScripts } from '../cli/completion/scripts.js';
import type { CommandContext } from '../commands.js';
import { inFolder } from '../configuration-files.js';
import { manualFiles } from '../man/pages.js';
import { usualFolders } from './choice.js';
import type { Choice, Materials } from './items.js';
import { findLauncher, type Called } from './launcher.js';
import { gatherParts } from './parts.js';
import { placesOf, type Caller } from './places.js';

/** The name that a configuration is written by. */
const USUAL_NAME = 'mln.config.yaml';

/** Gathers what the files of setup are made of. `called` tells how mln itself was called. */
export async function gatherMaterials(
  { mln, commands, version }: CommandContext,
  choice: Choice,
  caller: Caller,
  called: Called,
): Promise<Materials> {
  const { kind } = choice;
  const launcher = findLauncher(called);
  const folder = join(caller.prefix ?? '/', placesOf(kind, caller).configuration);
  const [there] = inFolder(folder);
  return {
    completion: completionScripts,
    manual: manualFiles({ commands, keywords: mln.keywords }, version),
    launcher,
    environment: kind === 'user' ? baseFolders(caller.environment) : {},
    configuration: there === undefined ? USUAL_NAME : there.slice(folder.length + 1),
    parts: await gatherParts(mln, choice, caller, launcher),
    usual: usualFolders(kind, caller),
  };
}

/** Where the caller keeps configuration and data, if that is not where systemd(1) would look for them. */
function baseFolders(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return Object.fromEntries(
    ['XDG_CONFIG_HOME', 'XDG_DATA_HOME'].flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
}
