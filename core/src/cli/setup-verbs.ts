import type { Command } from '../commands.js';
import { json, yes } from './usual-options.js';

/** The verbs that install what mln uses and does not bring, and its manual. */
export const setupVerbs: readonly Command[] = [
  {
    name: 'setup',
    tolerant: true,
    summary: 'Makes folders, a configuration, completion, manual pages, and (--boot) a unit of systemd.',
    options: [
      { flags: '--user', help: 'for the calling user alone' },
      { flags: '--system', help: 'for the whole system; as root' },
      { flags: '--service-host <name>', help: 'for the whole system, as a server of this name; as root' },
      { flags: '--boot', help: 'start the projects when the machine starts, and stop them in order when it ends' },
      { flags: '--no-boot', help: 'do not, although it was set up so' },
      { flags: '--prefix <folder>', help: 'put everything below this folder, as for a package', completes: 'folder' },
      { flags: '--dry-run', help: 'show what would be made, and make nothing' },
      {
        flags: '--check',
        help: 'tell what is there, missing or outdated, and make nothing; exit with 1 where it is not all there',
      },
      { flags: '--remove', help: 'take away what setup wrote and nobody changed; never projects or templates' },
      yes,
      json,
    ],
    run: async (...args) => (await import('./verbs/setup.js')).setup(...args),
  },
  {
    name: 'man',
    tolerant: true,
    summary: 'Shows a page of the manual, or (--to) writes all of them.',
    arguments: '[verb...]',
    options: [
      { flags: '--to <folder>', help: 'write all pages below this folder, in man1 and man5', completes: 'folder' },
    ],
    run: async (...args) => (await import('./verbs/man.js')).man(...args),
  },
];
