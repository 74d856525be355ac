import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from '@jest/globals';
import oniguruma from 'vscode-oniguruma';
import textmate, { type IRawGrammar } from 'vscode-textmate';
import { textmateGrammar } from '../scripts/docs/textmate.js';
import { standardKernel, tablesOf } from './support/standard-tables.js';

/* The TextMate grammar, as editors run it. */

const mln = await standardKernel();
const require = createRequire(import.meta.url);
await oniguruma.loadWASM(readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm')));

/** Enough of a shell to see that it is asked: what an editor has is its own. */
const shell = {
  scopeName: 'source.shell',
  patterns: [
    { name: 'support.shell', match: '\\becho\\b' },
    { name: 'string.shell', begin: '"', end: '"' },
    { name: 'comment.shell', match: '#.*' },
  ],
};
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: (scope) =>
    Promise.resolve((scope === 'source.mln' ? textmateGrammar(tablesOf(mln)) : shell) as unknown as IRawGrammar),
});
const grammar = await registry.loadGrammar('source.mln');

/** The scopes of the token in which a piece of a project begins, `source.mln` left out. */
function scopesAt(text: string, piece: string): string[] {
  const at = text.indexOf(piece);
  let stack = textmate.INITIAL;
  let start = 0;
  for (const line of text.split('\n')) {
    const { tokens, ruleStack } = grammar?.tokenizeLine(line, stack) ?? { tokens: [], ruleStack: stack };
    const token = tokens.find(({ startIndex, endIndex }) => start + startIndex <= at && at < start + endIndex);
    if (token) return token.scopes.slice(1).filter((scope) => !scope.startsWith('meta.statement'));
    stack = ruleStack;
    start += line.length + 1;
  }
  return [];
}

const inHost = (text: string): string => `host a {\n  ${text}\n}\n`;

test.each<[what: string, text: string, piece: string, scope: string | null]>([
  ['a block', 'host a { }', 'host', 'storage.type'],
  ['a block’s name', 'host $[b]-www { }', '-www', 'entity.name.type'],
  ['a variable in a block’s name', 'host $[b]-www { }', 'b]', 'variable.other.bracket'],
  ['a block whose brace stands close', 'host a{ xen }', 'xen', 'keyword.other'],
  ['a keyword', inHost('memory 64M'), 'memory', 'keyword.other'],
  ['a keyword that is unknown', inHost('memroy 64M'), 'memroy', null],
  ['a keyword of another block', 'global {\n  memory 64M\n}', 'memory', null],
  ['a keyword of a superclass', 'superclass a {\n  memory 64M\n}', 'memory', 'keyword.other'],
  ['a keyword of a plug-in’s block', 'global { autoenum { numhosts 5 } }', 'numhosts', 'keyword.other'],
  ['a keyword that is a value', inHost('template memory'), 'memory', null],
  ['the second statement of a line', inHost('xen; memory 64M'), 'memory', 'keyword.other'],
  ['a block in the original’s saved form', 'host { a { xen } }', 'xen', 'keyword.other'],
  ['a comment', inHost('# memory 64M }'), 'memory', 'comment.line.number-sign'],
  ['a comment behind a statement', inHost('xen # memory'), 'memory', 'comment.line.number-sign'],
  ['a # inside a word', inHost('template a#b'), '#b', null],
  ['a variable that is set', 'global { $a_b = c }', 'a_b', 'variable.other.assignment'],
  ['a variable that is used', inHost('memory $size'), 'size', 'variable.other.normal'],
  ['a dollar that is meant', inHost('template \\$a'), '\\$', 'constant.character.escape'],
  ['a hash', inHost('root_password $6$salt$a.b'), '$a.b', 'constant.other.hash'],
  ['a string', inHost('template "a ; }"'), '; }', 'string.quoted.double'],
  ['a variable in a string', inHost('template "a $b"'), 'b"', 'variable.other.normal'],
  ['a quote without a partner', inHost("template it's; memory 64M"), 'memory', 'keyword.other'],
  ['an include', 'host a {\n  #include "b c"\n}', 'include', 'keyword.control.directive.include'],
  ['the path of an include', '#include b.mln', 'b.mln', 'string.unquoted.include'],
  ['an include that is none', inHost('xen #include b'), 'include', 'comment.line.number-sign'],
  ['a size', inHost('free_space 5GB'), '5GB', 'constant.numeric.size'],
  ['a number', inHost('boot_order 5'), '5', 'constant.numeric.integer'],
  ['an address', inHost('nameserver 10.0.0.1'), '10.', 'constant.numeric.address'],
  ['an address of IPv6', inHost('nameserver 2001:db8::1'), '2001', 'constant.numeric.address'],
  ['an address alone', inHost('network eth0 { 10.0.0.1/24 }'), '10.', 'constant.numeric.address'],
  ['a flag’s value', inHost('xen no'), 'no', 'constant.language.boolean'],
  ['a choice', inHost('term screen'), 'screen', 'constant.language'],
  ['a word that is no choice', inHost('term window'), 'window', null],
  ['a joined line', inHost('memory \\\n  64M'), '64M', 'constant.numeric.size'],
  ['a row of a list', inHost('users {\n    memory $p\n  }'), 'memory', null],
  ['what follows a list', inHost('groups { staff { a b } }\n  memory 64M'), 'memory', 'keyword.other'],
  ['what follows a brace of text', inHost('template x{,.bak}; memory 64M'), 'memory', 'keyword.other'],
  ['what follows an unknown block', inHost('custom thing { a { b } }\n  memory 64M'), 'memory', 'keyword.other'],
  ['a brace too many', 'host a { } }\n', '}\n', 'invalid.illegal.brace'],
])('%s', (_, text, piece, scope) => {
  expect(
    scopesAt(text, piece)
      .filter((each) => !each.startsWith('meta.'))
      .at(-1),
  ).toBe(scope === null ? undefined : `${scope}.mln`);
});

test.each<[what: string, text: string, piece: string, scopes: string[]]>([
  ['its commands', inHost('startup {\n    echo a\n  }'), 'echo', ['support.shell']],
  ['on one line', inHost('startup { echo a }'), 'echo', ['support.shell']],
  ['in a hook block', 'global { beforeHostsStart { echo a } }', 'echo', ['support.shell']],
  ['in a fence', inHost('shutdown <<END\n  echo }\nEND'), 'echo', ['support.shell']],
  ['in braces', inHost('startup {\n    f() { echo; }\n    echo 2\n  }'), 'echo 2', ['support.shell']],
  ['a variable of mln', inHost('startup { echo "$[a]" }'), 'a]', ['string.shell', 'variable.other.bracket.mln']],
  ['an include', inHost('startup {\n#include a.sh\n  }'), 'include', ['keyword.control.directive.include.mln']],
])('a shell text: %s', (_, text, piece, scopes) => {
  expect(scopesAt(text, piece).filter((scope) => !scope.startsWith('meta.block'))).toEqual([
    'meta.embedded.block.shell.mln',
    ...scopes,
  ]);
});

test.each([
  ['a shell text', 'startup {\n    if a; then { b; }; fi # }\n  }'],
  ['a text', 'cfagent {\n    control: "}" { }\n  }'],
  ['a fence that opens more than it closes', 'startup <<END\n    echo " { ${\n  END'],
  ['a fence of another text', "xen_extra <<END\n    ' } {\n  END"],
])('the block goes on behind %s', (_, text) => {
  expect(scopesAt(inHost(`${text}\n  memory 64M`), 'memory')).toEqual(['meta.block.host.mln', 'keyword.other.mln']);
});

test('a policy of CFEngine is no shell', () => {
  expect(scopesAt(inHost('cfagent { echo "a" }'), 'echo')).toEqual(['meta.block.host.mln', 'meta.block.text.mln']);
});

test('the texts that are shell', () => {
  const texts = mln.keywords.places().flatMap((place) => mln.keywords.of(place).filter(({ kind }) => kind === 'text'));
  expect(texts.filter(({ language }) => language !== 'shell').map(({ name }) => name)).toEqual([
    'xen_extra',
    'cfagent',
  ]);
});

test('every keyword is known where it stands', () => {
  const around: Readonly<Record<string, (text: string) => string>> = {
    project: (text) => text,
    network: (text) => inHost(`network eth0 { ${text} }`),
    autoenum: (text) => `global { autoenum { ${text} } }`,
  };
  for (const place of mln.keywords.places())
    for (const { name, example = '', kind } of mln.keywords.of(place)) {
      const text = (around[place] ?? ((each) => `${place}${place === 'global' ? '' : ' a'} { ${each} }`))(example);
      const scopes = scopesAt(text.replace(example, `\n${example}`), `\n${example}`.slice(1));
      expect([place, name, scopes.at(-1)]).toEqual([
        place,
        name,
        kind === 'block' ? 'storage.type.mln' : 'keyword.other.mln',
      ]);
    }
});
