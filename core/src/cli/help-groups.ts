/** The verbs of the core by what they are about, in the order of the help; of two words the first. */
const groups: Readonly<Record<string, readonly string[]>> = {
  'Projects:': [
    ...['build', 'plan', 'start', 'stop', 'restart', 'status', 'list'],
    ...['upgrade', 'apply', 'undo', 'history', 'migrate', 'forget'],
    ...['console', 'log', 'disk', 'clean', 'remove'],
  ],
  'Project files:': ['validate', 'parse', 'why', 'diff', 'fmt', 'explain'],
  'Templates:': ['template'],
  'Plug-ins:': ['plugin'],
  'This machine:': ['setup', 'doctor', 'config', 'completion', 'man', 'version', 'help'],
};

/** Where verbs stand that only plug-ins bring. */
const others = 'From plug-ins:';

/** The heading that a verb, or the first of its two words, stands below. */
export function headingOf(word: string): string {
  return Object.entries(groups).find(([, words]) => words.includes(word))?.[0] ?? others;
}
