import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import pc from 'picocolors';
import type { MlnError, Place, Problem } from './errors.js';

/** Writes all problems of an error as people read them: place, code, sentence, the source line with a caret, a hint. */
export function renderError(error: MlnError): string {
  return error.problems.map(renderProblem).join('\n');
}

export function renderProblem(problem: Problem): string {
  const { severity, code, message, place, hint, origin } = problem;
  const name = severity === 'error' ? pc.red(`error[${code}]`) : pc.yellow(`warning[${code}]`);
  const lines = [`${place ? `${placeText(place)}: ` : ''}${name}: ${message}`];
  if (place) lines.push(...sourceLines(place));
  for (let through = place?.includedFrom; through; through = through.includedFrom)
    lines.push(`  included from ${placeText(through)}`);
  if (origin !== undefined) lines.push(`  from ${origin}`);
  if (hint !== undefined) lines.push(`  ${pc.cyan('hint')}: ${hint}`);
  return lines.join('\n');
}

/** file:line:column, the file as it is seen from the working folder. */
export function placeText({ file, line, column }: Place): string {
  const near = relative(process.cwd(), file);
  return `${near === '' || near.startsWith('../../') ? file : near}:${line}:${column}`;
}

function sourceLines({ file, line, column }: Place): string[] {
  let text: string | undefined;
  try {
    text = readFileSync(file, 'utf8')
      .replace(/^\ufeff/, '')
      .split('\n')[line - 1];
  } catch {
    return [];
  }
  if (text === undefined || text.length > 200) return [];
  const number = String(line);
  const blank = ' '.repeat(number.length);
  const under = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return [`  ${pc.dim(`${number} |`)} ${text.trimEnd()}`, `  ${pc.dim(`${blank} |`)} ${under}${pc.red('^')}`];
}

/** A problem as other programs read it: its place in fields of its own. */
export function flatProblem({ place, ...problem }: Problem): object {
  return { ...problem, file: place?.file ?? null, line: place?.line ?? null, column: place?.column ?? null };
}
