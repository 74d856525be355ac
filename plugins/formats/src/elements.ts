import { fence, line, variable, type Entry, type Reading } from './entries.js';
import { withoutOuterLines } from './pieces.js';
import { declared, inside, isBlock, top, type Where } from './where.js';
import type { Element } from './xml.js';

/**
 * What XML says, as entries: an element is an item, its name is the keyword, its attribute `name` the other words of a
 * block's head. Elements in it make it a block; text is the rest of a statement, or a block's text. <set>, <item> and
 * <include> are none of the keywords.
 */
export function entriesOfElements(root: Element, { keywords, problems, places }: Reading): Entry[] {
  const bad = (message: string, at: number, hint?: string): [] => {
    problems.error('MLN_BAD_FILE', message, { place: places(at), hint });
    return [];
  };

  const content = ({ tag, at, text, elements }: Element, where: Where): Entry[] => {
    if (withoutOuterLines(text) !== '')
      return bad(`<${tag}> holds text and elements`, at, 'a statement of words alone is <item>words</item>');
    return elements.flatMap((each) => entry(each, where));
  };

  const entry = (element: Element, where: Where): Entry[] => {
    const { tag, name, at, elements } = element;
    const place = places(at);
    const text = withoutOuterLines(element.text);
    if (tag === 'set') {
      if (name === undefined || !variable.test(`$${name}`) || elements.length > 0)
        return bad('a variable is <set name="x">value</set>', at);
      return [line(`$${name}`, text, place)];
    }
    if (tag === 'include') {
      if (name !== undefined || elements.length > 0) return bad('<include> takes one path', at);
      return [{ kind: 'include', path: text, place }];
    }
    const head = headOf(element);
    const isNamed = name !== undefined;
    const isEmpty = text === '' && !fence.test(head);
    if (elements.length > 0 || (isEmpty && (isNamed || isBlock(keywords, where, head))))
      return [{ kind: 'group', head, entries: content(element, inside(keywords, where, head)), place }];
    if (isNamed || (tag !== 'item' && (text.includes('\n') || declared(keywords, where, head)?.kind === 'text')))
      return [{ kind: 'text', head, text, place }];
    return [line(head, text, place)];
  };

  return content(root, top);
}

function headOf({ tag, name = '' }: Element): string {
  return [tag === 'item' ? '' : tag, name].filter((word) => word !== '').join(' ');
}
