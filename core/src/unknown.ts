import type { Problems } from './errors.js';
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
  const check = (items: readonly Item[], place: string): void => {
    for (const item of items) {
      if (item.kind !== 'statement' && item.kind !== 'block') continue;
      const keyword = keywords.find(place, item.keyword);
      if (keyword) checkForm(item, keyword);
      if (keyword?.kind === 'block' && item.kind === 'block') checkBlock(item);
      else if (!keyword && !bareAddress(item, place)) warn(item, item.keyword || '{', place);
    }
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
