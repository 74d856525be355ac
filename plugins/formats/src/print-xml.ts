import { failure, type Block, type Item } from '@mln/core';
import { freeWord } from './pieces.js';
import { declared, inside, isBlock, top, type Where } from './where.js';
import { textOf, writeHead, writeStatement, writeAssignment, type Printing } from './written.js';

/** Elements that are no keywords. */
const reserved = new Set(['set', 'item', 'include']);

/** Prints items as XML: 1.0, or 1.1 where they hold control characters. */
export function printXml(items: readonly Item[], printing: Printing): string {
  const elements = items.map((item) => element(item, '  ', top, printing)).join('');
  const version = /&#(?:[1-8]|1[124-9]|2\d|3[01]);/.test(elements) ? '1.1' : '1.0';
  return `<?xml version="${version}" encoding="UTF-8"?>\n<project>\n${elements}</project>\n`;
}

function element(item: Item, indent: string, where: Where, printing: Printing): string {
  switch (item.kind) {
    case 'include':
      return `${indent}<include>${escape(item.path)}</include>\n`;
    case 'assignment': {
      const { whole, rest } = writeAssignment(item, printing);
      if (whole.includes('\n')) return `${indent}<item>${escape(whole)}</item>\n`;
      return `${indent}<set name="${item.name}">${escape(rest)}</set>\n`;
    }
    case 'statement': {
      const { whole, first, rest } = writeStatement(item, printing);
      const { keywords } = printing;
      const isText = declared(keywords, where, first)?.kind === 'text';
      if (isText || (rest === '' && isBlock(keywords, where, first)) || !isName(first) || whole.includes('\n'))
        return `${indent}<item>${escape(whole)}</item>\n`;
      return `${indent}<${first}${rest === '' ? '/>' : `>${escape(rest)}</${first}>`}\n`;
    }
    case 'block':
      return blockElement(item, indent, where, printing);
  }
}

function blockElement(block: Block, indent: string, where: Where, printing: Printing): string {
  const { keywords } = printing;
  const head = writeHead(block);
  const text = textOf(block, where, printing);
  const isFenced = block.fenced && text !== undefined && declared(keywords, where, head)?.kind !== 'text';
  const tag = isName(block.keyword) ? block.keyword : 'item';
  const words = tag === 'item' ? head : head.slice(tag.length + 1);
  const name = [words, isFenced ? `<<${freeWord(text)}` : ''].filter((each) => each !== '').join(' ');
  const within = inside(keywords, where, head);
  const nested = block.items.map((item) => element(item, `${indent}  `, within, printing)).join('');
  const content = text === undefined ? nested && `\n${nested}${indent}` : textContent(text);
  // What makes it a block is an element in it, or its keyword; else it is the attribute.
  const isPlain =
    tag !== 'item' && name === '' && ((text === undefined && nested !== '') || isBlock(keywords, where, head));
  const attribute = isPlain ? '' : ` name="${escapeName(name)}"`;
  return `${indent}<${tag}${attribute}${content === '' ? '/>' : `>${content}</${tag}>`}\n`;
}

/** A text as it is where that can be, with its lines between the lines of its tags. */
function textContent(text: string): string {
  const all = text.includes('\n') ? `\n${text}\n` : text;
  const escaped = escape(all);
  const asItIs = /[<&]/.test(all) && !all.includes(']]>') && !escaped.includes('&#');
  return asItIs ? `<![CDATA[${all}]]>` : escaped;
}

function isName(keyword: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(keyword) && !reserved.has(keyword);
}

/** Characters that XML takes for others, or (control characters) knows only by their numbers. */
function escape(text: string): string {
  const impossible = /[\0\ufffe\uffff]|\p{Cs}/u.exec(text);
  if (impossible) throw failure('MLN_UNSUPPORTED', 'the project holds a character that XML cannot hold');
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[^\P{Cc}\t\n]|\u2028/gu, (character) => `&#${character.charCodeAt(0)};`);
}

function escapeName(text: string): string {
  return escape(text)
    .replace(/"/g, '&quot;')
    .replace(/[\t\n]/g, (character) => `&#${character.charCodeAt(0)};`);
}
