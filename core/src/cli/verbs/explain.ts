import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure } from '../../errors.js';
import { explanationsOf, kinds, nearestExplained, type Explanation } from '../../explain.js';
import type { Keyword } from '../../keywords.js';

export async function explain(
  { mln, terminal }: CommandContext,
  [word = '']: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const found = await explanationsOf(word, mln.keywords);
  if (found.length === 0) {
    const guess = nearestExplained(word, mln.keywords);
    throw failure('MLN_USAGE', `${word} is neither an error code nor a keyword`, {
      hint: guess === undefined ? 'docs/keywords.md and docs/errors.md list them' : `did you mean ${guess}?`,
    });
  }
  if (options['json'] === true) terminal.json({ apiVersion: 'mln/v1', kind: 'Explanation', items: found });
  else terminal.print(found.map(text).join('\n\n'));
  return Exit.done;
}

function text(explanation: Explanation): string {
  if ('keyword' in explanation) return keywordText(explanation.keyword, explanation.place);
  const { code, meaning, exit, advice } = explanation;
  return [`${code} (exit ${exit})`, meaning, ...(advice === null ? [] : ['', advice])].join('\n');
}

function keywordText(keyword: Keyword, place: string): string {
  const { name, kind, help, syntax, choices, least, most, default: usual, sameAs, example, plugin, secret } = keyword;
  const [takes, inherited] = kinds[kind];
  const bounds = [least === undefined ? '' : `at least ${least}`, most === undefined ? '' : `at most ${most}`];
  const rows: [string, string | undefined][] = [
    ['stands in', place === 'project' ? 'the top of a project' : place],
    ['takes', [takes, choices?.join(', ') ?? '', ...bounds].filter((each) => each !== '').join('; ')],
    ['rows', syntax],
    ['default', usual],
    ['inherited', place === 'host' || place === 'network' ? inherited : undefined],
    ['another name of', sameAs],
    ['printed', secret === undefined ? undefined : 'as (secret)'],
    ['from', plugin],
    ['example', example],
  ];
  const lines = rows.flatMap(([label, value]) => (value === undefined ? [] : [`  ${label.padEnd(16)}${value}`]));
  return [name, help, ...lines].join('\n');
}
