const pattern = /^[A-Za-z][A-Za-z0-9_.-]{0,62}$/;

/** What a name may be, for hints. */
export const namePattern = 'a name begins with a letter and has at most 63 letters, digits, _, . and -';

/** Tells whether a text may name a project, host, switch, interface, superclass or template. */
export function isName(text: string): boolean {
  return pattern.test(text) && !text.includes('..') && !text.endsWith('.');
}

/** Tells whether a text may name a project: it is also the name of a folder, beside hidden ones with dots. */
export function isProjectName(text: string): boolean {
  return isName(text) && !text.includes('.');
}

/** Names of files in a project's folder, where each host and switch has a folder of its name. */
const taken = new Set(['start', 'stop', 'hooks', 'images', 'state.json', 'project.mln', 'journal.ndjson']);

/** Tells whether a host or switch of this name would take the place of one of the project's own files. */
export function isTaken(name: string): boolean {
  return taken.has(name);
}
