import { EnvHttpProxyAgent, request, type Dispatcher } from 'undici';
import { failure, isMlnError, messageOf } from './errors.js';

/** Milliseconds without a byte after which a server is given up. */
const PATIENCE = 30_000;
const MAX_REDIRECTS = 10;

/** What a server answered. */
export interface Answer {
  readonly status: number;
  /** The value of a header, or null. */
  header(name: string): string | null;
  /** Each throws an error of undici or Node where the connection breaks. */
  readonly body: AsyncIterable<Buffer>;
  text(limit: number): Promise<string>;
  /** Lets the rest of the body go. */
  close(): Promise<void>;
}

/** Asks a server for a file. Throws MLN_DOWNLOAD_FAILED where none answers. */
export type Get = (url: string, headers?: Readonly<Record<string, string>>) => Promise<Answer>;

/** Fetches by HTTPS alone, redirects included, through the proxy that the environment names (HTTPS_PROXY, NO_PROXY). */
export async function withFetch<T>(use: (get: Get) => Promise<T>, patience = PATIENCE): Promise<T> {
  const agent = new EnvHttpProxyAgent({
    connect: { timeout: patience },
    headersTimeout: patience,
    bodyTimeout: patience,
  });
  try {
    return await use((url, headers = {}) => get(agent, url, headers));
  } finally {
    await agent.destroy();
  }
}

async function get(agent: Dispatcher, first: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  let url = httpsOnly(first, first);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const answer = await ask(agent, url, headers, first);
    const to = answer.status >= 300 && answer.status < 400 ? answer.header('location') : null;
    if (to === null) return answer;
    await answer.close();
    url = httpsOnly(to, first, url);
  }
  throw failure('MLN_DOWNLOAD_FAILED', `${plainUrl(first)} is redirected more than ${MAX_REDIRECTS} times`);
}

async function ask(
  dispatcher: Dispatcher,
  url: URL,
  headers: Readonly<Record<string, string>>,
  first: string,
): Promise<Answer> {
  try {
    const secret = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    const {
      statusCode,
      headers: answered,
      body,
    } = await request(new URL(url.pathname + url.search, url.origin), {
      dispatcher,
      headers: {
        // What is downloaded is to be the file itself: digests and ranges count in its bytes.
        'accept-encoding': 'identity',
        'user-agent': 'mln',
        ...(secret === ':' ? {} : { authorization: `Basic ${Buffer.from(secret).toString('base64')}` }),
        ...headers,
      },
    });
    return {
      status: statusCode,
      header: (name) => [answered[name] ?? null].flat()[0] ?? null,
      body: body as AsyncIterable<Buffer>,
      text: (limit) => textOf(body as AsyncIterable<Buffer>, limit, first),
      close: () => body.dump(),
    };
  } catch (error) {
    throw downloadFailed(first, error);
  }
}

async function textOf(body: AsyncIterable<Buffer>, limit: number, url: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      length += chunk.length;
      if (length > limit) throw failure('MLN_DOWNLOAD_FAILED', `${plainUrl(url)} is more than ${limit} bytes long`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw downloadFailed(url, error);
  }
  return Buffer.concat(chunks).toString('latin1');
}

function httpsOnly(text: string, first: string, base?: URL): URL {
  const url = parseUrl(text, base);
  if (url?.protocol === 'https:') return url;
  throw failure(
    'MLN_DOWNLOAD_FAILED',
    base
      ? `${plainUrl(first)} is redirected to ${url ? plainUrl(url.href) : JSON.stringify(text)}, which is not https`
      : `${plainUrl(first)} is not an https address`,
    { hint: 'only https is downloaded; get the file by other means and add it: mln template add FILE --sha256 DIGEST' },
  );
}

/** A URL without what may be secret in it: names, passwords, signatures. */
export function plainUrl(text: string): string {
  const url = parseUrl(text);
  return url ? `${url.protocol}//${url.host}${url.pathname}` : text;
}

/** The last part of a URL's path, as the name of a file. */
export function fileNameOf(text: string): string {
  const last = parseUrl(text)?.pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

function parseUrl(text: string, base?: URL): URL | null {
  return URL.canParse(text, base?.href) ? new URL(text, base) : null;
}

const reasons: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'the server cannot be reached',
  UND_ERR_HEADERS_TIMEOUT: `the server did not answer for ${PATIENCE / 1000} s`,
  UND_ERR_BODY_TIMEOUT: `nothing came for ${PATIENCE / 1000} s`,
  UND_ERR_SOCKET: 'the server broke the connection',
  ECONNRESET: 'the server broke the connection',
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such machine',
};

/** An error for a download that broke off, in words for users. */
export function downloadFailed(url: string, error: unknown, hint?: string): Error {
  if (isMlnError(error)) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  const why = Object.hasOwn(reasons, code) ? reasons[code] : messageOf(error) || code;
  const untrusted = /CERT|SIGNATURE|ISSUER|SELF_SIGNED/.test(code);
  return failure('MLN_DOWNLOAD_FAILED', `${plainUrl(url)} cannot be downloaded: ${why ?? code}`, {
    cause: error,
    hint: untrusted ? 'NODE_EXTRA_CA_CERTS names a file with certificates that are trusted as well' : hint,
  });
}
