import { isIPv6 } from 'node:net';
import { PORT } from '../options.js';

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Reads HOST, HOST:PORT, ADDRESS, [ADDRESS] or [ADDRESS]:PORT; null where the text is none of them. */
export function readAddress(text: string): Address | null {
  if (isIPv6(text)) return { host: text, port: PORT };
  const inBrackets = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text);
  const found = inBrackets ?? /^([^\s:[\]/]+)(?::(\d{1,5}))?$/.exec(text);
  if (!found || (inBrackets && !isIPv6(inBrackets[1] ?? ''))) return null;
  const port = found[2] === undefined ? PORT : Number(found[2]);
  return port > 0 && port < 65536 ? { host: found[1] ?? '', port } : null;
}

/** Writes an address as {@link readAddress} reads it. */
export function addressText({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
