import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Limits } from './limits.js';

/** Who is connected, by address. */
export interface Peers {
  /** Tells whether one more connection is taken, and counts it until it is closed. */
  admit(socket: Socket): boolean;
  /** Tells whether one more request is taken; what it gives is called when that is over. */
  begin(address: string): (() => void) | null;
}

interface Counts {
  connections: number;
  requests: number;
}

export function createPeers(limits: Limits, allows: (address: string) => boolean): Peers {
  const counts = new Map<string, Counts>();
  const change = (address: string, what: keyof Counts, by: number): void => {
    const found = counts.get(address) ?? { connections: 0, requests: 0 };
    found[what] += by;
    if (found.connections === 0 && found.requests === 0) counts.delete(address);
    else counts.set(address, found);
  };
  return {
    admit(socket) {
      const address = socket.remoteAddress;
      // It is gone already.
      if (address === undefined) return false;
      if (!allows(address) || (counts.get(address)?.connections ?? 0) >= limits.connectionsOfOne) return false;
      change(address, 'connections', 1);
      socket.once('close', () => {
        change(address, 'connections', -1);
      });
      return true;
    },
    begin(address) {
      if ((counts.get(address)?.requests ?? 0) >= limits.requestsOfOne) return null;
      change(address, 'requests', 1);
      return () => {
        change(address, 'requests', -1);
      };
    },
  };
}

/** Has a server take only connections that are admitted: nothing is read of others, not even what begins TLS. */
export function guardConnections(server: Server, admit: (socket: Socket) => boolean): void {
  const taking = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (admit(socket)) for (const each of taking) each.call(server, socket);
    else socket.destroy();
  });
}
