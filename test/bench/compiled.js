/*
 * Lets the bench use what the tests are made of: TypeScript of test/ and core/test is compiled as it is loaded, and where
 * it asks for sources of mln it gets what they were compiled to. A module for register() of node:module.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

const options = { module: { type: 'es6' }, jsc: { target: 'es2023', parser: { syntax: 'typescript' } } };

export function resolve(specifier, context, next) {
  if (!specifier.startsWith('.') || !context.parentURL?.endsWith('.ts')) return next(specifier, context);
  const url = new URL(specifier, context.parentURL);
  const compiled = url.href.replace(/\/src\//, '/build/');
  const source = url.href.replace(/\.js$/, '.ts');
  return next(compiled === url.href && existsSync(fileURLToPath(source)) ? source : compiled, context);
}

export function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { code } = transformSync(readFileSync(fileURLToPath(url), 'utf8'), options);
  return { format: 'module', source: code, shortCircuit: true };
}
