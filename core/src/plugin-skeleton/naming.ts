import { apiVersion } from '../api.js';
import { Exit } from '../codes.js';
import { failure } from '../errors.js';
import { isName } from '../names.js';

/** What the files of a new plug-in are made of. */
export interface Naming {
  /** The name of its package. */
  readonly packageName: string;
  /** The name of its taps, its function and its keyword. */
  readonly keyword: string;
  /** The function's name in JavaScript. */
  readonly identifier: string;
  /** The range of plug-in APIs that it is made for. */
  readonly api: string;
  /** The range of Node versions that the core runs on. */
  readonly node: string;
}

/** A package's name as npm takes it, with its scope or without. */
const packagePattern = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

/** Words that no function can be called in JavaScript, or that the new files use otherwise. */
const reserved = new Set(
  'await break case catch class const continue debugger default delete do else enum export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield arguments eval failure test assert project tryPlugin isMlnError'.split(
    ' ',
  ),
);

/**
 * Names all parts of a new plug-in by one name: `motd` is the package mln-plugin-motd with the keyword motd; a name with a
 * scope is the package's as it is. Throws MLN_BAD_NAME for what npm or mln would not take.
 */
export function namingOf(name: string, node: string): Naming {
  const bare = name.replace(/^@[^/]*\//, '');
  const short = bare.replace(/^(?:mln-)?plugin-/, '');
  const packageName = name.startsWith('@') || bare !== short ? name : `mln-plugin-${name}`;
  if (!packagePattern.test(packageName) || packageName.length > 214)
    throw badName(name, 'npm takes small letters, digits, -, _ and . only, and at most 214 of them');
  const keyword = short.replace(/[^a-z0-9]+/g, '_').replace(/_$/, '');
  if (!isName(keyword)) throw badName(name, 'it is also a keyword’s name, which begins with a letter');
  const camel = keyword.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  const identifier = reserved.has(camel) ? `${camel}Plugin` : camel;
  return { packageName, keyword, identifier, api: `^${apiVersion}`, node };
}

export function badName(name: string, reason: string): Error {
  return failure('MLN_BAD_NAME', `${JSON.stringify(name)} cannot be the name of a plug-in: ${reason}`, {
    hint: 'write for example: mln plugin new motd, or mln plugin new @example/plugin-motd',
    exit: Exit.usage,
  });
}

/** Where the plug-in writes what its keyword says. */
export function guestPath({ keyword }: Pick<Naming, 'keyword'>): string {
  return `/etc/${keyword}.conf`;
}

/** How many characters a value has at most where the option does not say it. */
export const LIMIT = 200;
