import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { printHook } from '@mln/core';
import { readProject, readTree, type ReadProject } from '../../../core/src/read-project.js';
import { resolvedDocument } from '../../../core/src/resolved-document.js';
import { root, standardKernel } from '../../../test/support/standard-tables.js';

/* What a project comes to does not depend on the format that it is in. */

const folder = join(root, 'examples');
const mln = await standardKernel();

const names = readdirSync(folder)
  .filter((name) => name.endsWith('.mln'))
  .map((name) => name.slice(0, -'.mln'.length));
const formats = ['json', 'yaml', 'xml'];

test.each(names.flatMap((name) => formats.map((format) => [name, format] as const)))(
  '%s in %s is the same project',
  async (name, format) => {
    const file = join(folder, `${name}.mln`);
    const { tree, text } = await readTree(mln, file);
    const expected = outline(await readProject(mln, file), file);
    for (const each of [tree, mln.hooks.parse.call(text, file)]) {
      const printed = each && printHook(mln).call(each, format);
      const again = await readProject(mln, `${file}.${format}`, { text: printed ?? '' });
      expect(outline(again, `${file}.${format}`)).toEqual(expected);
    }
  },
);

/** A project as plug-ins and other programs see it, but for the places of its lines. */
function outline({ project, views, warnings, ...read }: ReadProject, file: string): unknown {
  const document = resolvedDocument({ project, views, warnings: [], ...read }, mln.keywords, true);
  const told = warnings.map(({ code, message }) => ({ code, message }));
  const text = JSON.stringify({ project, document, told }, (key, value: unknown) =>
    key === 'place' || key === 'lines' ? undefined : value,
  );
  return JSON.parse(text.replaceAll(file, 'FILE'));
}
