import { realpathSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure, systemFailure } from '../../errors.js';
import { apply, removeAll } from '../../setup/apply.js';
import { askChoice, withQuestions } from '../../setup/ask.js';
import { choiceOf, findRecord, foldersFor, kindOption } from '../../setup/choice.js';
import { additions, hints } from '../../setup/hints.js';
import { plannedItems, type Choice } from '../../setup/items.js';
import { leftovers, look, type Seen } from '../../setup/look.js';
import { gatherMaterials } from '../../setup/materials.js';
import { withoutPackaged } from '../../setup/packaged.js';
import { lookForPrograms } from '../../setup/packages.js';
import type { Caller } from '../../setup/places.js';
import { recordOf, recordPath, type SetupRecord } from '../../setup/record.js';
import { contents, report } from '../../setup/report.js';
import { faultsOfUnits, reload } from '../../setup/systemd.js';
import { textOption } from '../choose.js';
import { installations } from './doctor.js';

/** `mln setup`: makes what mln uses and does not bring; `--check` only looks, `--remove` takes it away again. */
export async function setup(
  context: CommandContext,
  _args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  if ([options['check'], options['remove']].every((each) => each === true))
    throw failure('MLN_USAGE', '--check and --remove exclude each other');
  const prefix = textOption(options, 'prefix');
  const caller: Caller = {
    environment: process.env,
    home: homedir(),
    uid: process.getuid?.() ?? 0,
    prefix: prefix === undefined ? null : resolve(prefix),
  };
  // What others may read has the modes that are written down here, whatever the caller's are.
  const mask = process.umask(0o022);
  try {
    const record = await findRecord(kindOption(options), caller);
    if (options['remove'] === true) return await remove(context, caller, record, options);
    const choice = await choose(context, caller, record, options);
    return await install(context, caller, choice, options);
  } finally {
    process.umask(mask);
  }
}

async function choose(
  { mln, terminal }: CommandContext,
  caller: Caller,
  record: SetupRecord | null,
  options: CommandOptions,
): Promise<Choice> {
  const choice = choiceOf(options, caller, mln, record);
  const silent = ['yes', 'json', 'check', 'dryRun', 'prefix'].some((name) => Boolean(options[name]));
  if (silent || kindOption(options) !== undefined || !process.stdin.isTTY) return choice;
  return withQuestions((ask) =>
    askChoice(
      ask,
      (text) => {
        terminal.note(text);
      },
      choice,
      (kind) => foldersFor(kind, caller),
    ),
  );
}

async function install(
  context: CommandContext,
  caller: Caller,
  choice: Choice,
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal, version } = context;
  const check = options['check'] === true;
  const dry = options['dryRun'] === true;
  if (!check && !dry) refuseOthers(choice, caller);
  const script = realpathSync(process.argv[1] ?? '');
  const called = { script, node: process.execPath, path: process.env['PATH'] ?? '' };
  const materials = await gatherMaterials(context, choice, caller, called);
  const planned = plannedItems(choice, caller, materials);
  const items = caller.prefix === null ? withoutPackaged(planned, { script, user: choice.kind === 'user' }) : planned;
  const record = recordPath(choice.kind, caller);
  // That of another kind is left alone: a user's things and the system's stand beside each other.
  const before = await recordOf(choice.kind, caller);
  const seen = await look(items, before, mln.shell);
  const old = await leftovers(items, before);
  const programs = await lookForPrograms(mln, version);
  const missing = await additions(seen, choice, materials);
  const unlike = seen.some(({ state }) => ['missing', 'outdated', 'foreign'].includes(state));
  const complete = !unlike && old.length === 0 && missing.length === 0;
  if (!check && !dry) {
    await makePrefix(caller);
    await apply({ choice, seen, leftovers: old, before, record, prefix: caller.prefix, shell: mln.shell });
  }
  const notes = check || dry ? [] : await unitNotes(context, caller, choice, seen, old);
  const exit = check ? (complete ? Exit.done : Exit.failed) : seen.some(isForeign) ? Exit.partly : Exit.done;
  if (options['json'] === true) {
    const listed = seen.map(({ item: { kind, what, path }, state }) => ({ kind, what, path, state }));
    const removed = old.map((path) => ({ kind: 'file', what: 'no longer wanted', path, state: 'leftover' }));
    const { kind, serviceHost, boot, folders } = choice;
    const told = { kind: 'Setup', for: kind, serviceHost, boot, folders, complete };
    const packages = programs.filter(({ state }) => state === 'missing').flatMap((each) => each.packages);
    terminal.json({
      apiVersion: 'mln/v1',
      ...told,
      items: [...listed, ...removed],
      add: missing,
      packages: [...new Set(packages)],
    });
    return exit;
  }
  terminal.print(report(seen, check ? 'check' : dry ? 'dry' : 'made'));
  for (const path of old)
    terminal.print(`${check ? 'no longer wanted' : dry ? 'would be removed' : 'removed'}: ${path}`);
  if (dry) terminal.print(contents(seen));
  if (complete) terminal.print('Everything is there; nothing is to be done.');
  if (missing.length > 0)
    terminal.print(`The configuration is yours and stays as it is. To be added there:\n${missing.join('\n')}`);
  for (const note of [...notes, ...(check ? [] : hints(choice, caller, materials, mln))]) terminal.note(`· ${note}`);
  for (const rows of installations(programs)) terminal.note(rows);
  if (check && !complete) terminal.note('mln setup makes what is missing, and makes anew what is outdated');
  return exit;
}

function isForeign({ state }: Seen): boolean {
  return state === 'foreign';
}

/** The system's folders are root's; with a prefix, and for oneself, nobody needs to be root. */
function refuseOthers({ kind, serviceHost }: Choice, { uid, prefix }: Caller): void {
  if (kind === 'service-host' && serviceHost === null)
    throw failure('MLN_USAGE', 'a service host has a name', { hint: 'mln setup --service-host NAME' });
  if (kind === 'user' || uid === 0 || prefix !== null) return;
  throw failure('MLN_NOT_ALLOWED', 'the whole system is set up by root', {
    hint: 'run it as root (sudo mln setup --system), or for yourself: mln setup --user',
  });
}

async function makePrefix({ prefix }: Caller): Promise<void> {
  if (prefix === null) return;
  try {
    await mkdir(prefix, { recursive: true });
  } catch (error) {
    throw systemFailure(error, `the folder ${prefix} cannot be made`);
  }
}

/** What systemd says of the units, and a systemd that runs is told of them. */
async function unitNotes(
  { mln }: CommandContext,
  { prefix }: Caller,
  { kind }: Choice,
  seen: readonly Seen[],
  old: readonly string[],
): Promise<readonly string[]> {
  const units = seen.filter(({ item }) => item.what === 'unit of systemd');
  const isNew = units.some(({ state }) => state === 'missing' || state === 'outdated');
  const isGone = old.some((path) => path.endsWith('.service'));
  if (!isNew && !isGone) return [];
  const faults = await faultsOfUnits(
    mln.shell,
    kind,
    units.map(({ item }) => item.path),
  );
  const failed = prefix === null ? await reload(mln.shell, kind) : null;
  return [...faults, ...(failed === null ? [] : [`systemd does not know of it yet: ${failed}`])];
}

/** `mln setup --remove`. */
async function remove(
  { mln, terminal }: CommandContext,
  caller: Caller,
  record: SetupRecord | null,
  options: CommandOptions,
): Promise<ExitCode> {
  const dry = options['dryRun'] === true;
  const done = record && (await removeAll(record.wrote, recordPath(record.choice.kind, caller), dry));
  if (record && !dry && caller.prefix === null && done?.removed.some((path) => path.endsWith('.service')))
    await reload(mln.shell, record.choice.kind);
  const { removed = [], left = [], accounts = [] } = done ?? {};
  if (options['json'] === true) terminal.json({ apiVersion: 'mln/v1', kind: 'SetupRemoved', removed, left, accounts });
  else {
    for (const path of removed) terminal.print(`${dry ? 'would be removed' : 'removed'}: ${path}`);
    for (const path of left) terminal.print(`left, it is changed or holds something: ${path}`);
    for (const account of accounts)
      terminal.print(`left, files may be theirs: ${account} (as root: ${account.replace(' ', 'del ')})`);
    if (!done) terminal.print('There is nothing that setup wrote.');
  }
  return Exit.done;
}
