import { failure, type Place } from '@mln/core';
import type { DataReading } from './data.js';
import { fence, variable, type Entry } from './entries.js';
import { xmlLibrary } from './libraries.js';
import { maxNesting } from './node.js';
import { declared, inside, top, type Where } from './where.js';

/*
 * An element is an item: its name is the keyword, its attribute `name` the other words of a block's head. Elements in
 * it make it a block, text is the rest of a statement, or a block's text. <set>, <item> and <include> are none of the
 * keywords. There are no entities but the five that XML has, and no DOCTYPE.
 */

interface Element {
  readonly tag: string;
  /** The attribute `name`. */
  name: string | undefined;
  readonly place: Place;
  /** Where it stands. */
  readonly where: Where;
  readonly entries: Entry[];
  text: string;
}

/** Reads XML as entries. Throws an MlnError at the first place where it is none. */
export function entriesOfXml(source: string, file: string, { keywords, problems, places }: DataReading): Entry[] {
  const { SaxesParser } = xmlLibrary();
  const parser = new SaxesParser({ xmlns: false, position: true });
  const open: Element[] = [];
  const entries: Entry[] = [];

  const bad = (message: string, place: Place, hint?: string): void => {
    problems.error('MLN_BAD_FILE', message, { place, hint });
  };

  parser.on('error', ({ message }) => {
    throw failure('MLN_BAD_FILE', `${file} is not XML: ${message.replace(/^\d+:\d+: /, '')}`, {
      place: places(parser.position),
    });
  });
  parser.on('doctype', () => {
    throw failure('MLN_BAD_FILE', 'a DOCTYPE is not read in a project', { place: places(parser.position) });
  });
  parser.on('opentagstart', ({ name: tag }) => {
    const place = places(source.lastIndexOf('<', parser.position - 1));
    if (open.length > maxNesting) throw failure('MLN_TOO_DEEP', `${file} is nested too deep`, { place });
    const outer = open.at(-1);
    const where = !outer || open.length === 1 ? top : inside(keywords, outer.where, headOf(outer));
    open.push({ tag, name: undefined, place, where, entries: outer ? [] : entries, text: '' });
  });
  parser.on('opentag', ({ attributes }) => {
    const element = open.at(-1);
    for (const [attribute, value] of Object.entries(attributes)) {
      if (!element) continue;
      if (attribute !== 'name' || open.length === 1)
        bad(`the attribute ${attribute} means nothing here`, element.place, 'a keyword’s value is an element');
      else element.name = value;
    }
    if (open.length === 1 && element?.tag !== 'project')
      bad(`a project is in <project>, not in <${element?.tag ?? ''}>`, places(0));
  });
  const addText = (text: string): void => {
    const element = open.at(-1);
    if (element) element.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const element = open.pop();
    if (!element) return;
    const { place, text } = element;
    const mixed = holds(text) && (element.entries.length > 0 || open.length === 0);
    if (mixed)
      bad(`<${element.tag}> holds text and elements`, place, 'a statement of words alone is <item>words</item>');
    const entry = open.length === 0 || mixed ? undefined : entryOf(element);
    if (entry) open.at(-1)?.entries.push(entry);
  });

  const entryOf = (element: Element): Entry | undefined => {
    const { tag, name, place, where } = element;
    const text = withoutOuterLines(element.text);
    if (tag === 'set') {
      if (name === undefined || !variable.test(`$${name}`) || element.entries.length > 0)
        bad('a variable is <set name="x">value</set>', place);
      return { kind: 'line', text: `$${name ?? ''}=${text}`, place };
    }
    if (tag === 'include') {
      if (name !== undefined || element.entries.length > 0) bad('<include> takes one path', place);
      return { kind: 'include', path: text, place };
    }
    const head = headOf(element);
    if (element.entries.length > 0) return { kind: 'group', head, entries: element.entries, place };
    const kind = declared(keywords, where, head)?.kind;
    const isBlock = name !== undefined || kind === 'text' || kind === 'list' || kind === 'block';
    if (!holds(text) && !fence.test(head))
      return isBlock ? { kind: 'group', head, entries: [], place } : { kind: 'line', text: head, place };
    const isText = name !== undefined || kind === 'text' || text.includes('\n');
    if (isText && (tag !== 'item' || name !== undefined)) return { kind: 'text', head, text, place };
    return { kind: 'line', text: head === '' ? text : `${head} ${text}`, place };
  };

  parser.write(source).close();
  return entries;
}

function headOf({ tag, name }: Element): string {
  return [...(tag === 'item' ? [] : [tag]), ...(name === undefined || name === '' ? [] : [name])].join(' ');
}

/** Whether a text is more than layout. */
function holds(text: string): boolean {
  return /[^ \t\r\n]/.test(text);
}

/** A text without the blank lines before and after it. */
function withoutOuterLines(text: string): string {
  const from = /^(?:[ \t\r]*\n)*/.exec(text)?.[0].length ?? 0;
  let to = text.length;
  while (to > from && /[ \t\r\n]/.test(text.charAt(to - 1))) to -= 1;
  const end = text.indexOf('\n', to);
  return text.slice(from, end < 0 ? undefined : end);
}
