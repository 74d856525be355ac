import type { Place, Problems } from './errors.js';
import { keywordHint, takesBlock } from './keyword-hint.js';
import type { Keyword, KeywordTable } from './keywords.js';
import type { Block, Item, Statement, Tree } from './tree.js';
import { hasOpenQuote, openQuote } from './word.js';

/** What the keyword table calls a block: superclasses hold what hosts hold. */
export function blockKind(keyword: string): string {
  return keyword === 'superclass' ? 'host' : keyword;
}

/** Tells of blocks where a value belongs, and the other way round. Warns of keywords and blocks that no plug-in declares where they stand: once a place, and once for a whole block. */
export function reportUnknown(
  tree: Tree,
  keywords: KeywordTable,
  problems: Problems,
  severity: 'error' | 'warning' = 'warning',
): void {
  const hints = new Map<string, string | undefined>();
  const hintOf = (item: Block | Statement, place: string): string | undefined => {
    const key = JSON.stringify([place, item.kind, item.keyword, item.kind === 'statement' && item.words[0]?.[0]]);
    if (!hints.has(key)) hints.set(key, keywordHint(keywords, place, item));
    return hints.get(key);
  };
  const warn = (item: Block | Statement, place: string): void => {
    const where = place === 'project' ? 'at the top of a project' : `in ${place}`;
    const told = item.place ? { place: item.place } : {};
    if (hasOpenQuote(item.keyword)) problems.error('MLN_OPEN_QUOTE', openQuote, told);
    else
      problems[severity]('MLN_UNKNOWN_KEYWORD', `${item.keyword || '{'} is not a keyword ${where}`, {
        ...told,
        hint: hintOf(item, place),
      });
  };
  const warnOfBlank = (place: Place): void => {
    problems.warning('MLN_NBSP', 'a no-break space is read as a blank', { place, hint: 'quote it where it is meant' });
  };
  const check = (items: readonly Item[], place: string): void => {
    let index = -1;
    for (const item of items) {
      index += 1;
      if (item.noBreakSpace) warnOfBlank(item.noBreakSpace);
      if (item.kind !== 'statement' && item.kind !== 'block') continue;
      const keyword = keywords.find(place, item.keyword);
      if (keyword) checkForm(item, keyword);
      if (item.kind === 'block' && keyword?.kind === 'block') checkBlock(item);
      else if (item.kind === 'block' && keyword?.kind === 'list') checkRows(item);
      else if (!keyword && !bareAddress(item, place) && !followsOpenQuote(items, index)) warn(item, place);
    }
  };
  const checkRows = (list: Block): void => {
    for (const { noBreakSpace } of list.items) if (noBreakSpace) warnOfBlank(noBreakSpace);
  };
  const checkForm = (item: Block | Statement, keyword: Keyword): void => {
    const fault = faultOfForm(item, keyword);
    if (fault) problems.error('MLN_BAD_VALUE', fault.message, { place: item.place ?? undefined, hint: fault.hint });
  };
  const checkBlock = (block: Block): void => {
    const place = blockKind(block.keyword);
    if (keywords.of(place).length > 0) check(block.items, place);
  };
  check(tree.items, 'project');
}

/** What is wrong with a statement where a block belongs, or the other way round, or with a name that nothing has. */
function faultOfForm(item: Block | Statement, keyword: Keyword): { message: string; hint?: string } | null {
  const { name, named } = keyword;
  const block = `write ${name} ${named === true ? 'NAME ' : ''}{ … }`;
  if (!takesBlock(keyword)) return item.kind === 'block' ? { message: `${name} takes a value, not a block` } : null;
  if (item.kind === 'statement') {
    const inWord = item.words.some((word) => /(?<!\\)\{/.test(word));
    return { message: `${name} takes a block`, hint: inWord ? `${block}, with a blank before the {` : block };
  }
  if (item.apart) return { message: `${name} takes a block`, hint: `${block}, with the { on the same line` };
  return item.words.length > 0 && named === undefined ? { message: `${name} takes no name`, hint: block } : null;
}

/** Whether a quote before an item on its line is not closed: the item may be what was to be quoted. */
function followsOpenQuote(items: readonly Item[], index: number): boolean {
  const line = items[index]?.place?.line;
  for (let at = index - 1; at >= 0 && line !== undefined && items[at]?.place?.line === line; at -= 1) {
    const item = items[at];
    if (item?.kind === 'statement' && [item.keyword, ...item.words].some(hasOpenQuote)) return true;
  }
  return false;
}

const bare = /^[0-9a-fA-F]*[.:][0-9a-fA-F.:/]+$/;

/** The paper's hosting example: an address is a whole statement of a network block. Variables may stand in it. */
export function bareAddress(item: Item, place: string): boolean {
  if (place !== 'network' || item.kind !== 'statement' || item.words.length > 0) return false;
  return bare.test(item.keyword.replace(/\$(?:[A-Za-z_]\w*|\[[A-Za-z_]\w*\])/g, '0.0'));
}
