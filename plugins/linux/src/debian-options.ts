import { failure, nearest, parseSize, type CommandOptions } from '@mln/core';
import { inits, type Init } from './debian-inits.js';

/** What the command line asks for. */
export interface Asked {
  readonly init: Init;
  readonly suite: string;
  readonly mirror: string | undefined;
  /** Beside those that the template needs anyway. */
  readonly packages: readonly string[];
  /** Bytes; null where nobody says. */
  readonly size: number | null;
}

/** Reads the options of the recipe. Throws MLN_USAGE. */
export function readAsked(options: CommandOptions, suite: string): Asked {
  const text = (name: string): string | undefined => {
    const value = options[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    init: initCalled(text('init') ?? 'quick'),
    suite: matching('--suite', text('suite') ?? suite, /^[a-z][a-z0-9.-]*$/, 'the name of a suite, such as stable'),
    mirror: text('mirror') && matching('--mirror', text('mirror') ?? '', /^[a-z]+:\/?\/?\S+$/, 'a URL'),
    packages: (text('packages') ?? '')
      .split(',')
      .filter((each) => each !== '')
      .map((each) => matching('--packages', each, /^[a-z0-9][a-z0-9+.-]+(=\S+|\/\S+)?$/, 'names with commas between')),
    size: text('size') === undefined ? null : sizeOf(text('size') ?? ''),
  };
}

function initCalled(name: string): Init {
  const found = inits.find((each) => each.name === name);
  if (found) return found;
  const names = inits.map((each) => each.name);
  const guess = nearest(name, names);
  throw failure('MLN_USAGE', `there is no init ${name}`, {
    hint: guess === undefined ? `there are ${names.join(', ')}` : `did you mean ${guess}?`,
  });
}

function matching(option: string, text: string, pattern: RegExp, what: string): string {
  if (!pattern.test(text)) throw failure('MLN_USAGE', `${option} takes ${what}, not ${JSON.stringify(text)}`);
  return text;
}

function sizeOf(text: string): number {
  const size = parseSize(text);
  if (typeof size === 'string') throw failure('MLN_USAGE', `--size ${text}: ${size}`);
  return size;
}
