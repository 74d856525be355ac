import type { Command, Option } from '../commands.js';
import { exampleBlocks, optionBlock } from './command-page.js';
import { mention, withoutStop, type Page } from './page.js';
import { environmentBlocks, exitBlocks, fileBlocks } from './surroundings.js';

/** mln(1): what there is, and what holds for all of it. */
export function mainPage(
  verbs: readonly Page[],
  globalOptions: readonly Pick<Option, 'flags' | 'help'>[],
  commands: readonly Command[],
): Page {
  return {
    name: 'mln',
    section: 1,
    summary: 'build, start, stop and watch whole networks of virtual machines',
    chapters: [
      {
        title: 'SYNOPSIS',
        blocks: [{ text: '`mln` <verb> [<options>] [<arguments>]' }, { text: '`mln` <verb> `--help`' }],
      },
      { title: 'DESCRIPTION', blocks: introduction.map((text) => ({ text })) },
      {
        title: 'VERBS',
        blocks: verbs.map((page) => ({
          term: mention(page),
          blocks: [{ text: `${withoutStop(page.summary)}.` }],
        })),
      },
      {
        title: 'OPTIONS',
        blocks: [
          { text: 'They may stand before and behind any verb.' },
          ...globalOptions.map(optionBlock),
          optionBlock({ flags: '--help', help: 'shows help; behind a verb, that of the verb' }),
          optionBlock({ flags: '--version', help: 'shows the version' }),
        ],
      },
      { title: 'EXIT STATUS', blocks: exitBlocks() },
      { title: 'ENVIRONMENT', blocks: environmentBlocks() },
      { title: 'FILES', blocks: fileBlocks() },
      {
        title: 'EXAMPLES',
        blocks: examples.filter(([line]) => isKnown(line, commands)).flatMap(exampleBlocks),
      },
      {
        title: 'SEE ALSO',
        blocks: [
          {
            text: [...verbs, { name: 'mln-project', section: 5 } as const, { name: 'mln.config', section: 5 } as const]
              .map(mention)
              .join(', '),
          },
        ],
      },
    ],
  };
}

const introduction = [
  'mln (Manage Large Networks) reads one file that describes a network of virtual machines: its hosts, switches, users, files and addresses. It builds the filesystem of each host from a template, and starts, stops and watches all of them as one project.',
  'Data is printed on standard output, everything else on standard error. With `--json` a verb prints one JSON document, and asks nothing. What destroys something asks before; `-y` confirms.',
  'Every feature is a plug-in: `mln plugin list` shows those that are there, with the verbs and keywords that they bring. `mln doctor` tells what this machine can do, `mln setup` makes folders, a configuration, completion and these pages.',
];

const examples: readonly (readonly [string, string])[] = [
  ['mln template build tiny', 'Makes a small template on the spot.'],
  ['mln build -f ring.mln', 'Builds the project that ring.mln describes.'],
  ['mln start -p ring --wait', 'Starts it, and waits until all hosts are ready.'],
  ['mln status -p ring', 'Shows what runs.'],
  ['mln stop -a -w 60', 'Stops all projects; destroys after 60 seconds what still runs.'],
];

/** Verbs of plug-ins are not there where these are not loaded. */
function isKnown(line: string, commands: readonly Command[]): boolean {
  return commands.some(({ name }) => `${line} `.startsWith(`mln ${name} `));
}
