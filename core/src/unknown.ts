import type { Place, Problems } from './errors.js';
import type { Keyword, KeywordTable } from './keywords.js';
import type { Block, Item, Statement, Tree } from './tree.js';

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
  const warn = (item: Item, name: string, place: string): void => {
    const where = place === 'project' ? 'at the top of a project' : `in ${place}`;
    problems[severity]('MLN_UNKNOWN_KEYWORD', `${name} is not a keyword ${where}`, {
      place: item.place ?? undefined,
      hint: keywords.hint(place, name),
    });
  };
  const warnOfBlank = (place: Place): void => {
    problems.warning('MLN_NBSP', 'a no-break space is read as a blank', { place, hint: 'quote it where it is meant' });
  };
  const check = (items: readonly Item[], place: string): void => {
    for (const item of items) {
      if (item.noBreakSpace) warnOfBlank(item.noBreakSpace);
      if (item.kind !== 'statement' && item.kind !== 'block') continue;
      const keyword = keywords.find(place, item.keyword);
      if (keyword) checkForm(item, keyword);
      if (item.kind === 'block' && keyword?.kind === 'block') checkBlock(item);
      else if (item.kind === 'block' && keyword?.kind === 'list') checkRows(item);
      else if (!keyword && !bareAddress(item, place)) warn(item, item.keyword || '{', place);
    }
  };
  const checkRows = (list: Block): void => {
    for (const { noBreakSpace } of list.items) if (noBreakSpace) warnOfBlank(noBreakSpace);
  };
  const checkForm = (item: Block | Statement, { name, kind, named }: Keyword): void => {
    const takesBlock = ['block', 'list', 'text'].includes(kind);
    if (takesBlock === (item.kind === 'block')) return;
    const inWord = item.words.some((word) => word.includes('{'));
    problems.error('MLN_BAD_VALUE', takesBlock ? `${name} takes a block` : `${name} takes a value, not a block`, {
      place: item.place ?? undefined,
      hint: takesBlock
        ? `write ${name} ${named ? 'NAME ' : ''}{ … }${inWord ? ', with a blank before the {' : ''}`
        : undefined,
    });
  };
  const checkBlock = (block: Block): void => {
    const place = blockKind(block.keyword);
    if (keywords.of(place).length > 0) check(block.items, place);
  };
  check(tree.items, 'project');
}

/** The paper's hosting example: an address is a whole statement of a network block. */
export function bareAddress(item: Item, place: string): boolean {
  return (
    place === 'network' &&
    item.kind === 'statement' &&
    item.words.length === 0 &&
    /^[0-9a-fA-F]*[.:][0-9a-fA-F.:/]+$/.test(item.keyword)
  );
}
