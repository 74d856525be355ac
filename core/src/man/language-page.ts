import { factsOf, kinds, titleOf } from '../explain.js';
import type { Keyword, KeywordTable } from '../keywords.js';
import type { Block, Page } from './page.js';

/** mln-project(5): the language of projects, made of the table of keywords that it is read by. */
export function languagePage(keywords: KeywordTable): Page {
  return {
    name: 'mln-project',
    section: 5,
    summary: 'the language that mln reads projects in',
    chapters: [
      { title: 'DESCRIPTION', blocks: introduction.map((text) => ({ text })) },
      {
        title: 'KINDS OF VALUES',
        blocks: Object.entries(kinds).map(([kind, [takes, inherited]]) => ({
          term: `\`${kind}\``,
          blocks: [{ text: `${takes}. Inherited: ${inherited}.` }],
        })),
      },
      ...placesOf(keywords).map((place) => ({
        title: `KEYWORDS OF ${titleOf(place).toUpperCase()}`,
        blocks: keywords.of(place).map((keyword) => keywordBlock(keyword, place, keywords)),
      })),
      { title: 'EXAMPLES', blocks: [{ lines: example }] },
      { title: 'SEE ALSO', blocks: [{ text: '`mln`(1), `mln-explain`(1), `mln-validate`(1), `mln-plan`(1)' }] },
    ],
  };
}

/** The blocks that keywords stand in, in the order in which one meets them; those of plug-ins come last. */
function placesOf(keywords: KeywordTable): readonly string[] {
  const usual = ['project', 'global', 'host', 'network', 'switch'];
  return [...usual, ...keywords.places().filter((place) => !usual.includes(place))].filter(
    (place) => keywords.of(place).length > 0,
  );
}

function keywordBlock(keyword: Keyword, place: string, keywords: KeywordTable): Block {
  const { name, help, example: line } = keyword;
  const facts = factsOf(keyword, place, keywords).map(([label, value]) => [capital(label), value] as const);
  return {
    term: `\`${name}\``,
    blocks: [
      { text: help },
      ...(line === undefined ? [] : [{ lines: line.split('\n') }]),
      { text: `${facts.map(([label, value]) => `${label}: ${value}`).join('. ')}.` },
    ],
  };
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

const introduction = [
  'A project is a text of statements and blocks. A statement is a keyword with its words, and ends with its line or with a semicolon. A block is a keyword, mostly a name, and braces: `host web { memory 64M }`. A `{` opens a block where a blank stands before it. `#` begins a comment.',
  '`global { project NAME }` is the only thing that must be there. A `host` is a virtual machine, a `switch` joins interfaces, and a `superclass` holds what hosts have in common; a host inherits from the one that it names.',
  '`$name = value` sets a variable, `$name` or `$[name]` uses it, `\\$` is a dollar. `#include FILE` puts another file in its place. A word that holds blanks is quoted. Text in another language, as of `startup`, stands between braces, or between `<<END` and a line that is `END` alone.',
];

const example = [
  'global {',
  '  project ring',
  '}',
  'superclass router {',
  '  memory 64M',
  '  startup {',
  '    echo 1 >/proc/sys/net/ipv4/ip_forward',
  '  }',
  '}',
  'host router1 {',
  '  superclass router',
  '  network eth0 { switch A; address 10.0.1.1/24 }',
  '  network eth1 { switch B; address 10.0.2.1/24 }',
  '}',
  'switch A { }',
  'switch B { }',
];
