import { failure, type CommandOptions } from '@mln/core';

/** The groups that -g names; null where it is not given. Throws MLN_USAGE. */
export function groupsOf({ group }: CommandOptions): readonly string[] | null {
  if (typeof group !== 'string') return null;
  const groups = group.split(',').filter((each) => each !== '');
  if (groups.length > 0) return groups;
  throw failure('MLN_USAGE', '--group names nothing');
}

/** Tells whether a server is in one of these groups; every server is where none are wanted. */
export function inGroups(
  { groups }: { readonly groups: readonly string[] },
  wanted: readonly string[] | null,
): boolean {
  return wanted === null || groups.some((group) => wanted.includes(group));
}
