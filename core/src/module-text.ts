import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  parse,
  type Expression,
  type ModuleDeclaration,
  type Program,
  type Property,
  type SpreadElement,
  type Statement,
} from 'acorn';
import type { Place } from './errors.js';

/*
 * What is known of a module of JavaScript without running it. acorn reads it as Node would: the newest syntax, as an ES
 * module.
 */

/** What a module exports under a name: a value that is written out, or that its value is not to be had without running it. */
export type Written = { readonly value: unknown } | { readonly place: Place } | null;

/** Why a module cannot be read, and where. */
export interface SyntaxProblem {
  readonly message: string;
  readonly place: Place;
}

/** The value of `export const NAME = …` where it is a plain literal; its place where it is anything else; null where there is none. Throws a {@link SyntaxProblem}. */
export function writtenExport(text: string, file: string, name: string): Written {
  for (const node of programOf(text, file).body) {
    if (node.type !== 'ExportNamedDeclaration' || node.declaration?.type !== 'VariableDeclaration') continue;
    for (const { id, init } of node.declaration.declarations)
      if (id.type === 'Identifier' && id.name === name) return literal(init, file);
  }
  return null;
}

/** The first syntax error of a file, or of those of its own files that it imports. */
export function syntaxProblemIn(file: string, seen = new Set<string>()): SyntaxProblem | null {
  if (seen.has(file)) return null;
  seen.add(file);
  try {
    const { body } = programOf(readFileSync(file, 'utf8'), file);
    for (const path of body.flatMap(importedPath)) {
      const found = syntaxProblemIn(resolve(dirname(file), path), seen);
      if (found) return found;
    }
    return null;
  } catch (error) {
    return isSyntaxProblem(error) ? error : null;
  }
}

export function isSyntaxProblem(value: unknown): value is SyntaxProblem {
  return typeof value === 'object' && value !== null && 'place' in value && 'message' in value;
}

function programOf(text: string, file: string): Program {
  try {
    return parse(text, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true, locations: true });
  } catch (error) {
    const { message, loc } = error as Error & { loc?: { line: number; column: number } };
    if (!loc) throw error;
    const place: Place = { file, line: loc.line, column: loc.column + 1 };
    throw Object.assign(new SyntaxError(message.replace(/ \(\d+:\d+\)$/, '')), { place });
  }
}

function importedPath(node: Statement | ModuleDeclaration): string[] {
  const source = 'source' in node ? node.source?.value : undefined;
  return typeof source === 'string' && /^\.{1,2}\//.test(source) ? [source] : [];
}

/** Strings, numbers, yes and no, null, lists and objects; nothing that would have to be worked out. */
function literal(node: Node | null | undefined, file: string): Known {
  const unknown = { place: placeOf(node, file) };
  switch (node?.type) {
    case 'Literal':
      return node.regex || node.bigint ? unknown : { value: node.value };
    case 'UnaryExpression':
      return node.operator === '-' && node.argument.type === 'Literal' && typeof node.argument.value === 'number'
        ? { value: -node.argument.value }
        : unknown;
    case 'ArrayExpression':
      return joined(
        node.elements.map((each) => literal(each, file)),
        (values) => values,
      );
    case 'ObjectExpression': {
      const names = node.properties.map(nameOf);
      const values = node.properties.map((each, index) =>
        each.type === 'Property' && names[index] !== null ? literal(each.value, file) : { place: placeOf(each, file) },
      );
      return joined(values, (all) => Object.fromEntries(all.map((value, index) => [names[index], value])));
    }
    default:
      return unknown;
  }
}

type Node = Expression | SpreadElement | Property;
type Known = Exclude<Written, null>;

function joined(parts: readonly Known[], join: (values: unknown[]) => unknown): Known {
  const unknown = parts.find((part) => 'place' in part);
  return unknown ?? { value: join(parts.map((part) => ('value' in part ? part.value : undefined))) };
}

/** The name of a property that is neither worked out nor a function. */
function nameOf(property: Property | SpreadElement): string | null {
  if (property.type !== 'Property' || property.computed || property.kind !== 'init' || property.method) return null;
  const { key } = property;
  if (key.type === 'Identifier') return key.name;
  return key.type === 'Literal' ? String(key.value) : null;
}

function placeOf(node: Node | null | undefined, file: string): Place {
  const { line, column } = node?.loc?.start ?? { line: 1, column: 0 };
  return { file, line, column: column + 1 };
}
