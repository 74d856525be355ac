import { basename } from 'node:path';
import { isName } from '../names.js';

/** Whether a text is NAME or NAME@VERSION of a repository, and no path. */
export function isVersion(text: string): boolean {
  const [name = '', version, more] = text.split('@');
  return isName(name) && more === undefined && (version === undefined || versionPattern.test(version));
}

const versionPattern = /^(?!.*\.\.)[0-9A-Za-z][0-9A-Za-z._-]{0,31}$/;

/** A name for the template that a file goes as. */
export function templateNameOf(path: string): string {
  const plain = basename(path)
    .replace(/[^A-Za-z0-9_.-]/g, '_')
    .replace(/\.{2,}/g, '.')
    .replace(/^[^A-Za-z]+/, '')
    .slice(0, 63)
    .replace(/\.+$/, '');
  return isName(plain) ? plain : 'image';
}
