import { StringDecoder } from 'node:string_decoder';

/** Characters that one event may have. */
const MOST = 16 * 1024 * 1024;

/** An event as it was sent. */
export interface StreamEvent {
  /** Null where none was ever sent. */
  readonly id: string | null;
  readonly data: string;
}

/**
 * Reads a stream of server-sent events as it comes in, cut anywhere (HTML, section 9.2.6: event stream interpretation).
 * Gives the events that each piece completes; comments, and fields other than id and data, are read over. Throws a
 * RangeError where one event never ends.
 */
export function createEventParser(): (bytes: Buffer) => readonly StreamEvent[] {
  const decoder = new StringDecoder('utf8');
  let begun = false;
  let afterReturn = false;
  let line = '';
  let size = 0;
  let id: string | null = null;
  let data: string[] = [];

  const takeLine = (text: string): StreamEvent | null => {
    if (text === '') {
      const event = data.length === 0 ? null : { id, data: data.join('\n') };
      data = [];
      size = 0;
      return event;
    }
    const [field = '', value = ''] = /^([^:]*)(?:: ?)?([^]*)$/.exec(text)?.slice(1) ?? [];
    if (field === 'id' && !value.includes('\0')) id = value;
    if (field === 'data') data.push(value);
    return null;
  };

  return (bytes) => {
    let text = decoder.write(bytes);
    if (!begun && text !== '') {
      begun = true;
      if (text.startsWith('\uFEFF')) text = text.slice(1);
    }
    // A line that ended with CR may go on with its LF in the next piece.
    if (afterReturn && text.startsWith('\n')) text = text.slice(1);
    if (text !== '') afterReturn = text.endsWith('\r');
    size += text.length;
    const [first = '', ...others] = text.split(/\r\n|\n|\r/);
    line += first;
    const events: StreamEvent[] = [];
    for (const next of others) {
      const event = takeLine(line);
      if (event) events.push(event);
      line = next;
    }
    if (size > MOST) throw new RangeError('an event is too long');
    return events;
  };
}
