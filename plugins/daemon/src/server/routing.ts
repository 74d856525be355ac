import { isName } from '@mln/core';
import { badRequest } from './refusal.js';

/** Something that has the path of a route. */
interface Pathed {
  readonly path: string;
}

/** A route that a path leads to, and what stands in the path for its parameters. */
export interface Match<R extends Pathed> {
  readonly route: R;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Parameters that name things of mln's. */
const names: ReadonlySet<string> = new Set(['project', 'host', 'switch', 'unit', 'server', 'template']);

/**
 * Gives the routes that a path leads to. The path stands as it was sent; what is encoded in it is decoded segment by
 * segment. Throws MLN_BAD_REQUEST where a segment leads elsewhere, or is no name where one belongs.
 */
export function matching<R extends Pathed>(routes: readonly R[], path: string): readonly Match<R>[] {
  const segments = path.split('/').map(decode);
  if (segments.slice(1).some((each) => each === '.' || each === '..' || /[/\\\0]/.test(each)))
    throw badRequest('the path leads elsewhere');
  return routes.flatMap((route) => {
    const parameters = match(route.path.split('/'), segments);
    return parameters ? [{ route, parameters }] : [];
  });
}

function match(pattern: readonly string[], segments: readonly string[]): Readonly<Record<string, string>> | null {
  if (pattern.length !== segments.length) return null;
  const parameters: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (!part.startsWith(':')) {
      if (part !== segment) return null;
    } else if (segment === '') return null;
    else parameters[part.slice(1)] = segment;
  }
  for (const [name, value] of Object.entries(parameters))
    if (names.has(name) && !isName(value)) throw badRequest(`${JSON.stringify(value)} cannot name a ${name}`);
  return parameters;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest('the path is not encoded rightly');
  }
}
