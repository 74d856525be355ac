import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure, type Place } from '../../errors.js';
import { placeText } from '../../place-text.js';
import { table } from '../../terminal.js';
import { nearest } from '../../values.js';
import { reasonOf, type Reason } from '../../why.js';
import type { ReadProject } from '../../read-project.js';
import { readChosenFile } from '../choose.js';

export async function why(
  context: CommandContext,
  [path = '']: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  const read = await readChosenFile(context, options);
  const reason = reasonOf(read, mln.keywords, path);
  if (!reason) throw unknownPath(read, path);
  if (reason.says.length === 0 && reason.default === null)
    throw failure('MLN_USAGE', `nothing in the project sets ${path}`, {
      hint: `mln explain ${reason.path.at(-1) ?? ''}`,
    });
  if (options['json'] === true) terminal.json({ apiVersion: 'mln/v1', kind: 'Reason', items: [reason] });
  else terminal.print(lines(reason));
  return Exit.done;
}

function unknownPath(read: ReadProject, path: string): Error {
  const units = [...read.views.keys()];
  const unit = units.find((name) => path === name || path.startsWith(`${name}.`));
  if (unit === undefined) {
    const guess = nearest(path.split('.')[0] ?? '', units);
    return failure('MLN_NO_UNIT', `the project has no host or switch that ${path} could belong to`, {
      hint: guess === undefined ? 'write HOST.KEYWORD, such as a.memory or a.eth0.address' : `did you mean ${guess}?`,
    });
  }
  const known = [...(read.views.get(unit)?.keywords() ?? [])];
  const word = path.slice(unit.length + 1);
  if (word === '')
    return failure('MLN_USAGE', `which keyword of ${unit}?`, { hint: `${unit} has ${known.join(', ')}` });
  const guess = nearest(word, known);
  return failure('MLN_USAGE', `${unit} has no ${word}`, {
    hint: guess === undefined ? `it has ${known.join(', ')}` : `did you mean ${guess}?`,
  });
}

function lines({ path, says, default: usual }: Reason): string {
  const rows = says.flatMap(({ text, place, origin, counts, variables }) => [
    [counts ? '→' : ' ', text, at(place), origin ?? ''],
    ...variables.map((each) => ['', `  $${each.name} = ${each.value}`, at(each.place), each.origin ?? '']),
  ]);
  if (usual !== null) rows.push([says.length === 0 ? '→' : ' ', usual, '', 'default']);
  return [path.join(' '), table(rows)].join('\n');
}

function at(place: Place | null): string {
  if (!place) return '';
  const through = place.includedFrom ? `, included from ${placeText(place.includedFrom)}` : '';
  return `${placeText(place)}${through}`;
}
