/**
 * Reads XML as strictly as XML is: every element is closed by its own end, attributes are quoted, & and < stand for
 * nothing but themselves. Gives the texts of all elements of one name, entities read.
 */
export function textsOf(xml: string, element: string): readonly string[] {
  const open: string[] = [];
  const texts: string[] = [];
  const body = xml.replace(/^<\?xml [^?]*\?>\s*<!DOCTYPE [^>]*>/, '');
  const token = /<!--(?:(?!--)[^])*-->|<\/([\w:]+)\s*>|<([\w:]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
  let at = 0;
  for (const match of body.matchAll(token)) {
    if (match.index !== at) break;
    at += match[0].length;
    const [, end, start, attributes = '', empty, text] = match;
    if (end !== undefined && open.pop() !== end) throw new Error(`</${end}> closes nothing`);
    if (start !== undefined && empty === '') open.push(start);
    for (const [, value = ''] of attributes.matchAll(/"([^"]*)"/g)) read(value);
    if (text === undefined) continue;
    const meant = read(text);
    if (open.at(-1) === element) texts.push(meant);
    else if (open.length === 0 && meant.trim() !== '') throw new Error(`text outside of all elements: ${meant}`);
  }
  if (at !== body.length) throw new Error(`this is no XML: ${body.slice(at, at + 80)}`);
  if (open.length > 0) throw new Error(`<${open.join('><')}> is not closed`);
  return texts;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function read(text: string): string {
  if (/[\0-\x08\x0b\x0c\x0e-\x1f]/.test(text)) throw new Error(`a control character in ${JSON.stringify(text)}`);
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));|&/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    const code = decimal === undefined ? (hex === undefined ? null : Number.parseInt(hex, 16)) : Number(decimal);
    const meant = code === null ? entities[name ?? ''] : String.fromCodePoint(code);
    if (meant === undefined) throw new Error(`${whole} is no entity in ${text}`);
    return meant;
  });
}
