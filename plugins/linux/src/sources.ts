import { statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { Problems, type Host, type Project, type Row } from '@mln/core';

/** Whether paths exist, asked once for all hosts of a project. */
const known = new WeakMap<Project, Map<string, boolean>>();

/** Tells of `files` whose source this server does not have; those of other servers’ hosts lie there. */
export function checkSources({ lists, serviceHost }: Host, project: Project, filesFolder: string): void {
  if (serviceHost !== null && serviceHost !== project.home) return;
  const problems = new Problems();
  for (const row of lists['files'] ?? []) findSource(row, project, filesFolder, problems);
  problems.throwErrors();
}

/** A relative source lies beside the project file that names it, or in the files folder. Null where there is none, which is told. */
export function findSource(row: Row, project: Project, filesFolder: string, problems: Problems): string | null {
  const [source = ''] = row.words;
  const beside = row.place ? dirname(row.place.file) : project.source;
  const candidates = isAbsolute(source) ? [source] : [resolve(beside, source), resolve(filesFolder, source)];
  const found = candidates.find((path) => exists(path, project));
  if (found !== undefined) return found;
  problems.error('MLN_NO_FILE', `there is no ${source} to copy`, {
    place: row.place ?? undefined,
    hint: `looked for ${candidates.join(' and ')}`,
  });
  return null;
}

function exists(path: string, project: Project): boolean {
  const answers = known.get(project) ?? new Map<string, boolean>();
  known.set(project, answers);
  const answer = answers.get(path) ?? statSync(path, { throwIfNoEntry: false }) !== undefined;
  answers.set(path, answer);
  return answer;
}
