import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createEventParser, type StreamEvent } from '../../src/client/event-parser.js';

function parse(...pieces: readonly (string | Buffer)[]): readonly StreamEvent[] {
  const parser = createEventParser();
  return pieces.flatMap((piece) => parser(Buffer.from(piece)));
}

describe('a stream of events', () => {
  test.each<[string, string, readonly StreamEvent[]]>([
    ['an event', 'id: 3\ndata: {"a":1}\n\n', [{ id: '3', data: '{"a":1}' }]],
    [
      'CRLF',
      'id: 3\r\ndata: x\r\n\r\nid: 4\r\ndata: y\r\n\r\n',
      [
        { id: '3', data: 'x' },
        { id: '4', data: 'y' },
      ],
    ],
    ['CR alone', 'id: 3\rdata: x\r\r', [{ id: '3', data: 'x' }]],
    ['comments and blank lines', ': alive\n\n: alive\n\n\nid:3\ndata:x\n\n', [{ id: '3', data: 'x' }]],
    ['several lines of data', 'data: x\ndata\ndata:  y\n\n', [{ id: null, data: 'x\n\n y' }]],
    [
      'an id that goes on counting',
      'id: 3\ndata: x\n\ndata: y\n\n',
      [
        { id: '3', data: 'x' },
        { id: '3', data: 'y' },
      ],
    ],
    ['fields that nobody knows', 'event: log\nretry: 10\nwhat\ndata: x\n\n', [{ id: null, data: 'x' }]],
    ['a mark at its beginning', '\uFEFFdata: x\n\n', [{ id: null, data: 'x' }]],
    ['an event that is not whole', 'data: x\n\nid: 2\ndata: y\n', [{ id: null, data: 'x' }]],
  ])('%s', (_what, text, events) => {
    expect(parse(text)).toEqual(events);
  });

  test('it is the same wherever it is cut, in the middle of a letter too', () => {
    const ends = fc.constantFrom('\n', '\r\n', '\r');
    const lines = fc.constantFrom('id: 1', 'id: 22', 'data: é→𝄞', 'data:x', ': beat', '', '');
    const streams = fc.tuple(ends, fc.array(lines)).map(([end, all]) => Buffer.from([...all, '', ''].join(end)));
    fc.assert(
      fc.property(streams, fc.array(fc.nat(200)), (bytes, cuts) => {
        const at = [0, ...[...cuts].sort((one, other) => one - other), bytes.length];
        const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(parse(...pieces)).toEqual(parse(bytes));
      }),
    );
  });

  test('an event that never ends is refused', () => {
    const parser = createEventParser();
    const piece = Buffer.alloc(1024 * 1024, 'x');
    expect(() => {
      for (;;) parser(piece);
    }).toThrow(RangeError);
  });
});
