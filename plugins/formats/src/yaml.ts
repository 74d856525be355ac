import { failure, MlnError, type Place } from '@mln/core';
import type * as Yaml from 'yaml';
import { yamlLibrary } from './libraries.js';
import { maxNesting } from './limits.js';
import type { Member, Node } from './node.js';

/*
 * YAML 1.2 with the schema that knows strings alone: 0755, 1e3, 00:16:3e:00:00:01 and no are what is written. Of the
 * plain words only true, false and null are more. Anchors, aliases, tags and merge keys are refused: a project says
 * what it says.
 */

const options = {
  schema: 'failsafe',
  version: '1.2',
  merge: false,
  // The library compares each key with all others; data.ts looks for keys that stand twice.
  uniqueKeys: false,
} as const;

const literals = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['', null],
]);

/** How many of a file's mistakes are told: most follow from the first. */
const told = 20;

const instead = 'a superclass is what hosts have in common';

/** Reads YAML as nodes. Throws an MlnError that names what is not YAML, and what of YAML is not read. */
export function parseYaml(text: string, file: string, places: (at: number) => Place): Node {
  const yaml = yamlLibrary();

  const refusal = (message: string, at: number, hint?: string): MlnError =>
    failure('MLN_BAD_FILE', message, { place: places(at), hint });

  const nodeOf = (node: unknown, before: number): Node => {
    if (!yaml.isNode(node)) return { kind: 'literal', value: null, at: before };
    const at = node.range?.[0] ?? before;
    const refused = yaml.isAlias(node) ? 'aliases' : node.anchor !== undefined ? 'anchors' : node.tag && 'tags';
    if (refused) throw refusal(`${refused} of YAML are not read in a project`, at, instead);
    if (yaml.isSeq(node)) return { kind: 'list', nodes: node.items.map((each) => nodeOf(each, at)), at };
    if (yaml.isMap(node)) return { kind: 'map', members: node.items.map((each) => memberOf(each, at)), at };
    const spelt = spelling(node);
    const literal = isPlain(node) ? literals.get(spelt) : undefined;
    return literal === undefined ? { kind: 'text', text: spelt, at } : { kind: 'literal', value: literal, at };
  };

  const memberOf = ({ key, value }: Yaml.Pair, before: number): Member => {
    const { kind, at } = nodeOf(key, before);
    if (kind === 'list' || kind === 'map') throw refusal('a key is one string', at);
    const spelt = spelling(key);
    if (spelt === '<<' && isPlain(key)) throw refusal('merge keys of YAML are not read in a project', at, instead);
    return { key: spelt, at, node: nodeOf(value, at) };
  };

  const spelling = (node: unknown): string => (yaml.isScalar(node) && typeof node.value === 'string' ? node.value : '');
  const isPlain = (node: unknown): boolean => yaml.isScalar(node) && node.type === 'PLAIN';

  /** The library goes down by recursion: how deep is known before. */
  function* tokens(): Generator<Yaml.CST.Token> {
    const parser = new yaml.Parser();
    for (const lexeme of new yaml.Lexer().lex(text)) {
      yield* parser.next(lexeme);
      if (parser.stack.length > maxNesting)
        throw failure('MLN_TOO_DEEP', `${file} is nested too deep`, { place: places(parser.offset) });
    }
    yield* parser.end();
  }

  const [document, another] = new yaml.Composer(options).compose(tokens(), true, text.length);
  const { errors = [], directives, contents } = document ?? {};
  const problems = errors
    .slice(0, told)
    .flatMap(({ message, pos: [at] }) => refusal(`${file} is not YAML: ${message}`, at).problems);
  if (problems.length > 0) throw new MlnError(problems);
  if (directives?.yaml.version !== '1.2') throw refusal(`${file} is not YAML 1.2`, 0);
  if (another) throw refusal('a project is one document of YAML', another.range[0]);
  return nodeOf(contents, 0);
}
