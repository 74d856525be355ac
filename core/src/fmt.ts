import { failure, MlnError, type Problem } from './errors.js';
import { readGap } from './fmt-gap.js';
import { sameMeaning } from './fmt-meaning.js';
import { toItems } from './grammar-items.js';
import type { Node } from './grammar-nodes.js';
import { readNodes, type Reading } from './grammar.js';
import { heredocWord } from './heredoc.js';
import type { Keyword, KeywordTable } from './keywords.js';
import { printAssignment } from './tree.js';
import { blockKind } from './unknown.js';
import { dedent } from './word.js';

/*
 * The usual layout of a project file: two blanks a level, one statement a line, one blank line at most. Comments stay
 * where they are. Texts in other languages are moved as a whole; their own layout stays. It works on the nodes of the
 * grammar, whose gaps hold nothing but separators and comments.
 */

const STEP = '  ';
/** How wide a block on one line may be. */
const WIDTH = 100;

type BlockNode = Extract<Node, { type: 'block' }>;

/** Lays a project file out in the usual way. Throws an MlnError where the file is not right. */
export function format(text: string, file: string, keywords: KeywordTable): string {
  const reading = readNodes(text, file);
  const problems: Problem[] = [];
  toItems(reading.nodes, { ...reading, problems });
  if (problems.length > 0) throw new MlnError(problems);
  const heredoc = reading.nodes.find((node) => node.type === 'statement' && holdsHeredoc([node]));
  if (heredoc)
    throw failure('MLN_BAD_FILE', 'a heredoc outside of a text cannot be laid out', {
      place: reading.places(heredoc.at),
    });
  const layout = new Layout(reading, keywords);
  const lines = layout.level(reading.nodes, [0, reading.source.length], 'project', '');
  // What begins with U+FEFF would lose it as a byte order mark.
  const laidOut = lines.join('\n').replace(/^\ufeff/, ' \ufeff');
  // A backslash at the very end would take the newline behind it.
  const formatted = lines.length === 0 || /(?<!\\)(?:\\\\)*\\$/.test(laidOut) ? laidOut : `${laidOut}\n`;
  if (!sameMeaning(text, formatted, file, keywords))
    throw failure('MLN_BAD_FILE', `${file} cannot be laid out: its meaning would change`, {
      hint: 'it is left as it is; this is a fault of mln',
    });
  return formatted;
}

class Layout {
  constructor(
    private readonly reading: Reading,
    private readonly keywords: KeywordTable,
  ) {}

  /** The lines of what stands between two offsets; kind names the block in the keyword table. */
  level(nodes: readonly Node[], [from, to]: readonly [number, number], kind: string | null, indent: string): string[] {
    const lines: string[] = [];
    let at = from;
    let before: Node | null = null;
    for (const node of nodes) {
      this.#gap(lines, [at, node.at], indent, before !== null);
      const own = this.#item(node, kind, indent);
      if (indent === '' && before && apart(before, own, lines)) lines.splice(commentsFrom(lines), 0, '');
      for (const line of own) lines.push(line);
      at = this.#endOf(node);
      before = node;
    }
    this.#gap(lines, [at, to], indent, before !== null);
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  #gap(lines: string[], [from, to]: readonly [number, number], indent: string, after: boolean): void {
    const { behind, own } = readGap(this.reading.source.slice(from, to));
    if (behind !== null && after) lines.push(`${lines.pop() ?? ''}  ${behind}`);
    else if (behind !== null) lines.push(indent + behind);
    for (const comment of own)
      if (comment !== null) lines.push(indent + comment);
      else if (lines.length > 0 && lines.at(-1) !== '') lines.push('');
  }

  #item(node: Node, kind: string | null, indent: string): string[] {
    switch (node.type) {
      case 'include':
        return [indent + this.reading.source.slice(node.at, node.end).replace(/[ \t]+/, ' ')];
      case 'fenced':
        return [`${indent}${node.words.join(' ')}`, ...linesOf(this.#raw(node)), fenceOf(node)];
      case 'block':
        return this.#block(node, kind, indent);
      case 'statement':
        return [indent + closed(this.#statement(node, indent))];
      default:
        return [];
    }
  }

  /** Lines that a backslash joins stay apart. */
  #statement(node: { at: number; words: readonly string[] }, indent: string): string {
    const { words } = node;
    let at = node.at;
    const joins = node.words.map((word) => {
      const start = this.reading.source.indexOf(word, at);
      const apart = this.reading.source.slice(at, start).includes('\n');
      at = start + word.length;
      return apart;
    });
    if (!joins.includes(true)) return statementText(words);
    return words.reduce((line, word, index) =>
      joins[index] === true ? `${line} \\\n${indent}${STEP}${STEP}${word}` : `${line} ${word}`,
    );
  }

  #block(node: BlockNode, kind: string | null, indent: string): string[] {
    const head = [...node.words, '{'].join(' ');
    const keyword = kind === null ? undefined : this.keywords.find(kind, node.words[0] ?? '');
    if (!isStructured(keyword)) return this.#text(node, head, indent);
    if (holdsHeredoc(node.items)) return this.#asWritten(node, head, indent);
    const inner = keyword?.kind === 'list' ? 'list' : blockKind(node.words[0] ?? '');
    const oneLine = this.#oneLine(node, head, inner);
    if (oneLine !== null && indent.length + oneLine.length <= WIDTH) return [indent + oneLine];
    const lines = this.level(node.items, [node.from, node.to], inner, indent + STEP);
    return lines.length === 0 ? [`${indent}${head} }`] : [indent + head, ...lines, `${indent}}`];
  }

  /** A block that stood on one line, without comments, stays on one. */
  #oneLine(node: BlockNode, head: string, kind: string | null): string | null {
    const raw = this.#raw(node);
    if (/[\n#]/.test(raw)) return null;
    const items = node.items.flatMap((item) => {
      if (item.type === 'statement') return `${statementText(item.words)};`;
      return item.type === 'block' ? this.#block(item, kind, '') : [];
    });
    return items.length === 0 ? `${head} }` : `${head} ${items.join(' ').replace(/;$/, '')} }`;
  }

  /** A text in another language keeps its layout, moved as a whole. */
  #text(node: BlockNode, head: string, indent: string): string[] {
    const raw = this.#raw(node);
    const text = dedent(raw);
    if (text === '') return [`${indent}${head} }`];
    if (!raw.includes('\n')) return [`${indent}${head} ${text} }`];
    const lines = text.split('\n').map((line) => (line === '' ? '' : indent + STEP + line));
    return [indent + head, ...lines, `${indent}}`];
  }

  /** Lines of a heredoc among statements stay where they are. */
  #asWritten(node: BlockNode, head: string, indent: string): string[] {
    const raw = this.#raw(node);
    return `${indent}${head}${/^\r?\n/.test(raw) ? '' : ' '}${raw}}`.split('\n');
  }

  #raw({ from, to }: { from: number; to: number }): string {
    return this.reading.source.slice(from, to);
  }

  /** Where a node ends: behind its brace, its fence, or its last word. */
  #endOf(node: Node): number {
    const { source } = this.reading;
    if (node.type === 'include') return node.end;
    if (node.type === 'block') return node.to + 1;
    if (node.type === 'fenced') {
      const end = source.indexOf('\n', node.to);
      return end < 0 ? source.length : end;
    }
    if (node.type !== 'statement') return node.at;
    return node.words.reduce((at, word) => source.indexOf(word, at) + word.length, node.at);
  }
}

/** One blank line stands between blocks at the top, unless both are on one line. */
function apart(before: Node, own: readonly string[], lines: readonly string[]): boolean {
  if (before.type !== 'block' || own.length === 0) return false;
  const comments = commentsFrom(lines);
  const previous = lines[comments - 1];
  const wide = own.length > 1 || previous?.startsWith('}') === true;
  return wide && previous !== '' && !lines.slice(comments).includes('');
}

/** Where the comments begin that stand right above what comes next. */
function commentsFrom(lines: readonly string[]): number {
  let at = lines.length;
  while (at > 0 && lines[at - 1]?.startsWith('#')) at -= 1;
  return at;
}

function statementText(words: readonly string[]): string {
  const [first = '', second, ...rest] = words;
  const [, name, value] = /^(\$[A-Za-z_]\w*)(?:=([^]*))?$/.exec(first) ?? [];
  if (name !== undefined && value !== undefined)
    return printAssignment(name, full([withoutFirstJoin(value), ...words.slice(1)]));
  if (name !== undefined && second?.startsWith('='))
    return printAssignment(name, full([withoutFirstJoin(second.slice(1)), ...rest]));
  return full(words).join(' ');
}

/** A carriage return that a backslash takes would be the end of a line before a newline. */
function closed(statement: string): string {
  return /(?<!\\)(?:\\\\)*\\\r$/.test(statement) ? `${statement} ` : statement;
}

/** A value may begin on the next line, at its sign. */
function withoutFirstJoin(value: string): string {
  return value.replace(/^(?:\\\r?\n)+/, '');
}

function linesOf(raw: string): readonly string[] {
  return raw === '' ? [] : raw.replace(/\r?\n$/, '').split(/\r?\n/);
}

function full(words: readonly string[]): readonly string[] {
  return words.filter((word) => word !== '');
}

/** The inside of a list or a declared block is read as statements; everything else is a text. */
function isStructured(keyword: Keyword | undefined): boolean {
  return keyword?.kind === 'block' || keyword?.kind === 'list';
}

/** The lines of a heredoc stand where only separators and comments are expected. */
function holdsHeredoc(nodes: readonly Node[]): boolean {
  return nodes.some((item) => item.type === 'statement' && item.words.some((word) => heredocWord.test(word)));
}

function fenceOf({ words }: { words: readonly string[] }): string {
  const match = heredocWord.exec(words[1] ?? '');
  return match?.[2] ?? match?.[3] ?? '';
}
