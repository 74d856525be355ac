import { createRequire } from 'node:module';
import type * as Saxes from 'saxes';
import type * as Yaml from 'yaml';

const load = createRequire(import.meta.url);

/* Both are loaded when a file of theirs is read or printed: no other verb waits for them. */

export function yamlLibrary(): typeof Yaml {
  return load('yaml') as typeof Yaml;
}

export function xmlLibrary(): typeof Saxes {
  return load('saxes') as typeof Saxes;
}
