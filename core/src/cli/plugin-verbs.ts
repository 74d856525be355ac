import type { Command } from '../commands.js';
import { json } from './usual-options.js';

/** The verbs of plug-ins. */
export const pluginVerbs: readonly Command[] = [
  {
    name: 'plugin list',
    summary: 'Lists the plug-ins that are configured, what they bring, and those that cannot be used.',
    tolerant: true,
    options: [json],
    run: async (...args) => (await import('./verbs/plugin.js')).list(...args),
  },
  {
    name: 'plugin new',
    summary: 'Makes the folder of a new plug-in: code, tests, documentation; ready for npm test.',
    tolerant: true,
    arguments: '<name>',
    options: [
      { flags: '--folder <folder>', help: 'the folder to make; one of that name where left out', completes: 'folder' },
    ],
    run: async (...args) => (await import('./verbs/plugin-new.js')).create(...args),
  },
  {
    name: 'plugin check',
    summary: 'Tells what is right and wrong with a plug-in, or a pack: its manifest, its code, its package.',
    tolerant: true,
    arguments: '<path>',
    completes: ['file'],
    options: [json],
    run: async (...args) => (await import('./verbs/plugin-check.js')).check(...args),
  },
];
