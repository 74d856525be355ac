import { failure, nearest, type Option } from '@mln/core';

/** The verbs that read a project. */
export const verbs = new Set(['build', 'plan', 'validate', 'parse', 'why', 'diff', 'graph', 'upgrade']);

export const scaleOption: Option = {
  flags: '--scale <counts>',
  help: 'how many hosts an autoenum block counts out: NAME=N,NAME=N',
};

/** Reads `--scale NAME=N,NAME=N`. */
export function readScale(text: unknown): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  if (typeof text !== 'string') return counts;
  for (const part of text.split(',')) {
    const [, name, count] = /^([^=]+)=([1-9]\d{0,8})$/.exec(part) ?? [];
    if (name === undefined)
      throw failure('MLN_USAGE', `--scale takes NAME=N, not ${JSON.stringify(part)}`, {
        hint: 'NAME is a superclass that autoenum counts out, N a number above zero',
      });
    counts.set(name, Number(count));
  }
  return counts;
}

/** Refuses a name that no block answers to. */
export function checkScale(counts: ReadonlyMap<string, number>, known: readonly string[]): void {
  for (const name of counts.keys()) {
    if (known.includes(name)) continue;
    const guess = nearest(name, known);
    const others = known.length === 0 ? 'the project has no autoenum block' : `known are ${known.join(', ')}`;
    throw failure('MLN_USAGE', `--scale: nothing counts out ${name}`, {
      hint: guess === undefined ? others : `did you mean ${guess}?`,
    });
  }
}
