import pc from 'picocolors';
import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { createCheckList, examine, installation, type Examined, type OwnedCheck } from '../../doctor.js';
import { addCoreChecks } from '../../doctor-core.js';
import { withScratch } from '../../doctor-scratch.js';
import { failure } from '../../errors.js';
import { doctorHook } from '../../kernel.js';
import { table } from '../../terminal.js';
import { nearest } from '../../values.js';

/** `mln doctor [NAME…]`: what this machine can do. Names are those of plug-ins, or of checks. */
export async function doctor(
  { mln, terminal, version }: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const list = createCheckList();
  addCoreChecks(list, mln, version);
  await doctorHook(mln).promise(list);
  const chosen = choose(list.all, args);
  const found = await withScratch((scratch) => examine(chosen, scratch, () => args.length > 0));
  if (options['json'] === true) terminal.json({ apiVersion: 'mln/v1', kind: 'Doctor', items: found.map(item) });
  else terminal.print(report(found));
  return found.some(({ state }) => state === 'missing') ? Exit.failed : Exit.done;
}

function choose(all: readonly OwnedCheck[], names: readonly string[]): readonly OwnedCheck[] {
  if (names.length === 0) return all;
  const namesOf = ({ plugin, check }: OwnedCheck): string[] => [plugin, check.id, `${plugin}.${check.id}`];
  const known = [...new Set(all.flatMap(namesOf))];
  for (const name of names.filter((each) => !known.includes(each))) {
    const guess = nearest(name, known);
    const plugins = [...new Set(all.map(({ plugin }) => plugin))];
    throw failure('MLN_USAGE', `no plug-in and no check is called ${name}`, {
      hint: guess === undefined ? `checks are brought by ${plugins.join(', ')}` : `did you mean ${guess}?`,
    });
  }
  return all.filter((each) => namesOf(each).some((name) => names.includes(name)));
}

/** What is printed of a finding with --json. */
function item({ packages: _, ...rest }: Examined): Omit<Examined, 'packages'> {
  return rest;
}

/** A heading for each group, a line for each check, and what to do about it below. */
function report(found: readonly Examined[]): string {
  const width = Math.max(...found.map(({ title }) => title.length));
  const groups = [...new Set(found.map(({ group }) => group))];
  const parts = groups.map((group) =>
    [pc.bold(group), ...found.filter((each) => each.group === group).flatMap((each) => lines(each, width))].join('\n'),
  );
  return [...parts, ...installations(found)].join('\n\n');
}

const marks: Record<Examined['state'], () => string> = {
  ok: () => pc.green('✓'),
  warning: () => pc.yellow('!'),
  missing: () => pc.red('✗'),
  absent: () => pc.dim('-'),
};

function lines({ state, title, detail, remedy }: Examined, width: number): string[] {
  const line = `  ${marks[state]()} ${title.padEnd(width)}  ${detail}`;
  return remedy === null || state === 'ok' ? [line] : [line, `    ${' '.repeat(width)}  ${pc.dim('→')} ${remedy}`];
}

/** All packages at once, to be copied: those that are needed, and those that more could be done with. */
export function installations(found: readonly Examined[]): string[] {
  const packagesOf = (states: readonly Examined['state'][]): string[] =>
    found.filter(({ state }) => states.includes(state)).flatMap(({ packages }) => packages);
  const needed = packagesOf(['missing', 'warning']);
  const useful = packagesOf(['absent']).filter((each) => !needed.includes(each));
  const rows = [
    ['what is needed:', installation(needed)],
    ['what more could be done with:', installation(useful)],
  ].flatMap(([what, command]) => (what && command ? [[what, command]] : []));
  return rows.length === 0 ? [] : [table(rows)];
}
