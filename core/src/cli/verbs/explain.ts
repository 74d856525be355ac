import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure } from '../../errors.js';
import { explanationsOf, factsOf, nearestExplained, type Explanation } from '../../explain.js';
import type { Keyword, KeywordTable } from '../../keywords.js';

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
  else terminal.print(found.map((each) => text(each, mln.keywords)).join('\n\n'));
  return Exit.done;
}

function text(explanation: Explanation, keywords: KeywordTable): string {
  if ('keyword' in explanation) return keywordText(explanation.keyword, explanation.place, keywords);
  const { code, meaning, exit, advice } = explanation;
  return [`${code} (exit ${exit})`, meaning, ...(advice === null ? [] : ['', advice])].join('\n');
}

function keywordText(keyword: Keyword, place: string, keywords: KeywordTable): string {
  const { name, help, example } = keyword;
  const facts = [
    ...factsOf(keyword, place, keywords),
    ...(example === undefined ? [] : [['example', example] as const]),
  ];
  const width = Math.max(...facts.map(([label]) => label.length));
  return [name, help, ...facts.map(([label, value]) => `  ${label.padEnd(width)}  ${value.replaceAll('`', '')}`)].join(
    '\n',
  );
}
