import type { Guest, Host, Problems, Row } from '@mln/core';
import {
  addLine,
  find,
  presentAccounts,
  readAccounts,
  shellOf,
  writeAccounts,
  type Accounts,
  type Line,
} from './account-files.js';
import { makeHome } from './homes.js';
import type { Hasher } from './password.js';

/*
 * Users and groups. An account that is there is kept and changed only in what the project says; a new one gets the first
 * free number from 1000 on, so that the same project always gives the same numbers. One that an earlier build has made
 * keeps its number, as files belong to it, and what its user has changed in it.
 */

/** Days since 1970: when passwords were last changed. A fixed day, so that a build can be repeated. */
const CHANGED = '19000';
const FIRST_ID = 1000;

/** What accounts are made of. */
interface Making {
  readonly guest: Guest;
  /** As they will be. */
  readonly files: Accounts;
  /** As they are in the guest now. */
  readonly present: Accounts;
  /** As it was built before. */
  readonly previous: Host | null;
  readonly hash: Hasher;
  readonly problems: Problems;
}

/** Sets users, groups and passwords; what does not go with the accounts of the template is told. */
export async function configureAccounts(
  guest: Guest,
  host: Host,
  previous: Host | null,
  hash: Hasher,
  problems: Problems,
): Promise<void> {
  const users = host.lists['users'] ?? [];
  const groups = host.lists['groups'] ?? [];
  const rootPassword = host.keywords['root_password'];
  if (users.length === 0 && groups.length === 0 && rootPassword === undefined) return;
  const files = await readAccounts(guest);
  const making = { guest, files, present: await presentAccounts(guest), previous, hash, problems };
  const before = previous?.keywords['root_password'];
  if (typeof rootPassword === 'string')
    setPassword(making, 'root', rootPassword, typeof before === 'string' ? before : undefined);
  for (const row of users) await addUser(making, row);
  for (const row of groups) addGroup(making, row);
  await writeAccounts(guest, files);
}

async function addUser(making: Making, row: Row): Promise<void> {
  const { guest, files, present, previous, problems } = making;
  const [name = '', password, home, wanted] = row.words;
  const before = rowOf(previous, 'users', name);
  const known = find(files.passwd, name);
  if (!known) {
    const was = find(present.passwd, name);
    const id = wanted === undefined ? idOf(making, was, files.passwd) : Number(wanted);
    const owner = files.passwd.find((line) => line[2] === String(id));
    if (owner) tell(row, `the uid ${id} belongs to ${owner[0] ?? ''}`, problems);
    // A home that was lived in is still there when all that mln made is taken out.
    if (was && was[2] !== String(id) && (await guest.exists(was[5] ?? '')))
      tell(row, `${name} has the uid ${was[2] ?? ''} in the guest, and files in ${was[5] ?? ''}`, problems);
    const group =
      find(files.group, name) ?? addLine(files.group, privateGroup(making, name, id, was?.[2] === String(id)));
    const own = was && before?.words[2] === home ? was[5] : undefined;
    files.passwd.push([
      name,
      files.shadow ? 'x' : '!',
      String(id),
      group[2] ?? '',
      was?.[4] ?? '',
      home ?? own ?? `/home/${name}`,
      was?.[6] ?? (await shellOf(guest)),
    ]);
  } else if (wanted !== undefined && Number(known[2]) !== Number(wanted))
    tell(row, `${name} has the uid ${known[2] ?? ''} in the template`, problems);
  if (!known || password !== undefined) setPassword(making, name, password, before && (before.words[1] ?? '!'));
  const account = find(files.passwd, name) ?? [];
  if (home !== undefined) account[5] = home;
  await makeHome(guest, account);
}

function rowOf(host: Host | null, list: string, name: string): Row | undefined {
  return host?.lists[list]?.find(({ words }) => words[0] === name);
}

/** The number that an account has in the guest now; the first free one where it has none, or another account has it. */
function idOf({ files, present }: Making, was: Line | undefined, others: readonly Line[]): number {
  const isTaken = was && others.some((line) => line[2] === was[2]);
  return was && !isTaken ? Number(was[2]) : freeId(files, present);
}

/** A user's own group has the user's number where that is free; one that was there keeps its own as long as its user does. */
function privateGroup({ files, present, previous }: Making, name: string, id: number, stays: boolean): Line {
  const wanted = (stays ? find(present.group, name)?.[2] : undefined) ?? String(id);
  const taken = files.group.some((line) => line[2] === wanted);
  const members = ownMembers({ files, present, previous }, name);
  return [name, 'x', taken ? String(freeId(files, present)) : wanted, members.join(',')];
}

function addGroup(making: Making, row: Row): void {
  const { files, present, problems } = making;
  const [name = '', ...members] = row.words;
  for (const member of members)
    if (!find(files.passwd, member)) tell(row, `${member} of the group ${name} is no user of the guest`, problems);
  const known = find(files.group, name);
  const own = known ? [] : ownMembers(making, name);
  const group =
    known ?? addLine(files.group, [name, 'x', String(idOf(making, find(present.group, name), files.group)), '']);
  group[3] = [...new Set([...membersOf(group), ...members, ...own])].join(',');
}

/** Who joined a group inside the guest, where mln made the group before. */
function ownMembers(
  { files, present, previous }: Pick<Making, 'files' | 'present' | 'previous'>,
  name: string,
): string[] {
  const [, ...before] = rowOf(previous, 'groups', name)?.words ?? [];
  return membersOf(find(present.group, name)).filter(
    (member) => !before.includes(member) && find(files.passwd, member) !== undefined,
  );
}

function membersOf(group: Line | undefined): string[] {
  return (group?.[3] ?? '').split(',').filter((member) => member !== '');
}

/**
 * Sets a password, locked where the project gives none. One that its user has changed inside the guest stays, unless the
 * project gives another one than before.
 */
function setPassword(making: Making, name: string, given: string | undefined, before: string | undefined): void {
  const { files, present, guest, hash } = making;
  const lines = present.shadow ?? present.passwd;
  const now = find(lines, name);
  const isOwn = now !== undefined && before !== undefined && now[1] !== hash(before, guest.salt);
  const stays = isOwn && (given === undefined || given === before);
  const password = (stays ? now[1] : undefined) ?? hash(given ?? '!', guest.salt);
  const account = find(files.passwd, name);
  if (!files.shadow) {
    if (account) account[1] = password;
    return;
  }
  const fresh = stays && present.shadow ? [...now] : [name, '', CHANGED, '0', '99999', '7', '', '', ''];
  const line = find(files.shadow, name) ?? addLine(files.shadow, fresh);
  line[1] = password;
  if (account) account[1] = 'x';
}

function freeId(files: Accounts, present: Accounts): number {
  const used = new Set(
    [...files.passwd, ...files.group, ...present.passwd, ...present.group].map((line) => Number(line[2])),
  );
  let id = FIRST_ID;
  while (used.has(id)) id += 1;
  return id;
}

function tell(row: Row, message: string, problems: Problems): void {
  problems.error('MLN_BAD_VALUE', message, { place: row.place ?? undefined });
}
