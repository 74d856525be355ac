import {
  failure,
  isMlnError,
  MlnError,
  placesOf,
  Problems,
  type Item,
  type Mln,
  type Place,
  type Tree,
} from '@mln/core';
import { entriesOfData } from './data.js';
import { entriesOfElements } from './elements.js';
import type { Entry } from './entries.js';
import { parseJson } from './json.js';
import { maxBytes } from './limits.js';
import { createPieces, mlnGrammar } from './pieces.js';
import { translate } from './translate.js';
import { parseXml } from './xml.js';
import { parseYaml } from './yaml.js';

/** Reads a file that its name says is JSON, YAML or XML as a tree; undefined for all others. */
export function readFormat(mln: Mln, text: string, file: string): Tree | undefined {
  const format = /[^/]\.(json|ya?ml|xml)$/i.exec(file)?.[1]?.toLowerCase();
  if (format === undefined) return undefined;
  if (Buffer.byteLength(text) > maxBytes) throw failure('MLN_BAD_FILE', `${file} is larger than 4 MiB`);
  const source = text.replace(/^\ufeff/, '');
  const places = placesOf(source, file);
  const nul = source.indexOf('\0');
  if (nul >= 0) throw failure('MLN_BAD_FILE', `${file} holds a NUL byte`, { place: places(nul) });

  const problems = new Problems();
  const reading = { keywords: mln.keywords, problems, places };
  const entries = (): Entry[] => {
    if (format === 'xml') return entriesOfElements(parseXml(source, file, reading), reading);
    const parse = format === 'json' ? parseJson : parseYaml;
    return entriesOfData(parse(source, file, places), reading);
  };
  const grammar = mlnGrammar(mln, file);
  const { text: translated, lines } = translate(entries(), file, createPieces(grammar), problems);
  return { ...placed(() => grammar(translated), lines, file), text: translated };
}

/** Puts the places of the file in the place of those of its translation. */
function placed(read: () => Tree, lines: readonly Place[], file: string): Tree {
  const placeOf = (place: Place | null | undefined): Place | undefined => (place ? lines[place.line - 1] : undefined);
  const item = (each: Item): Item => {
    const noBreakSpace = placeOf(each.noBreakSpace);
    const place = { place: placeOf(each.place) ?? null, ...(noBreakSpace && { noBreakSpace }) };
    return each.kind === 'block' ? { ...each, ...place, items: each.items.map(item) } : { ...each, ...place };
  };
  try {
    return { file, items: read().items.map(item) };
  } catch (error) {
    if (!isMlnError(error)) throw error;
    throw new MlnError(error.problems.map((problem) => ({ ...problem, place: placeOf(problem.place) })));
  }
}
