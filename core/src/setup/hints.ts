import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { readSource } from '../configuration-files.js';
import { isMlnError } from '../errors.js';
import type { Mln } from '../kernel.js';
import { chosenValues, pluginLines, valueLines } from './configuration-text.js';
import type { Choice, Materials } from './items.js';
import type { Seen } from './look.js';
import { placesOf, type Caller } from './places.js';

/** What the user has to know or to do beside what setup did. Places have no prefix. */
export function hints(choice: Choice, caller: Caller, { launcher, parts }: Materials, mln: Mln): readonly string[] {
  const { kind, boot } = choice;
  const { zsh, manual, configuration } = placesOf(kind, caller);
  const user = kind === 'user';
  const listedIn = mln.configuration.origins['plugins'];
  const elsewhere = listedIn?.endsWith('.config.yaml') === true && !listedIn.startsWith(`${configuration}/`);
  return [
    ...(user ? [`zsh looks there once ~/.zshrc has, before compinit: fpath=(${zsh} $fpath)`] : []),
    ...(user && !searched(caller) ? [`man(1) looks there once MANPATH is set: export MANPATH=:${manual}`] : []),
    ...(boot || parts.units.length > 0 ? [`units call mln as: ${launcher.command.join(' ')}`] : []),
    ...(boot && launcher.note !== null ? [launcher.note] : []),
    ...(boot && user ? ['projects start when you log in; with the machine after: loginctl enable-linger'] : []),
    ...(boot ? [`to start them now: systemctl ${user ? '--user ' : ''}start mln.service`] : []),
    ...(kind === 'service-host' && parts.units.length === 0
      ? ['no plug-in here answers for a service host: no unit is written for it; run mln setup again when one does']
      : []),
    ...parts.notes,
    ...(launcher.onPath
      ? []
      : ['mln is not on the PATH, where shells look for it: npm install -g mln, or npm link in a clone']),
    ...(elsewhere ? [`the manual tells of the plug-ins that ${listedIn} lists`] : []),
    ...(mln.broken.length > 0 ? ['some plug-ins cannot be used, the manual has nothing of them: mln plugin list'] : []),
  ];
}

/** Whether man(1) looks beside a folder of the PATH: ~/.local/bin leads it to ~/.local/share/man. */
function searched({ environment, home }: Caller): boolean {
  return (environment['PATH'] ?? '').split(':').includes(`${home}/.local/bin`);
}

/** What was chosen and an own configuration does not say: lines to be added; nothing where it says all. */
export async function additions(
  seen: readonly Seen[],
  choice: Choice,
  materials: Materials,
): Promise<readonly string[]> {
  const own = seen.find(({ item, state }) => item.what === 'configuration' && item.kind === 'file' && state === 'own');
  if (!own) return [];
  const chosen = chosenValues({ ...choice, ...materials });
  const { path } = own.item;
  const there = await valuesIn(path);
  const { plugins } = materials.parts;
  const listed = new Set((Array.isArray(there['plugins']) ? there['plugins'] : []).map(nameIn));
  const unlisted = plugins.filter(({ name }) => !listed.has(name));
  const values = Object.entries(chosen).flatMap(([name, value]) => {
    const said = there[name];
    // Folders may be written from the home folder on, or from that of the configuration.
    const same = said === value || (name !== 'service_host' && typeof said === 'string' && whole(said, path) === value);
    return same ? [] : [valueLines(name, value)];
  });
  return [...values, ...(unlisted.length === 0 ? [] : [pluginLines(unlisted, false)])];
}

function whole(path: string, configuration: string): string {
  return resolve(dirname(configuration), path.replace(/^~(?=\/)/, homedir()));
}

/** What a configuration says; nothing where it cannot be read. */
async function valuesIn(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return { ...(await readSource(path, undefined)).values };
  } catch (error) {
    if (isMlnError(error)) return {};
    throw error;
  }
}

/** The name of a plug-in as a configuration lists it, with options or without. */
function nameIn(entry: unknown): unknown {
  return Array.isArray(entry) ? (entry as unknown[])[0] : entry;
}
