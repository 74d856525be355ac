import { blockRule, blockRules } from './textmate-blocks.js';
import { use, wordRules } from './textmate-words.js';
import { placesOf, type Tables } from './tables.js';

/** The TextMate grammar for editors, docs/mln.tmLanguage.json: a block knows its own keywords. */
export function textmateGrammar({ keywords }: Tables): object {
  const blocks = placesOf(keywords).map((place) => [`in-${place}`, blockRule(keywords.of(place))] as const);
  return {
    name: 'mln',
    scopeName: 'source.mln',
    fileTypes: ['mln'],
    patterns: [{ name: 'invalid.illegal.brace.mln', match: '\\}' }, ...use('in-project')],
    repository: { ...Object.fromEntries(blocks), ...blockRules, ...wordRules },
    // What is mln's inside the functions and strings of a shell.
    injections: { 'L:meta.embedded.block.shell': { patterns: use('include', 'marked-variable') } },
  };
}
