import type { Command, Manual, Option } from '../commands.js';
import { chapter, mention, withoutStop, type Block, type Chapter, type Page } from './page.js';
import { verbTexts } from './verb-texts.js';

/** The page of a verb, or of all verbs that begin with one word; one for each first word, in the order of the words. */
export function commandPages(commands: readonly Command[]): readonly Page[] {
  const shown = commands.filter((command) => command.hidden !== true);
  return [...new Set(shown.map(firstWord))].sort().map((word) => {
    const own = shown.filter((command) => firstWord(command) === word);
    const [only] = own;
    return only && own.length === 1 && only.name === word ? verbPage(only) : groupPage(word, own);
  });
}

/** The name of the page that tells of a verb: mln-template for `template add`. */
export function pageNameOf(verb: string): string {
  return `mln-${verb.split(' ')[0] ?? ''}`;
}

function firstWord({ name }: Command): string {
  return name.split(' ')[0] ?? name;
}

function verbPage(command: Command): Page {
  const { examples = [] } = manualOf(command);
  return {
    name: pageNameOf(command.name),
    section: 1,
    summary: withoutStop(command.summary),
    chapters: [
      { title: 'SYNOPSIS', blocks: [synopsis(command)] },
      { title: 'DESCRIPTION', blocks: description(command) },
      ...chapter('OPTIONS', (command.options ?? []).map(optionBlock)),
      ...chapter('EXAMPLES', examples.flatMap(exampleBlocks)),
      ...ending,
    ],
  };
}

function groupPage(word: string, commands: readonly Command[]): Page {
  const examples = commands.flatMap((command) => manualOf(command).examples ?? []);
  return {
    name: pageNameOf(word),
    section: 1,
    summary: `verbs on ${word}s: ${commands.map(({ name }) => name.slice(word.length).trim() || name).join(', ')}`,
    chapters: [
      { title: 'SYNOPSIS', blocks: commands.map(synopsis) },
      {
        title: 'DESCRIPTION',
        blocks: commands.flatMap((command) => [
          { heading: `mln ${command.name}` },
          ...description(command),
          ...(command.options ?? []).map(optionBlock),
        ]),
      },
      ...chapter('EXAMPLES', examples.flatMap(exampleBlocks)),
      ...ending,
    ],
  };
}

/** What the manual says of a verb: what it brings itself, or (the core’s) what is written down here. */
function manualOf(command: Command): Manual {
  return command.manual ?? (Object.hasOwn(verbTexts, command.name) ? (verbTexts[command.name] ?? {}) : {});
}

function description(command: Command): readonly Block[] {
  const { aliases = [], plugin } = command;
  const paragraphs = [
    command.summary,
    ...(manualOf(command).description ?? []),
    ...(aliases.length === 0 ? [] : [`Other names: ${aliases.map((each) => `\`${each}\``).join(', ')}.`]),
    ...(plugin === undefined || plugin === 'core' ? [] : [`It is brought by the plug-in ${plugin}.`]),
  ];
  return paragraphs.map((text) => ({ text }));
}

/** The command with all that it takes. */
function synopsis({ name, options = [], arguments: taken }: Command): Block {
  const parts = [
    `\`mln ${name}\``,
    ...options.map((option) => `[${markedFlags(option).at(0) ?? ''}${valueOf(option)}]${option.repeats ? '...' : ''}`),
    ...(taken?.split(' ') ?? []).map((each) => each.replace(/^\[([^\]]*)\]$/, '[<$1>]')),
  ];
  return { text: parts.join(' ') };
}

/** An option with what it does. */
export function optionBlock(option: Pick<Option, 'flags' | 'help'>): Block {
  return { term: `${markedFlags(option).join(', ')}${valueOf(option)}`, blocks: [{ text: option.help }] };
}

/** `-p`, `--project`. */
function markedFlags({ flags }: Pick<Option, 'flags'>): readonly string[] {
  return flags
    .replace(/ [<[].*$/, '')
    .split(', ')
    .map((flag) => `\`${flag}\``);
}

/** What stands behind a flag: <name>, or [<seconds>]. */
function valueOf({ flags }: Pick<Option, 'flags'>): string {
  const [value = ''] = / [<[].*$/.exec(flags) ?? [];
  return value.replace(/\[([^\]]*)\]/, '[<$1>]');
}

/** Examples with what they do, for the end of a page. */
export function exampleBlocks([command, what]: readonly [string, string]): readonly Block[] {
  return [{ text: what }, { lines: [command] }];
}

const ending: readonly Chapter[] = [
  {
    title: 'EXIT STATUS',
    blocks: [
      {
        text: '0 where all is done, 1 where it failed, 64 where the command line was not understood; `mln`(1) tells the others.',
      },
    ],
  },
  {
    title: 'SEE ALSO',
    blocks: [
      {
        text: `${mention({ name: 'mln', section: 1 })}, ${mention({ name: 'mln-project', section: 5 })}, ${mention({ name: 'mln.config', section: 5 })}`,
      },
    ],
  },
];
