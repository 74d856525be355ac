import type { Guest, Host, Problems, Row } from '@mln/core';
import type { Hasher } from './password.js';

/*
 * Users and groups, in the files that passwd(5), shadow(5) and group(5) describe. An account that is there is kept
 * and changed only in what the project says; a new one gets the first free number from 1000 on, so that the same
 * project always gives the same numbers.
 */

/** Days since 1970: when passwords were last changed. A fixed day, so that a build can be repeated. */
const CHANGED = '19000';
const FIRST_ID = 1000;

type Line = string[];

/** Sets users, groups and passwords; what does not go with the accounts of the template is told. */
export async function configureAccounts(guest: Guest, host: Host, hash: Hasher, problems: Problems): Promise<void> {
  const users = host.lists['users'] ?? [];
  const groups = host.lists['groups'] ?? [];
  const rootPassword = host.keywords['root_password'];
  if (users.length === 0 && groups.length === 0 && rootPassword === undefined) return;
  const files = await readAccounts(guest);
  if (typeof rootPassword === 'string') setPassword(files, 'root', hash(rootPassword, guest.salt));
  for (const row of users) await addUser(guest, files, row, hash, problems);
  for (const row of groups) addGroup(files, row, problems);
  await writeAccounts(guest, files);
}

interface Accounts {
  readonly passwd: Line[];
  /** Null where passwords stand in passwd. */
  readonly shadow: Line[] | null;
  readonly group: Line[];
}

async function addUser(guest: Guest, files: Accounts, row: Row, hash: Hasher, problems: Problems): Promise<void> {
  const [name = '', password = '!', home = `/home/${name}`, wanted] = row.words;
  const known = find(files.passwd, name);
  if (!known) {
    const id = wanted === undefined ? freeId(files) : Number(wanted);
    const owner = files.passwd.find((line) => line[2] === String(id));
    if (owner) tell(row, `the uid ${id} belongs to ${owner[0] ?? ''}`, problems);
    const taken = files.group.some((line) => line[2] === String(id));
    const gid = taken ? freeId(files) : id;
    const group = find(files.group, name) ?? addLine(files.group, [name, 'x', String(gid), '']);
    files.passwd.push([name, files.shadow ? 'x' : '!', String(id), group[2] ?? '', '', home, await shellOf(guest)]);
  } else if (wanted !== undefined && Number(known[2]) !== Number(wanted))
    tell(row, `${name} has the uid ${known[2] ?? ''} in the template`, problems);
  if (!known || row.words.length > 1) setPassword(files, name, hash(password, guest.salt));
  const account = find(files.passwd, name) ?? [];
  if (row.words[2] !== undefined) account[5] = home;
  await makeHome(guest, account);
}

/** A home that is missing is made of /etc/skel, and belongs to its user alone. */
async function makeHome(guest: Guest, [, , uid, gid, , home = '/']: Line): Promise<void> {
  const [owner, group] = [Number(uid), Number(gid)];
  if (await guest.exists(home)) return;
  await guest.directory(home, { mode: 0o700, owner, group });
  await copySkeleton(guest, '/etc/skel', home, { owner, group });
}

async function copySkeleton(
  guest: Guest,
  from: string,
  to: string,
  owner: { owner: number; group: number },
): Promise<void> {
  for (const name of await guest.list(from)) {
    const entry = await guest.entry(`${from}/${name}`);
    if (entry?.type === 'directory') {
      await guest.directory(`${to}/${name}`, { mode: entry.mode, ...owner });
      await copySkeleton(guest, `${from}/${name}`, `${to}/${name}`, owner);
    } else if (entry?.type === 'file')
      await guest.write(`${to}/${name}`, (await guest.read(`${from}/${name}`)) ?? '', { mode: entry.mode, ...owner });
  }
}

function addGroup(files: Accounts, row: Row, problems: Problems): void {
  const [name = '', ...members] = row.words;
  for (const member of members)
    if (!find(files.passwd, member)) tell(row, `${member} of the group ${name} is no user of the guest`, problems);
  const group = find(files.group, name) ?? addLine(files.group, [name, 'x', String(freeId(files)), '']);
  const before = (group[3] ?? '').split(',').filter((member) => member !== '');
  group[3] = [...new Set([...before, ...members])].join(',');
}

function setPassword(files: Accounts, name: string, hash: string): void {
  const account = find(files.passwd, name);
  if (!files.shadow) {
    if (account) account[1] = hash;
    return;
  }
  const line = find(files.shadow, name) ?? addLine(files.shadow, [name, '', CHANGED, '0', '99999', '7', '', '', '']);
  line[1] = hash;
  if (account) account[1] = 'x';
}

async function readAccounts(guest: Guest): Promise<Accounts> {
  const lines = async (path: string): Promise<Line[]> =>
    (await guest.text(path))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(':'));
  const passwd = await lines('/etc/passwd');
  if (!find(passwd, 'root')) passwd.unshift(['root', 'x', '0', '0', 'root', '/root', await shellOf(guest)]);
  const group = await lines('/etc/group');
  if (!find(group, 'root')) group.unshift(['root', 'x', '0', '']);
  return { passwd, group, shadow: (await guest.exists('/etc/shadow')) ? await lines('/etc/shadow') : null };
}

async function writeAccounts(guest: Guest, { passwd, shadow, group }: Accounts): Promise<void> {
  const text = (lines: readonly Line[]): string => lines.map((line) => `${line.join(':')}\n`).join('');
  await guest.write('/etc/passwd', text(passwd));
  await guest.write('/etc/group', text(group));
  if (shadow) await guest.write('/etc/shadow', text(shadow));
}

async function shellOf(guest: Guest): Promise<string> {
  return (await guest.exists('/bin/bash')) ? '/bin/bash' : '/bin/sh';
}

function freeId({ passwd, group }: Accounts): number {
  const used = new Set([...passwd, ...group].map((line) => Number(line[2])));
  let id = FIRST_ID;
  while (used.has(id)) id += 1;
  return id;
}

function find(lines: readonly Line[], name: string): Line | undefined {
  return lines.find((line) => line[0] === name);
}

function addLine(lines: Line[], line: Line): Line {
  lines.push(line);
  return line;
}

function tell(row: Row, message: string, problems: Problems): void {
  problems.error('MLN_BAD_VALUE', message, { place: row.place ?? undefined });
}
