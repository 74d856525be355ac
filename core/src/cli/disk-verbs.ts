import type { Command } from '../commands.js';
import { project } from './usual-options.js';

/** The verbs that change the disks of stopped hosts. */
export const diskVerbs: readonly Command[] = [
  {
    name: 'disk flatten',
    summary: 'Makes the disk of a stopped host whole: it stands on its template no more.',
    arguments: '<host>',
    completes: ['host'],
    options: [project],
    run: async (...args) => (await import('./verbs/disk.js')).flattenDisk(...args),
  },
  {
    name: 'disk resize',
    summary: 'Makes the root disk of a stopped host larger, with the filesystem in it.',
    arguments: '<host> <size>',
    completes: ['host'],
    options: [project],
    run: async (...args) => (await import('./verbs/disk.js')).resizeDisk(...args),
  },
];
