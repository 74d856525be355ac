import { blockKind, type Keyword } from '@mln/core';
import { moreWords, open, scope, statementEnd, use, word, wordEnd, type Rule } from './textmate-words.js';

const closing = { end: '\\}', endCaptures: { 0: scope('punctuation.section.block.end') } };
const keywordScope = scope('keyword.other');
const blockScope = scope('storage.type');
const openScope = scope('punctuation.section.block.begin');
const nameScope: Rule = { ...scope('entity.name.type'), patterns: use('variable') };

/** Stands in any block, and is no keyword. */
const common = use('terminator', 'include', 'comment', 'assignment');

/** The rule of a block by its declared keywords; what nobody declares comes last. */
export function blockRule(keywords: readonly Keyword[]): Rule {
  const of = (...kinds: readonly Keyword['kind'][]): Keyword[] => keywords.filter(({ kind }) => kinds.includes(kind));
  const values = of('flag', 'word', 'number', 'size', 'address');
  const chosen = values.filter(({ choices }) => choices !== undefined);
  const plain = values.filter(({ choices, kind }) => choices === undefined && (kind === 'word' || kind === 'number'));
  return {
    patterns: [
      ...common,
      ...of('block').flatMap(nestedBlock),
      ...of('list').flatMap((keyword) => textOrList(keyword, 'meta.block.list', use('list'))),
      ...of('text').flatMap((keyword) =>
        keyword.language === 'shell'
          ? textOrList(keyword, 'meta.embedded.block.shell', use('shell'))
          : textOrList(keyword, 'meta.block.text', use('text')),
      ),
      ...chosen.flatMap((keyword) => statement([keyword], [choiceOf(keyword), ...use('words')])),
      ...statement(of('flag'), use('flag', 'words')),
      ...statement(of('size'), use('no', 'words')),
      ...statement(of('address'), use('dhcp', 'words')),
      ...statement(plain, use('words')),
      ...use('unknown'),
    ],
  };
}

/** What is the same whatever keywords are declared. */
export const blockRules: Readonly<Record<string, Rule>> = {
  terminator: { ...scope('punctuation.terminator.statement'), match: ';' },
  include: {
    match: '[ \\t]*(#include)(?=[ \\t;}]|$)(?![ \\t]*<)[ \\t]*("[^"]*"|\'[^\']*\'|[^\\s;{}]+)?',
    captures: { 1: scope('keyword.control.directive.include'), 2: scope('string.unquoted.include') },
  },
  assignment: {
    ...scope('meta.assignment'),
    begin: '((\\$)[A-Za-z_][A-Za-z0-9_]*)[ \\t]*(=)',
    beginCaptures: {
      1: scope('variable.other.assignment'),
      2: scope('punctuation.definition.variable'),
      3: scope('keyword.operator.assignment'),
    },
    end: statementEnd,
    patterns: use('words'),
  },
  unknown: { patterns: use('unknown-fence', 'unknown-block', 'nameless-block', 'unknown-statement') },
  'unknown-fence': { ...fence(`(${word})`, {}), patterns: use('variable') },
  'unknown-block': {
    ...scope('meta.block.unknown'),
    begin: `(${word})${moreWords}[ \\t]*${open}`,
    beginCaptures: { 1: { patterns: use('words') }, 2: { patterns: use('words') }, 3: openScope },
    ...closing,
    patterns: [...common, ...use('unknown')],
  },
  'nameless-block': {
    begin: open,
    beginCaptures: { 1: openScope },
    ...closing,
    patterns: [...common, ...use('unknown')],
  },
  'unknown-statement': {
    ...scope('meta.statement.unknown'),
    begin: '(?=[^\\s;{}])',
    end: statementEnd,
    patterns: use('words'),
  },
  list: { patterns: [...use('reset', 'terminator', 'include', 'words'), { ...braces(use('list')) }] },
  text: {
    patterns: [
      ...use('reset', 'include', 'comment', 'escape', 'double-quoted', 'single-quoted', 'variable'),
      braces(use('text')),
    ],
  },
  shell: {
    patterns: [...use('reset', 'include', 'marked-variable'), braces(use('shell')), { include: 'source.shell' }],
  },
  reset: { ...keywordScope, match: `^[ \\t]*reset(?=[ \\t;}]|$)` },
};

/** `keyword NAME { … }`, and `keyword { a { … } b { … } }` where a name is needed. */
function nestedBlock({ name, named }: Keyword): Rule[] {
  const place = blockKind(name);
  const block = (begin: string, keywordOrName: Rule, patterns: Rule[]): Rule => ({
    ...scope(`meta.block.${place}`),
    begin,
    beginCaptures: { 1: keywordOrName, 2: nameScope, 3: openScope },
    ...closing,
    patterns,
  });
  const full = block(
    `(${name})(?:[ \\t]+(${word}(?:[ \\t]+${word})*))${named === true ? '' : '?'}[ \\t]*${open}`,
    blockScope,
    use(`in-${place}`),
  );
  if (named !== true) return [full];
  const inner = block(`(${word})()[ \\t]*${open}`, nameScope, use(`in-${place}`));
  return [full, block(`(${name})()[ \\t]*${open}`, blockScope, [...common, inner])];
}

/** A block that is read as a whole, or its fence: `keyword <<WORD` to a line that is WORD alone. */
function textOrList({ name }: Keyword, content: string, patterns: Rule[]): Rule[] {
  const contentName = `${content}.mln`;
  return [
    { ...fence(`(${name})`, keywordScope), contentName, patterns },
    {
      begin: `(${name})[ \\t]*${open}`,
      beginCaptures: { 1: keywordScope, 2: openScope },
      ...closing,
      contentName,
      patterns,
    },
  ];
}

function fence(keyword: string, named: Rule): Rule {
  return {
    begin: `${keyword}[ \\t]+(<<)([A-Za-z_][A-Za-z0-9_]*)[ \\t]*$`,
    beginCaptures: { 1: named, 2: scope('keyword.operator.fence'), 3: scope('keyword.control.fence') },
    // Unlike an end, it is looked for whatever the text has opened.
    while: '^(?![ \\t]*\\3[ \\t]*$)',
  };
}

function statement(keywords: readonly Keyword[], patterns: Rule[]): Rule[] {
  if (keywords.length === 0) return [];
  const begin = `(${keywords.map(({ name }) => name).join('|')})${wordEnd}`;
  return [{ ...scope('meta.statement'), begin, beginCaptures: { 1: keywordScope }, end: statementEnd, patterns }];
}

function choiceOf({ choices = [] }: Keyword): Rule {
  return { ...scope('constant.language'), match: `(?<=\\s)(?:${choices.join('|')})${wordEnd}` };
}

function braces(patterns: Rule[]): Rule {
  return { begin: '\\{', end: '\\}', patterns };
}
