import type { Project } from './project.js';

interface Known {
  readonly before: string;
  readonly name: string;
  readonly file: Buffer;
}

/** Makes files with managed regions. Thousands of guests may have one and the same region of many lines: they share its file. */
export function regionsOf(project: Project): (before: string, name: string, text: string | null) => Buffer {
  const known = shared.get(project) ?? new Map<string | null, Known>();
  shared.set(project, known);
  return (before, name, text) => {
    const same = known.get(text);
    if (same?.before === before && same.name === name) return same.file;
    const file = Buffer.from(withRegion(before, name, text));
    known.set(text, { before, name, file });
    return file;
  };
}
const shared = new WeakMap<Project, Map<string | null, Known>>();

/** Puts a managed region into a text: in its old place, or at the end. */
function withRegion(text: string, name: string, inner: string | null): string {
  const begin = `# mln ${name} begin\n`;
  const end = `# mln ${name} end\n`;
  const body = inner === null ? '' : `${begin}${inner.replace(/\n*$/, '\n')}${end}`;
  const from = text.indexOf(begin);
  const to = from < 0 ? -1 : text.indexOf(end, from);
  if (to >= 0) return text.slice(0, from) + body + text.slice(to + end.length);
  // Somebody has taken the end away: what stands behind the beginning may be theirs.
  if (from >= 0) return withRegion(text.slice(0, from) + text.slice(from + begin.length), name, inner);
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${body}`;
}
