import type { Command } from '../commands.js';
import type { KeywordTable } from '../keywords.js';
import { failure } from '../errors.js';
import { globalOptions } from '../cli/global-options.js';
import { nearest } from '../values.js';
import { commandPages, pageNameOf } from './command-page.js';
import { configurationPage } from './configuration-page.js';
import { languagePage } from './language-page.js';
import { mainPage } from './main-page.js';
import type { Page } from './page.js';
import { roffPage } from './roff.js';

/** What the pages are made of: the verbs that there are, and the keywords. */
export interface Described {
  readonly commands: readonly Command[];
  readonly keywords: KeywordTable;
}

/** All pages of the manual. */
export function manualPages({ commands, keywords }: Described): readonly Page[] {
  const verbs = commandPages(commands);
  return [mainPage(verbs, globalOptions, commands), ...verbs, configurationPage(), languagePage(keywords)];
}

/** All pages as man(1) reads them, by their paths in a folder of man(1): man1/mln-start.1. */
export function manualFiles(described: Described, version: string): ReadonlyMap<string, string> {
  return new Map(
    manualPages(described).map((page) => [`man${page.section}/${page.name}.${page.section}`, roffPage(page, version)]),
  );
}

/** The page that tells of a verb (`template add`), or that is called so: mln-start, mln.config, project. */
export function pageFor(pages: readonly Page[], words: readonly string[]): Page {
  const asked = words.join(' ');
  const names = asked === '' ? ['mln'] : [asked, `mln-${asked}`, pageNameOf(asked)];
  for (const name of names) {
    const found = pages.find((page) => page.name === name);
    if (found) return found;
  }
  const guess = nearest(
    asked,
    pages.flatMap(({ name }) => [name, name.replace(/^mln-/, '')]),
  );
  throw failure('MLN_USAGE', `there is no manual page for ${asked}`, {
    hint: guess === undefined ? 'mln man lists the verbs' : `did you mean ${guess}?`,
  });
}
