import type { Candidate } from './complete-line.js';

/** What completes the word at the cursor. */
export interface Answer {
  readonly candidates: readonly Candidate[];
  /** What is done with them: `part` is more to be typed behind one; `list` is a comma or a blank. */
  readonly kind: 'words' | 'files' | 'list' | 'part';
}

/**
 * What a shell is told. For fish, lines of a word, a tab and its help. For zsh, a line with the kind before them; of
 * files their last names. For bash, a line of what compopt(1) is to say, and words without help, from the `start` that
 * readline takes the word to have: it may be behind one of COMP_WORDBREAKS.
 */
export function answerFor(shell: string, { candidates, kind }: Answer, start = 0): readonly string[] {
  if (candidates.length === 0) return [];
  const withHelp = candidates.map(({ word, help = '' }) => `${word}\t${plain(help)}`);
  if (shell === 'zsh') return [kind, ...(kind === 'files' ? candidates.map(({ word }) => lastName(word)) : withHelp)];
  if (shell !== 'bash') return candidates.map(({ word, help }, index) => (help ? (withHelp[index] ?? word) : word));
  const options = { files: 'filenames', words: '', list: 'nospace', part: 'nospace' }[kind];
  // The slash of a folder is readline's own.
  return [options, ...candidates.map(({ word }) => word.slice(start).replace(/\/$/, ''))];
}

/** Help on one line, without what a terminal would take for orders. */
function plain(help: string): string {
  return help.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

/** With the slash of a folder; without `--file=`, where no folder stands before it. */
function lastName(path: string): string {
  const cut = path.replace(/\/$/, '').lastIndexOf('/') + 1;
  return cut > 0 ? path.slice(cut) : path.replace(/^--[^=]+=/, '');
}
