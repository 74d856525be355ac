import pc from 'picocolors';
import type { MlnError, Place, Problem } from './errors.js';
import { placeText } from './place-text.js';
import type { SourceLines } from './source-lines.js';

/** Writes all problems of an error as people read them: place, code, sentence, the source line with a caret, a hint. */
export function renderError(error: MlnError, lineOf?: SourceLines): string {
  return error.problems.map((problem) => renderProblem(problem, lineOf)).join('\n');
}

/** Writes one problem; without a function that gives source lines (they may hold secrets) none is shown. */
export function renderProblem(problem: Problem, lineOf?: SourceLines): string {
  const { severity, code, message, place, hint, origin } = problem;
  const name = severity === 'error' ? pc.red(`error[${code}]`) : pc.yellow(`warning[${code}]`);
  const lines = [`${place ? `${placeText(place)}: ` : ''}${name}: ${message}`];
  if (place && lineOf) lines.push(...sourceLines(place, lineOf));
  for (let through = place?.includedFrom; through; through = through.includedFrom)
    lines.push(`  included from ${placeText(through)}`);
  if (origin !== undefined) lines.push(`  from ${origin}`);
  if (hint !== undefined) lines.push(`  ${pc.cyan('hint')}: ${hint}`);
  return lines.join('\n');
}

function sourceLines(place: Place, lineOf: SourceLines): string[] {
  const shown = lineOf(place);
  if (!shown) return [];
  const { text, column } = shown;
  const number = String(place.line);
  const blank = ' '.repeat(number.length);
  const under = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return [`  ${pc.dim(`${number} |`)} ${text.trimEnd()}`, `  ${pc.dim(`${blank} |`)} ${under}${pc.red('^')}`];
}

/** A problem as other programs read it: its place in fields of its own, and the directives that it came through. */
export function flatProblem({ place, ...problem }: Problem): object {
  return { ...problem, ...flatPlace(place) };
}

function flatPlace(place: Place | undefined): object {
  return {
    file: place?.file ?? null,
    line: place?.line ?? null,
    column: place?.column ?? null,
    includedFrom: place?.includedFrom ? flatPlace(place.includedFrom) : null,
  };
}
