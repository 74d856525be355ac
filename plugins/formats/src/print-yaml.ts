import type * as Yaml from 'yaml';
import { yamlLibrary } from './libraries.js';
import type { Data } from './to-data.js';

/** Words that mean something else, here or to other readers of YAML, when they stand without quotes. */
const taken = new Set(['', 'true', 'false', 'null', '~', '<<']);

/** Prints data as YAML: texts as lines, strings without quotes where they can do without. */
export function printYaml(data: Data): string {
  const yaml = yamlLibrary();
  const document = new yaml.Document(null, { schema: 'failsafe', version: '1.2', merge: false });
  document.contents = node(data, yaml);
  return document.toString({ lineWidth: 0 });
}

function node(data: Data, yaml: typeof Yaml): Yaml.Scalar | Yaml.YAMLMap | Yaml.YAMLSeq {
  if (data === true) return plain('true', yaml);
  if (typeof data === 'string') return string(data, yaml);
  if ('list' in data) {
    const list = new yaml.YAMLSeq();
    list.items = data.list.map((each) => node(each, yaml));
    return list;
  }
  const map = new yaml.YAMLMap();
  map.items = [...data.map].map(([key, value]) => new yaml.Pair(string(key, yaml, false), node(value, yaml)));
  return map;
}

function plain(text: string, yaml: typeof Yaml): Yaml.Scalar {
  const scalar = new yaml.Scalar(text);
  scalar.type = 'PLAIN';
  return scalar;
}

function string(text: string, yaml: typeof Yaml, mayBeLines = true): Yaml.Scalar {
  const scalar = new yaml.Scalar(text);
  // What is not printable, or a line end to some, is escaped; so are keys of several lines.
  if (taken.has(text) || /[^\P{C}\n]|[\u2028\u2029]/u.test(text)) scalar.type = 'QUOTE_DOUBLE';
  else if (text.includes('\n')) scalar.type = mayBeLines ? 'BLOCK_LITERAL' : 'QUOTE_DOUBLE';
  return scalar;
}
