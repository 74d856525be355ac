import { hostname } from 'node:os';
import { join as joinPath, resolve } from 'node:path';
import {
  Exit,
  failure,
  isName,
  readIfThere,
  writeAtomically,
  type CommandOptions,
  type ExitCode,
  type Mln,
  type Terminal,
} from '@mln/core';
import { readAddress } from '../client/address.js';
import { placesOf, timeoutOf, type Options, type Places } from '../options.js';
import { principalText } from '../protocol.js';
import { authorityFolder, ensureAuthority, issuePair, readAuthority } from './authority.js';
import type { Wanted } from './certificates.js';
import { joinFleet, writeIdentity } from './join.js';
import type { Kind } from './names.js';
import { readList } from './revocations.js';
import { makeToken, readToken } from './tokens.js';

/** What a verb is made of. */
export interface Bound {
  readonly mln: Mln;
  readonly options: Options;
}

const DAYS = 365;
const MINUTES = 15;
/** A token is for now: who carries it further takes --out. */
const MOST_MINUTES = 7 * 24 * 60;

/** `mln ca init`: makes what is missing of the authority and of this machine's own certificate. */
export async function init({ mln, options }: Bound, terminal: Terminal, given: CommandOptions): Promise<ExitCode> {
  const places = placesOf(options, mln.folders);
  const fleet = typeof given['name'] === 'string' ? given['name'] : 'mln';
  if (!isName(fleet)) throw failure('MLN_USAGE', `${JSON.stringify(fleet)} cannot be the name of a fleet`);
  const { certificate, made } = await ensureAuthority(places, fleet);
  const own = mln.configuration.serviceHost;
  const bare = own !== null && (await readIfThere(joinPath(places.fleet, 'self.pem'))) === null;
  const ours = (await readIfThere(joinPath(places.fleet, 'ca.pem'))) !== null;
  if (!made && ours && !bare)
    throw failure('MLN_USAGE', `there is an authority on this machine already: ${authorityFolder(places)}`, {
      hint: 'mln ca issue NAME lets others join its fleet; mln ca list shows who has',
    });
  await writeAtomically(joinPath(places.fleet, 'ca.pem'), certificate, 0o644);
  if (made)
    terminal.note(`the authority of the fleet ${fleet} is made: ${authorityFolder(places)}; keep its ca.key safe`);
  if (bare) {
    const wanted: Wanted = { name: own, kind: 'server', days: DAYS, addresses: addressesOf(own, options, true) };
    await writeIdentity(places.fleet, await withAuthority(places, wanted));
    terminal.note(
      `this machine has the certificate of the server ${own}, for ${DAYS} days: ${joinPath(places.fleet, 'self.pem')}`,
    );
  } else if (own === null)
    terminal.note(
      'this machine is no service host: its configuration has no service_host; mln setup --service-host makes it one',
    );
  terminal.note('mln ca issue NAME --server lets a server join, mln ca issue NAME a user');
  return Exit.done;
}

/** `mln ca issue`: a token, or (`--out`) a folder. */
export async function issueFor(
  { mln, options }: Bound,
  terminal: Terminal,
  [name = '']: readonly string[],
  given: CommandOptions,
): Promise<ExitCode> {
  const places = placesOf(options, mln.folders);
  if (!isName(name))
    throw failure('MLN_USAGE', `${JSON.stringify(name)} cannot be a name`, { hint: 'letters, digits, _, . and -' });
  if (given['server'] === true && given['user'] === true)
    throw failure('MLN_USAGE', 'a certificate is that of a server or of a user, not of both', { hint: 'issue two' });
  const kind: Kind = given['server'] === true ? 'server' : 'user';
  const days = numberIn(given, 'days', DAYS, 0, 20 * 365);
  const minutes = numberIn(given, 'minutes', MINUTES, 0.01, MOST_MINUTES);
  const wanted: Wanted = { name, kind, days, addresses: kind === 'server' ? addressesOf(name, options, false) : [] };
  const { certificate } = await readAuthority(places);
  if (typeof given['out'] === 'string') {
    const folder = resolve(given['out']);
    if ((await readIfThere(joinPath(folder, 'self.key'))) !== null)
      throw failure('MLN_USAGE', `there is a key already: ${joinPath(folder, 'self.key')}`, {
        hint: 'name another folder',
      });
    await writeIdentity(folder, await withAuthority(places, wanted));
    terminal.note(
      `${folder} holds the key and the certificate of the ${kind} ${name}; carry it to the fleet folder there, and keep it secret`,
    );
    return Exit.done;
  }
  terminal.print(await makeToken(places, certificate, wanted, minutes));
  const address = options.listen?.[0] ?? mln.configuration.serviceHost ?? hostname();
  terminal.note(`good once, for ${minutes} minutes; there: mln ca join ${address} TOKEN (mln daemon has to run here)`);
  return Exit.done;
}

/** `mln ca join`. */
export async function join(
  { mln, options }: Bound,
  terminal: Terminal,
  [address = '', text = '']: readonly string[],
  given: CommandOptions,
): Promise<ExitCode> {
  const places = placesOf(options, mln.folders);
  const { kind, name } = readToken(text);
  const own = mln.configuration.serviceHost;
  if (kind === 'server' && own !== null && own !== name)
    throw failure('MLN_USAGE', `the token is for the server ${name}, and this machine is ${own}`, {
      hint: `take the token of ${own}, or correct service_host in the configuration`,
    });
  const principal = await joinFleet(places, address, text, timeoutOf(options));
  if (given['json'] === true)
    terminal.json({
      apiVersion: 'mln/v1',
      kind: 'Certificate',
      principal: principalText(principal),
      fleet: places.fleet,
    });
  else
    terminal.note(
      `this machine has joined the fleet as ${principalText(principal)}: ${joinPath(places.fleet, 'self.pem')}`,
    );
  if (kind === 'user')
    terminal.note('the option servers of @mln/plugin-daemon names the servers; mln daemon-status shows them');
  else if (own === null)
    terminal.note(
      `now say service_host ${name} in the configuration: mln setup --service-host does that, and starts the daemon`,
    );
  else terminal.note('now start the daemon: mln daemon, or systemctl restart mln-daemon');
  return Exit.done;
}

async function withAuthority(places: Places, wanted: Wanted): Promise<Parameters<typeof writeIdentity>[1]> {
  const { certificate: authority } = await readAuthority(places);
  return { ...(await issuePair(places, wanted)), authority, revoked: await readList(places) };
}

/** The addresses of a server that this machine knows of; its own are those that it listens on. */
function addressesOf(name: string, { servers = {}, listen = [] }: Options, own: boolean): readonly string[] {
  const texts = own ? listen : [];
  const known = Object.hasOwn(servers, name) ? [servers[name] ?? ''] : [];
  return [...texts, ...known].flatMap((text) => {
    const host = readAddress(text)?.host ?? '';
    return host === '' || ['0.0.0.0', '::'].includes(host) || host.includes('%') ? [] : [host];
  });
}

function numberIn(given: CommandOptions, name: string, usual: number, least: number, most: number): number {
  const text = given[name];
  if (text === undefined) return usual;
  const number = typeof text === 'string' && /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw failure('MLN_USAGE', `--${name} takes a number from ${least} to ${most}, not ${String(text)}`);
}
