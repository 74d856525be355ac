import { failure, MlnError, type Place, type Problem } from '@mln/core';
import type * as Yaml from 'yaml';
import { yamlLibrary } from './libraries.js';
import { maxNesting, type Node } from './node.js';

/*
 * YAML 1.2 with the schema that knows strings alone: 0755, 1e3, 00:16:3e:00:00:01 and no are what is written. Of the
 * plain words only true, false and null are more. Anchors, aliases and tags are refused: a project says what it says.
 */

interface Reading {
  readonly file: string;
  readonly places: (at: number) => Place;
}

const literals = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['', null],
]);

/** How many of a file's mistakes are told. */
const told = 20;

/** Reads YAML as nodes. Throws an MlnError that names what is not YAML, and what of YAML is not read. */
export function parseYaml(text: string, file: string, places: (at: number) => Place): Node {
  const yaml = yamlLibrary();
  const reading = { file, places };
  return nodeOf(compose(yaml, text, reading), { at: 0, depth: 0 }, yaml, reading);
}

function compose(yaml: typeof Yaml, text: string, { file, places }: Reading): Yaml.Node | null {
  let document: Yaml.Document.Parsed;
  try {
    document = yaml.parseDocument(text, {
      schema: 'failsafe',
      version: '1.2',
      merge: false,
      // The library compares each key with all others; data.ts looks for keys that stand twice.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
  } catch (error) {
    // The library goes down by recursion.
    if (error instanceof RangeError) throw failure('MLN_TOO_DEEP', `${file} is nested too deep`, { cause: error });
    throw error;
  }
  const problems = document.errors.slice(0, told).map(({ message, pos }): Problem => ({
    severity: 'error',
    code: 'MLN_BAD_FILE',
    message: `${file} is not YAML: ${message}`,
    place: places(pos[0]),
  }));
  if (problems.length > 0) throw new MlnError(problems);
  if (document.directives.yaml.version !== '1.2')
    throw failure('MLN_BAD_FILE', `${file} is not YAML 1.2`, { place: places(0) });
  return document.contents;
}

/** A node of the library as one of ours; `at` counts where the library has none. */
function nodeOf(
  node: unknown,
  { at, depth }: { at: number; depth: number },
  yaml: typeof Yaml,
  reading: Reading,
): Node {
  if (!yaml.isNode(node)) return { kind: 'literal', value: null, at };
  const start = node.range?.[0] ?? at;
  const place = reading.places(start);
  if (depth > maxNesting) throw failure('MLN_TOO_DEEP', `${reading.file} is nested too deep`, { place });
  const refused = yaml.isAlias(node) ? 'aliases' : node.anchor !== undefined ? 'anchors' : node.tag && 'tags';
  if (refused)
    throw failure('MLN_BAD_FILE', `${refused} of YAML are not read in a project`, {
      place,
      hint: 'a superclass is what hosts have in common',
    });

  const inner = (each: unknown, from = start): Node => nodeOf(each, { at: from, depth: depth + 1 }, yaml, reading);
  if (yaml.isSeq(node)) return { kind: 'list', nodes: node.items.map((each) => inner(each)), at: start };
  if (yaml.isMap(node)) {
    const members = node.items.map((pair) => {
      const key = inner(pair.key);
      if (key.kind === 'list' || key.kind === 'map')
        throw failure('MLN_BAD_FILE', 'a key is one string', { place: reading.places(key.at) });
      return { key: spelling(pair.key, yaml), at: key.at, node: inner(pair.value, key.at) };
    });
    return { kind: 'map', members, at: start };
  }
  const text = spelling(node, yaml);
  const value = yaml.isScalar(node) && node.type === 'PLAIN' ? literals.get(text) : undefined;
  return value === undefined ? { kind: 'text', text, at: start } : { kind: 'literal', value, at: start };
}

function spelling(node: unknown, yaml: typeof Yaml): string {
  return yaml.isScalar(node) && typeof node.value === 'string' ? node.value : '';
}
