import { failure, nearest, type Commands, type Option } from '@mln/core';
import { MOST_HOSTS } from './keywords.js';

const scaleOption: Option = {
  flags: '--scale <counts>',
  help: 'how many hosts an autoenum block counts out: NAME=N,NAME=N; may be repeated',
  repeats: true,
};

/** Adds the option to every verb that reads a project as it comes to be: those that take --set. */
export function addScale(commands: Commands): void {
  for (const { name, options = [] } of commands.all)
    if (options.some(({ flags }) => flags.startsWith('--set '))) commands.option(name, scaleOption);
}

/** How many hosts the command line asks for, by the names it gives to blocks. */
export type Scale = ReadonlyMap<string, number>;

/** Reads what `--scale` was given, each time `NAME=N,NAME=N`. */
export function readScale(given: unknown): Scale {
  const counts = new Map<string, number>();
  const texts = [given].flat().filter((text) => typeof text === 'string');
  for (const part of texts.flatMap((text) => text.split(','))) {
    const [, name, digits] = /^([^=]+)=(\d+)$/.exec(part) ?? [];
    if (name === undefined)
      throw failure('MLN_USAGE', `--scale takes NAME=N, not ${JSON.stringify(part)}`, {
        hint: 'NAME is a superclass that autoenum counts out, N how many hosts there are to be',
      });
    const count = Number(digits);
    if (count < 1 || count > MOST_HOSTS)
      throw failure('MLN_USAGE', `--scale ${part}: there can be 1 to ${MOST_HOSTS} hosts`);
    if (counts.has(name)) throw failure('MLN_USAGE', `--scale gives ${name} twice`);
    counts.set(name, count);
  }
  return counts;
}

/** Refuses a name that no block answers to. */
export function checkScale(scale: Scale, known: ReadonlySet<string>): void {
  for (const name of scale.keys()) {
    if (known.has(name)) continue;
    const guess = nearest(name, known);
    const others = known.size === 0 ? 'the project has no autoenum block' : `known are ${[...known].join(', ')}`;
    throw failure('MLN_USAGE', `--scale: nothing counts out ${name}`, {
      hint: guess === undefined ? others : `did you mean ${guess}?`,
    });
  }
}
