import { format } from 'prettier';
import { errorsPage } from './errors-page.js';
import { keywordsPage } from './keywords-page.js';
import { projectSchema } from './schema.js';
import { textmateGrammar } from './textmate.js';
import type { Tables } from './tables.js';

/** All that is made of the tables, by the paths of the files. */
export async function pages(tables: Tables): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/keywords.md', keywordsPage(tables)],
    ['docs/errors.md', errorsPage(tables)],
    ['docs/mln.schema.json', await json(projectSchema(tables))],
    ['docs/mln.tmLanguage.json', await json(textmateGrammar(tables))],
  ]);
}

function json(value: unknown): Promise<string> {
  return format(JSON.stringify(value), { parser: 'json', printWidth: 120 });
}
