import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { failure, messageOf, type MlnError, type Place } from './errors.js';
import type { Found } from './plugin-find.js';

/** A plug-in as a pack lists it: its name, or its name with options. */
export type Member = string | readonly [name: string, options?: Readonly<Record<string, unknown>>];

/** What a plug-in says of itself, before any of its code is run. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  /** The range of plug-in APIs that it is made for. */
  readonly api: string;
  /** A JSON Schema of its options; undefined where it has none. */
  readonly options: unknown;
  /** The plug-ins of a pack; null where it is none. */
  readonly plugins: readonly Member[] | null;
  /** The module that is the plug-in; null where it has none. */
  readonly module: string | null;
}

const usual = `export const manifest = { name: 'motd', version: '1.0.0', api: '^1.0.0' };`;

/** Reads what a plug-in says of itself. The given name is that of messages. */
export async function readManifest(found: Found, name: string): Promise<Manifest> {
  const fields = found.kind === 'file' ? await fieldsOfFile(found.path, name) : fieldsOfPackage(found.path, name);
  const wrong = (field: string, what: string): MlnError =>
    failure('MLN_PLUGIN_MANIFEST', `the plug-in ${name}: ${field} in ${found.path} ${what}`, {
      hint: found.kind === 'file' ? usual : '"mln": { "api": "^1.0.0" } in its package.json',
    });
  const text = (field: 'name' | 'version' | 'api', inside = ''): string => {
    const value = fields[field];
    if (value === undefined) throw wrong(`${inside}${field}`, 'is missing');
    if (typeof value !== 'string' || value === '') throw wrong(`${inside}${field}`, 'is not a text');
    return value;
  };
  const { plugins = null } = fields;
  if (plugins !== null && !isMembers(plugins))
    throw wrong('mln.plugins', 'is not a list of names, or of names with options');
  return {
    name: text('name'),
    version: text('version'),
    api: text('api', found.kind === 'package' ? 'mln.' : ''),
    options: fields.options,
    plugins,
    module: fields.module,
  };
}

interface Fields {
  readonly name?: unknown;
  readonly version?: unknown;
  readonly api?: unknown;
  readonly options?: unknown;
  readonly plugins?: unknown;
  readonly module: string | null;
}

function isMembers(value: unknown): value is readonly Member[] {
  const isOptions = (each: unknown): boolean => typeof each === 'object' && each !== null && !Array.isArray(each);
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (each: unknown) =>
        typeof each === 'string' ||
        (Array.isArray(each) &&
          typeof each[0] === 'string' &&
          (each.length === 1 || (each.length === 2 && isOptions(each[1])))),
    )
  );
}

/** The manifest of a file is read as a literal: nothing of the file is run. */
async function fieldsOfFile(path: string, name: string): Promise<Fields> {
  if (!['.js', '.mjs'].includes(extname(path)))
    throw failure('MLN_PLUGIN_MANIFEST', `the plug-in ${name} is a ${extname(path) || 'nameless'} file`, {
      hint: 'a plug-in is an ES module: a .js or .mjs file, or a folder with a package.json',
    });
  const { isSyntaxProblem, writtenExport } = await import('./module-text.js');
  const missing = (message: string, place?: Place): MlnError =>
    failure('MLN_PLUGIN_MANIFEST', `the plug-in ${name} ${message}`, { hint: usual, place });
  try {
    const written = writtenExport(readFileSync(path, 'utf8'), path, 'manifest');
    if (written === null) throw missing('does not say what it is', { file: path, line: 1, column: 1 });
    if ('place' in written) throw missing('has a manifest that is not plain: it is read, not run', written.place);
    if (typeof written.value !== 'object' || written.value === null)
      throw missing('does not say what it is', { file: path, line: 1, column: 1 });
    return { ...written.value, plugins: undefined, module: path };
  } catch (error) {
    if (!isSyntaxProblem(error)) throw error;
    throw syntaxFailure(name, error);
  }
}

/** The error of a module that is no JavaScript. */
export function syntaxFailure(name: string, { message, place }: { message: string; place: Place }): MlnError {
  return failure('MLN_PLUGIN_IMPORT', `the plug-in ${name} is not right JavaScript: ${message}`, {
    place,
    hint: 'a plug-in is an ES module: import and export, no require and no types',
  });
}

function fieldsOfPackage(path: string, name: string): Fields {
  let description: Record<string, unknown>;
  try {
    description = Object(JSON.parse(readFileSync(path, 'utf8'))) as Record<string, unknown>;
  } catch (error) {
    throw failure('MLN_PLUGIN_MANIFEST', `the plug-in ${name}: ${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
      hint: 'install it anew',
    });
  }
  const { name: own, version, mln } = description;
  const said = Object(mln) as Record<string, unknown>;
  if (mln === undefined)
    throw failure('MLN_PLUGIN_MANIFEST', `the package ${name} is no plug-in of mln: ${path} has no "mln"`, {
      hint: '"mln": { "api": "^1.0.0" } says for which plug-in API it is made',
    });
  return {
    name: own,
    version,
    api: said['api'],
    options: said['options'],
    plugins: said['plugins'],
    module: moduleOf(description, dirname(path)),
  };
}

/** The module of a package as Node's `import` finds it: exports, else main, else index.js. */
function moduleOf({ exports, main }: Record<string, unknown>, folder: string): string | null {
  if (exports !== undefined) {
    const root = Object(exports) as Record<string, unknown>;
    const target = targetOf('.' in root ? root['.'] : exports);
    return target === null ? null : resolve(folder, target);
  }
  const index = join(folder, typeof main === 'string' ? main : 'index.js');
  return (
    [index, `${index}.js`, join(index, 'index.js')].find((each) => existsSync(each) && each.endsWith('js')) ?? null
  );
}

/** Conditions are taken in the order in which the package gives them. */
function targetOf(exports: unknown): string | null {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return null;
  for (const [condition, target] of Object.entries(exports)) {
    if (!Array.isArray(exports) && !['import', 'node', 'module-sync', 'default'].includes(condition)) continue;
    const found = targetOf(target);
    if (found !== null) return found;
  }
  return null;
}
