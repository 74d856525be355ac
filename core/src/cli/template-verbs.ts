import type { Command } from '../commands.js';
import { json, yes } from './usual-options.js';

/** The verbs of the repository of templates. */
export const templateVerbs: readonly Command[] = [
  {
    name: 'template add',
    summary: 'Takes an image into the repository, as a new version.',
    arguments: '[file-or-url]',
    completes: ['file'],
    options: [
      {
        flags: '--from <host.project>',
        help: 'the disk of a host that is stopped, with all that the guest has in it: passwords, keys, its name',
        completes: 'host',
      },
      { flags: '--name <name>', help: 'its name; that of the file, or of the host’s template, where left out' },
      { flags: '--version <version>', help: 'its version; the next one where left out' },
      { flags: '-m, --message <text>', help: 'what is said of it' },
      { flags: '--sha256 <digest>', help: 'the SHA-256 of the file as it is downloaded' },
      {
        flags: '--index <file-or-url>',
        help: 'a list of digests (SHA256SUMS) with its signature beside it (.gpg)',
        completes: 'file',
      },
      { flags: '--key <file>', help: 'the OpenPGP key that the index is signed by', completes: 'file' },
      json,
    ],
    run: async (...args) => (await import('./verbs/template-add.js')).add(...args),
  },
  {
    name: 'template list',
    summary: 'Lists the templates.',
    options: [json],
    run: async (...args) => (await import('./verbs/template.js')).list(...args),
  },
  {
    name: 'template show',
    summary: 'Shows what is known of a template.',
    arguments: '<template>',
    completes: ['template'],
    options: [json],
    run: async (...args) => (await import('./verbs/template.js')).show(...args),
  },
  {
    name: 'template verify',
    summary: 'Compares a template with its digest.',
    arguments: '<template>',
    completes: ['template'],
    options: [json],
    run: async (...args) => (await import('./verbs/template.js')).verify(...args),
  },
  {
    name: 'template remove',
    summary: 'Removes a version of a template that no project stands on.',
    arguments: '<template>',
    completes: ['template'],
    options: [{ flags: '--force', help: 'also where projects that are not found any more may stand on it' }, yes],
    run: async (...args) => (await import('./verbs/template.js')).remove(...args),
  },
  {
    name: 'template prune',
    summary: 'Removes old versions that no project stands on, and downloads that stopped long ago.',
    options: [
      { flags: '--keep <number>', help: 'how many versions of each template stay, the newest; 1 where left out' },
      { flags: '--dry-run', help: 'show what would go, and remove nothing' },
      yes,
      json,
    ],
    run: async (...args) => (await import('./verbs/template.js')).prune(...args),
  },
];
