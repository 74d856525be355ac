import type { Command } from '../commands.js';
import type { Mln } from '../kernel.js';
import type { Answer } from './complete-answer.js';
import { pathsFrom } from './complete-files.js';
import { wantedAt, type Candidate, type Wanted, type WantedValue } from './complete-line.js';
import { isList, namesOf } from './complete-names.js';
import type { Word } from './complete-words.js';

/** Words of which no shell makes anything else. Others are not offered: a folder may have been named by anybody. */
const safe = /^[\w.,@%+:=/-]+$/;

/** What completes the last of these words, those behind `mln`. Without a kernel, verbs, options and files. */
export async function candidatesFor(
  commands: readonly Command[],
  words: readonly Word[],
  mln: Mln | null,
): Promise<Answer> {
  const home = words.at(-1)?.home === true;
  const wanted = wantedAt(
    commands,
    words.map(({ text }) => text),
  );
  const answers = await Promise.all(
    wanted.values.map((value) => valuesFor(value, wanted, home, mln).catch((): Answer => nothing)),
  );
  const found = answers.find(({ candidates }) => candidates.length > 0) ?? nothing;
  if (found.kind === 'files' && wanted.words.length === 0) return found;
  const candidates = [...wanted.words, ...answers.flatMap((each) => each.candidates)];
  return { kind: found.kind, candidates: candidates.filter(({ word }) => safe.test(word)) };
}

const nothing: Answer = { kind: 'words', candidates: [] };

async function valuesFor(
  { completes, typed, before }: WantedValue,
  wanted: Wanted,
  home: boolean,
  mln: Mln | null,
): Promise<Answer> {
  if (completes === 'file' || completes === 'folder' || completes === 'project-file') {
    const paths = pathsFrom(typed, completes, home && before === '');
    return { kind: 'files', candidates: paths.map((path) => ({ word: before + path })) };
  }
  if (!mln) return nothing;
  const names = await namesOf(completes, { mln, wanted });
  if (completes === 'keyword') return inSteps(names, typed);
  if (!isList(completes)) return { kind: 'words', candidates: beginning(names, typed, before) };
  const cut = typed.lastIndexOf(',') + 1;
  const taken = new Set(typed.slice(0, cut).split(','));
  const free = names.filter(({ word }) => !taken.has(word));
  return {
    kind: free.length > 1 ? 'list' : 'words',
    candidates: beginning(free, typed.slice(cut), before + typed.slice(0, cut)),
  };
}

function beginning(names: readonly Candidate[], typed: string, before: string): readonly Candidate[] {
  return names.filter(({ word }) => word.startsWith(typed)).map((each) => ({ ...each, word: before + each.word }));
}

/** Of HOST.KEYWORD the hosts first, each with its dot, unless one is there already. */
function inSteps(names: readonly Candidate[], typed: string): Answer {
  const fitting = beginning(names, typed, '');
  const steps = new Set(fitting.map(({ word }) => word.slice(0, word.indexOf('.') + 1)));
  if (steps.size === 1 && typed.includes('.')) return { kind: 'words', candidates: fitting };
  return { kind: 'part', candidates: [...steps].map((word) => ({ word })) };
}
