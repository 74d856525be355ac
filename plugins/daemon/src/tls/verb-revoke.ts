import {
  Exit,
  failure,
  isMlnError,
  isName,
  messageOf,
  table,
  type CommandOptions,
  type ExitCode,
  type Terminal,
} from '@mln/core';
import { LOCAL } from '../client/client.js';
import { fleetClient } from '../client/shared.js';
import { placesOf } from '../options.js';
import { principalText } from '../protocol.js';
import { listIssued, type Issued } from './authority.js';
import type { Kind } from './names.js';
import { revoke } from './revocations.js';
import { forgetTokens } from './tokens.js';
import type { Bound } from './verb-issue.js';

/** `mln ca revoke`: signs a new list, and sends it to all servers that are configured. */
export async function revokeName(
  { mln, options }: Bound,
  terminal: Terminal,
  [text = '']: readonly string[],
  given: CommandOptions,
): Promise<ExitCode> {
  const places = placesOf(options, mln.folders);
  const { kind, name } = readName(text);
  const all = (await listIssued(places)).filter(
    ({ principal }) => principal.name === name && (kind === null || principal.kind === kind),
  );
  refuseTwoKinds(all, name);
  const counting = all.filter(({ revoked, until }) => !revoked && until.getTime() > Date.now());
  if (all.length === 0 && (await forgetTokens(places, name, kind)) === 0)
    throw failure('MLN_USAGE', `no certificate was ever issued to ${text}`, { hint: 'mln ca list shows all' });
  if (counting.length > 0 && given['yes'] !== true)
    await terminal.confirm(
      `Revoke ${counting.length === 1 ? 'the certificate' : `${counting.length} certificates`} of ${text}?`,
    );
  await forgetTokens(places, name, kind);
  const list = await revoke(
    places,
    all.filter(({ revoked }) => !revoked).map(({ serial }) => serial),
  );
  const failures = await send({ mln, options }, list);
  if (given['json'] === true)
    terminal.json({
      apiVersion: 'mln/v1',
      kind: 'Revocation',
      name,
      serials: counting.map(({ serial }) => serial),
      failures,
    });
  else
    terminal.note(
      counting.length === 0
        ? `nothing of ${text} counted any more`
        : `${text} is revoked (${counting.map(({ serial }) => serial).join(', ')})`,
    );
  for (const { server, message } of failures) terminal.note(`${server} could not be told: ${message}`);
  if (failures.length > 0)
    terminal.note('they ask the other servers at their start, and now and then; the command may be given again');
  return failures.length > 0 ? Exit.partly : Exit.done;
}

/** All servers at once; gives those that could not be told. This machine has the list: its daemon, if one runs, reads it anew. */
async function send(
  { mln, options }: Bound,
  crl: string,
): Promise<readonly { readonly server: string; readonly message: string }[]> {
  const client = fleetClient(mln, options);
  const own = mln.configuration.serviceHost;
  const others = client.servers.filter((server) => server !== own);
  const told = await Promise.all(
    [LOCAL, ...others].map(async (server) => {
      try {
        await client.request(server, 'PUT', '/v1/crl', { body: { crl } });
        return null;
      } catch (error) {
        const absent = server === LOCAL && isMlnError(error) && error.code === 'MLN_NO_SERVER';
        return absent
          ? null
          : { server: server === LOCAL ? (own ?? 'the daemon here') : server, message: messageOf(error) };
      }
    }),
  );
  return told.flatMap((each) => each ?? []);
}

function readName(text: string): { readonly kind: Kind | null; readonly name: string } {
  const [, kind = null, name = ''] = /^(?:(user|server):)?(.*)$/.exec(text) ?? [];
  if (!isName(name))
    throw failure('MLN_USAGE', `${JSON.stringify(text)} is no name`, { hint: 'NAME, user:NAME or server:NAME' });
  return { kind: kind as Kind | null, name };
}

function refuseTwoKinds(all: readonly Issued[], name: string): void {
  if (new Set(all.map(({ principal }) => principal.kind)).size > 1)
    throw failure('MLN_USAGE', `${name} is both a user and a server`, { hint: `write user:${name} or server:${name}` });
}

/** `mln ca list`. */
export async function list({ mln, options }: Bound, terminal: Terminal, given: CommandOptions): Promise<ExitCode> {
  const all = await listIssued(placesOf(options, mln.folders));
  const items = all.map(({ principal, serial, from, until, revoked }) => ({
    name: principal.name,
    kind: principal.kind,
    serial,
    from: from.toISOString(),
    until: until.toISOString(),
    state: revoked ? 'revoked' : until.getTime() <= Date.now() ? 'expired' : 'good',
    revoked,
  }));
  if (given['json'] === true) terminal.json({ apiVersion: 'mln/v1', kind: 'CertificateList', items });
  else if (all.length > 0)
    terminal.print(
      table([
        ['Name', 'Until', 'State', 'Serial'],
        ...items.map(({ until, state, serial }, index) => [
          all[index] ? principalText(all[index].principal) : '',
          until.slice(0, 16).replace('T', ' '),
          state,
          serial,
        ]),
      ]),
    );
  else terminal.note('no certificate was issued yet');
  return Exit.done;
}
