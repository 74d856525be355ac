import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Keyword } from '@mln/core';
import { readProject } from '../core/src/read-project.js';
import { pages } from '../scripts/docs/pages.js';
import { root, standardKernel, tablesOf } from './support/standard-tables.js';

/* The generated files of docs/ (`npm run docs` writes them), and the examples of the keyword table that they show. */

const mln = await standardKernel();
const made = await pages(tablesOf(mln));
const all = mln.keywords
  .places()
  .flatMap((place) => mln.keywords.of(place).map((keyword) => [`${place}.${keyword.name}`, place, keyword] as const));

test.each([...made])('%s is what `npm run docs` writes', (path, text) => {
  const file = join(root, path);
  expect(existsSync(file) ? readFileSync(file, 'utf8') : null).toBe(text);
});

test.each(all)('%s is in docs/keywords.md with its example', (_, place, { name, help, example = '?' }) => {
  const chapters = (made.get('docs/keywords.md') ?? '').split(/^## /m);
  const titles: Readonly<Record<string, string>> = { project: 'the top of a project', host: 'host and superclass' };
  const chapter = chapters.find((each) => each.startsWith(`${titles[place] ?? place}\n`));
  expect(chapter).toContain(`### ${name}\n\n${help}\n\n\`\`\`\n${example}\n\`\`\`\n`);
});

test.each(Object.keys(tablesOf(mln).codes))('%s is in docs/errors.md', (code) => {
  expect(made.get('docs/errors.md')).toContain(`\n### ${code}\n\n`);
});

test.each(all)(
  'the example of %s stands in its block without an error or an unknown keyword',
  async (_, place, keyword) => {
    const text = projectWith(place, keyword);
    const { warnings, tree } = await readProject(mln, '/example/project.mln', { text });
    expect(warnings.filter(({ code }) => code === 'MLN_UNKNOWN_KEYWORD')).toEqual([]);
    expect(JSON.stringify(tree)).toContain(`"keyword":"${keyword.name}"`);
  },
);

test.each(all.filter(([, , { kind }]) => kind === 'list'))('the rows of %s have a syntax', (_, __, { syntax }) => {
  expect(syntax).toMatch(/^\w+/);
});

/** A small project around an example; what it stands for itself is left out. */
function projectWith(place: string, { name, example = '?', plugin }: Keyword): string {
  const global = (more = ''): string =>
    `global {\n${name === 'project' ? '' : 'project demo'}\n$password = secret\n${more}\n}`;
  const host = (more: string): string => `host a {\n${plugin === 'uml' ? '' : 'xen'}\n${more}\n}`;
  const classes = ['superclass node { }', 'superclass router { }'];
  const lan = 'switch lan { }';
  const enumerated = ['superclass node', 'numhosts 50', ...(name.startsWith('net') ? [] : ['network 10.0.0.0'])];
  const parts: Readonly<Record<string, readonly string[]>> = {
    project: [name === 'global' ? '' : global(), ...classes.slice(0, name === 'superclass' ? 1 : 2), example],
    global: [global(example), ...classes],
    host: [global(), ...classes, host(example), lan],
    network: [global(), host(`network eth0 {\n${name === 'gateway' ? 'address 10.0.0.1/24\n' : ''}${example}\n}`), lan],
    switch: [global(), 'host a { network eth0 { switch lan } }', `switch lan {\n${example}\n}`],
    autoenum: [global(['autoenum {', ...enumerated, example, '}'].join('\n')), ...classes],
  };
  return (parts[place] ?? []).join('\n');
}
