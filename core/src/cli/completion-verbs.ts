import type { Command } from '../commands.js';

/** The verbs that make shells complete command lines of mln. */
export const completionVerbs: readonly Command[] = [
  {
    name: 'completion',
    tolerant: true,
    summary: 'Prints what makes a shell complete command lines of mln: bash, zsh or fish.',
    arguments: '<shell>',
    completes: [['bash', 'zsh', 'fish']],
    run: async (context, args) => (await import('./verbs/completion.js')).completion(context, args),
  },
];
