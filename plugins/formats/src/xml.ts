import { failure, type MlnError } from '@mln/core';
import type { Reading } from './entries.js';
import { xmlLibrary } from './libraries.js';
import { maxNesting } from './limits.js';

/** An element of XML as it was written, with the offset that it begins at. */
export interface Element {
  readonly tag: string;
  /** The only attribute that it may have. */
  readonly name: string | undefined;
  readonly at: number;
  readonly elements: Element[];
  text: string;
}

/** Reads XML as its outermost element. Throws an MlnError at the first place where it is none, or more than elements. */
export function parseXml(source: string, file: string, { problems, places }: Reading): Element {
  const { SaxesParser } = xmlLibrary();
  const parser = new SaxesParser({ xmlns: false, position: true });
  const open: Element[] = [];
  let root: Element | undefined;

  const refusal = (message: string, at: number): MlnError => failure('MLN_BAD_FILE', message, { place: places(at) });
  const begin = (mark: string): number => source.lastIndexOf(mark, parser.position - 1);

  parser.on('error', ({ message }) => {
    throw refusal(`${file} is not XML: ${message.replace(/^\d+:\d+: |\.$/g, '')}`, parser.position);
  });
  parser.on('doctype', () => {
    throw refusal('a DOCTYPE is not read in a project', begin('<!DOCTYPE'));
  });
  parser.on('processinginstruction', () => {
    throw refusal('a processing instruction is not read in a project', begin('<?'));
  });
  parser.on('opentag', ({ name: tag, attributes: { name, ...others } }) => {
    const at = begin('<');
    for (const other of Object.keys(others))
      problems.error('MLN_BAD_FILE', `the attribute ${other} means nothing here`, {
        place: places(at),
        hint: 'a keyword’s value is an element',
      });
    if (open.length > maxNesting) throw failure('MLN_TOO_DEEP', `${file} is nested too deep`, { place: places(at) });
    const element = { tag, name, at, elements: [], text: '' };
    root ??= element;
    open.at(-1)?.elements.push(element);
    open.push(element);
  });
  parser.on('closetag', () => {
    open.pop();
  });
  const addText = (text: string): void => {
    const element = open.at(-1);
    if (element) element.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);

  parser.write(source).close();
  if (root?.tag !== 'project' || root.name !== undefined) throw refusal('a project stands in <project>', root?.at ?? 0);
  return root;
}
