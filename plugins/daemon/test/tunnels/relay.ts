import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A link to a machine, as TCP sees it: connections to its own port come to another. */
export interface Relay {
  readonly port: number;
  /** Has them come to this port. */
  to(port: number): void;
  /** Ends all connections, and refuses others. */
  cut(): void;
  /** As a cable that is pulled: nothing gets through, and nobody is told. */
  freeze(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function createRelay(): Promise<Relay> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let state: 'through' | 'cut' | 'frozen' = 'through';
  let port = 0;
  const server = createServer((near) => {
    near.on('error', () => undefined);
    if (state === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const [one, other] of [pair, [far, near] as const]) {
      one.setNoDelay(true).on('error', () => undefined);
      one.on('close', () => {
        other.destroy();
        pairs.delete(pair);
      });
    }
    if (state === 'frozen') return;
    near.pipe(far);
    far.pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const end = (): void => {
    for (const pair of pairs) for (const each of pair) each.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    to(other) {
      port = other;
    },
    cut() {
      state = 'cut';
      end();
    },
    freeze() {
      state = 'frozen';
      for (const [near, far] of pairs) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
    },
    mend() {
      state = 'through';
    },
    async close() {
      end();
      server.close();
      await once(server, 'close');
    },
  };
}
