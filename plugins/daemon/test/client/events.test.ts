import type { ServerResponse } from 'node:http';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type FleetClient } from '../../src/client/client.js';
import { errorOf } from './error-of.js';
import { fakeFleet, json, type Answer, type FakeFleet, type FakeServer } from './fake-fleet.js';

let fleet: FakeFleet;
beforeAll(async () => {
  fleet = await fakeFleet();
});

interface Stream {
  readonly server: FakeServer;
  readonly client: FleetClient;
  /** The numbers that the requests for the stream went on behind. */
  readonly after: (string | undefined)[];
}

/** A server whose stream is answered each time by the next of these; the last one answers all that follow. */
async function streaming(
  answers: readonly ((response: ServerResponse) => void)[],
  { lives = true, timeout = 10 } = {},
): Promise<Stream> {
  const after: (string | undefined)[] = [];
  const answer: Answer = ({ path, headers }, response) => {
    if (path === '/v1/server') {
      if (lives) json(response, {});
      return;
    }
    after.push(headers['last-event-id'] as string | undefined);
    (answers[after.length - 1] ?? answers.at(-1))?.(response);
  };
  const server = await fleet.server('backend3', answer);
  return {
    server,
    client: createClient(await fleet.mln(), fleet.options({ backend3: server.address }, { timeout })),
    after,
  };
}

function event(id: number): string {
  return `id: ${id}\ndata: "${id}"\n\n`;
}

/** Sends pieces, then ends the stream as it should be, breaks the connection, or leaves it. */
function sends(pieces: readonly string[], then: 'end' | 'break' | 'silence'): (response: ServerResponse) => void {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    for (const piece of pieces) response.write(piece);
    if (then === 'end') response.end();
    else if (then === 'break') response.write(': cut', () => response.socket?.destroy());
  };
}

async function read({ client }: Stream, after = -1, signal?: AbortSignal): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  const options = { after, ...(signal === undefined ? {} : { signal }) };
  for await (const { id, data } of client.events('backend3', '/v1/log', options)) seen.push([id, data]);
  return seen;
}

describe('a stream of events', () => {
  test('is read to its end', async () => {
    const stream = await streaming([sends([event(0), ': beat\n\n', event(1).slice(0, 5), event(1).slice(5)], 'end')]);
    expect(await read(stream)).toEqual([
      [0, '0'],
      [1, '1'],
    ]);
    expect(stream.after).toEqual([undefined]);
    stream.client.close();
  });

  test('goes on behind what was seen', async () => {
    const stream = await streaming([sends([event(7)], 'end')]);
    expect(await read(stream, 6)).toEqual([[7, '7']]);
    expect(stream.after).toEqual(['6']);
    stream.client.close();
  });

  test('is taken up again where it broke, in the middle of an event; what comes twice is seen once', async () => {
    const stream = await streaming([
      sends([event(0), event(1), 'id: 2\ndata: "'], 'break'),
      sends([event(1), event(2)], 'break'),
      sends([event(3)], 'end'),
    ]);
    expect(await read(stream)).toEqual([0, 1, 2, 3].map((id) => [id, String(id)]));
    expect(stream.after).toEqual([undefined, '1', '2']);
    stream.client.close();
  });

  test('is taken up again when the server is there again', async () => {
    let opened: () => void = () => undefined;
    const open = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const stream = await streaming([
      (response) => {
        sends([event(0)], 'silence')(response);
        opened();
      },
      sends([event(1)], 'end'),
    ]);
    const reading = read(stream);
    await open;
    await stream.server.cut();
    await stream.server.listen();
    expect(await reading).toContainEqual([1, '1']);
    stream.client.close();
  });

  test('that is silent, of a server that lives, is asked for anew', async () => {
    const stream = await streaming([sends([event(0)], 'silence'), sends([event(1)], 'end')], { timeout: 0.3 });
    expect(await read(stream)).toEqual([
      [0, '0'],
      [1, '1'],
    ]);
    expect(stream.server.asked.slice(0, 2)).toEqual(['GET /v1/log', 'GET /v1/server']);
    stream.client.close();
  });

  test('that only beats is alive', async () => {
    let beats = 0;
    const stream = await streaming(
      [
        (response) => {
          response.writeHead(200);
          const beat = setInterval(() => {
            response.write(': beat\n\n');
            // Longer, in all, than a stream may be silent.
            if ((beats += 1) < 40) return;
            clearInterval(beat);
            response.end(event(0));
          }, 50);
        },
      ],
      { timeout: 0.3 },
    );
    expect(await read(stream)).toEqual([[0, '0']]);
    expect(stream.server.asked).toEqual(['GET /v1/log']);
    stream.client.close();
  });

  test('that is silent, of a server that does not answer either, ends', async () => {
    const stream = await streaming([sends([event(0)], 'silence'), () => undefined], { lives: false, timeout: 0.3 });
    const error = await errorOf(read(stream));
    expect(error).toMatchObject({
      code: 'MLN_NO_SERVER',
      message: `backend3 (${stream.server.address}) does not answer within 0.3 s`,
    });
    stream.client.close();
  });

  test('of a server that is gone for good ends', async () => {
    const stream = await streaming(
      [
        (response) => {
          sends([event(0)], 'break')(response);
          void stream.server.cut();
        },
      ],
      { timeout: 0.3 },
    );
    const error = await errorOf(read(stream));
    expect(error.code).toBe('MLN_NO_SERVER');
    expect(error.message).toBe(`backend3 (${stream.server.address}) refuses connections`);
    stream.client.close();
  });

  test('that is refused is refused at once', async () => {
    const problem = { severity: 'error', code: 'MLN_NO_OPERATION', message: 'there is none' };
    const stream = await streaming([
      (response) => {
        json(response, { problems: [problem], exit: 1 }, 404);
      },
    ]);
    expect(await errorOf(read(stream))).toMatchObject({
      code: 'MLN_NO_OPERATION',
      message: 'backend3: there is none',
    });
    expect(stream.after).toEqual([undefined]);
    stream.client.close();
  });

  test.each(['data: "0"\n\n', 'id: x\ndata: 1\n\n', 'id: 1\ndata: {\n\n'])('%j is rubbish', async (text) => {
    const stream = await streaming([sends([text], 'end')]);
    expect(await errorOf(read(stream))).toMatchObject({ code: 'MLN_NO_SERVER' });
    stream.client.close();
  });

  test('ends with the signal, also while nobody is there', async () => {
    const stop = new AbortController();
    const stream = await streaming([sends([event(0)], 'silence')]);
    for await (const { id } of stream.client.events('backend3', '/v1/log', { after: -1, signal: stop.signal })) {
      expect(id).toBe(0);
      stop.abort();
    }
    const gone = new AbortController();
    await stream.server.cut();
    const reading = read(stream, -1, gone.signal);
    gone.abort();
    expect(await reading).toEqual([]);
    stream.client.close();
  });

  test('that nobody reads any more is closed', async () => {
    let closed: () => void = () => undefined;
    const ends = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const stream = await streaming([
      (response) => {
        response.on('close', closed);
        sends([event(0)], 'silence')(response);
      },
    ]);
    for await (const { id } of stream.client.events('backend3', '/v1/log', { after: -1 })) {
      expect(id).toBe(0);
      break;
    }
    await ends;
    stream.client.close();
  });
});
