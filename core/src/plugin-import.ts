import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { failure, isMlnError, messageOf, type MlnError } from './errors.js';
import type { Found } from './plugin-find.js';
import type { Plugin } from './kernel.js';
import { syntaxFailure, type Manifest } from './plugin-manifest.js';
import { whereIn } from './plugin-blame.js';
import { waitForImport } from './plugin-pending.js';
import { importQuietly } from './quiet-import.js';

/** Imports a plug-in: from here on its code is run. What goes wrong is told as a fault of the plug-in, never as one that is missing. */
export async function importPlugin({ name, module }: Manifest, found: Found): Promise<Plugin> {
  if (module === null)
    throw failure(
      'MLN_PLUGIN_IMPORT',
      `the plug-in ${name} has no module: ${found.path} names none in exports or main`,
    );
  if (!existsSync(module))
    throw failure('MLN_PLUGIN_IMPORT', `the plug-in ${name} is not whole: ${module} is not there`, {
      hint: `build it, or install it anew: npm install ${name}`,
    });
  if (found.kind === 'file') refuseCommonJs(name, module);
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await waitForImport({ name, source: found.path }, () => importQuietly(module));
  } catch (error) {
    throw isMlnError(error) ? error : await importFailure(name, module, found, error);
  }
  const plugin = exported['default'];
  if (typeof plugin === 'function') return plugin as Plugin;
  throw failure('MLN_PLUGIN_NO_DEFAULT', `the plug-in ${name} has no function as its default export (${module})`, {
    hint: 'export default function (mln, options) { … }',
  });
}

async function importFailure(name: string, module: string, found: Found, error: unknown): Promise<MlnError> {
  const missing = missingModule(error);
  if (missing !== null) return missingFailure(name, missing, found, error);
  if (error instanceof Error && error.name === 'SyntaxError') {
    const { syntaxProblemIn } = await import('./module-text.js');
    const problem = syntaxProblemIn(realpathSync(module));
    if (problem) return syntaxFailure(name, problem);
  }
  return failure('MLN_PLUGIN_IMPORT', `the plug-in ${name} failed while it was imported: ${messageOf(error)}`, {
    cause: error,
    ...whereIn(found.path, error),
  });
}

/** The module that Node did not find, as its message names it. */
function missingModule(error: unknown): string | null {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return null;
  return /^Cannot find (?:package|module) '([^']+)'/.exec(messageOf(error))?.[1] ?? null;
}

function missingFailure(name: string, missing: string, found: Found, cause: unknown): MlnError {
  const own = missing.startsWith('/') || missing.startsWith('.') || missing.startsWith('file:');
  const lone = found.kind === 'file' && missing === '@mln/core';
  return failure(
    'MLN_PLUGIN_IMPORT',
    own
      ? `the plug-in ${name} imports ${missing}, which is not there`
      : `the plug-in ${name} imports ${missing}, which is not installed`,
    {
      cause,
      hint: lone
        ? 'a file that is a plug-in has it without an import: mln.core'
        : own
          ? 'correct the import, or build the plug-in'
          : `npm install ${missing}, in ${installationFolder(found)}`,
    },
  );
}

/** Where npm is to install what a plug-in lacks: its own folder, or the one whose node_modules it lies in. */
function installationFolder({ path }: Found): string {
  const [above, below] = path.split(/\/node_modules\/(?!.*\/node_modules\/)/);
  return below === undefined ? dirname(path) : (above ?? '/');
}

/** A .js file is what the nearest package.json says; where that says nothing Node finds out by its text. */
function refuseCommonJs(name: string, module: string): void {
  if (extname(module) !== '.js') return;
  const path = realpathSync(module);
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const description = join(folder, 'package.json');
    if (existsSync(description)) {
      if (typeOf(description) !== 'commonjs') return;
      throw failure(
        'MLN_PLUGIN_IMPORT',
        `the plug-in ${name} cannot be imported: ${description} says that ${path} is CommonJS`,
        {
          hint: `call it ${path.replace(/\.js$/, '.mjs')}, or write "type": "module" into that package.json`,
        },
      );
    }
    if (folder === dirname(folder)) return;
  }
}

function typeOf(description: string): unknown {
  try {
    return (Object(JSON.parse(readFileSync(description, 'utf8'))) as { type?: unknown }).type;
  } catch {
    return undefined;
  }
}
