// @ts-check
/** @import { Keyword } from '@mln/core' */

/** @type {readonly Keyword[]} */
export const keywords = [
  { name: 'toy', in: ['host'], kind: 'flag', example: 'toy', rehearsal: 'no', help: 'Runs the host as a toy.' },
  {
    name: 'greeting',
    in: ['host'],
    kind: 'word',
    example: 'greeting "Hello, world"',
    rehearsal: null,
    help: 'What a toy says on its console when it has started.',
  },
];
