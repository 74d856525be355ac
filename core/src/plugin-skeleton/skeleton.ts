import { codeFile } from './code.js';
import type { Naming } from './naming.js';
import { packageFile } from './package-file.js';
import { testFile } from './test-file.js';
import { changelog, exampleProject, ignored, readme } from './texts.js';

/** The files of a new plug-in, by their paths in its folder: whole, tested, and without a build. */
export function skeletonFiles(naming: Naming): ReadonlyMap<string, string> {
  return new Map([
    ['package.json', packageFile(naming)],
    ['src/index.js', codeFile(naming)],
    ['test/index.test.js', testFile(naming)],
    ['example.mln', exampleProject(naming)],
    ['README.md', readme(naming)],
    ['CHANGELOG.md', changelog(naming)],
    ['.gitignore', ignored],
  ]);
}
