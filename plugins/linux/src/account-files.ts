import type { Guest } from '@mln/core';

/*
 * The files that passwd(5), shadow(5) and group(5) describe: a line of fields for each account, its name first.
 */

export type Line = string[];

export interface Accounts {
  readonly passwd: Line[];
  /** Null where passwords stand in passwd. */
  readonly shadow: Line[] | null;
  readonly group: Line[];
}

/** The accounts of a guest as it will be; root is one of them. */
export async function readAccounts(guest: Guest): Promise<Accounts> {
  const lines = async (path: string): Promise<Line[]> => linesOf(await guest.text(path));
  const passwd = await lines('/etc/passwd');
  if (!find(passwd, 'root')) passwd.unshift(['root', 'x', '0', '0', 'root', '/root', await shellOf(guest)]);
  const group = await lines('/etc/group');
  if (!find(group, 'root')) group.unshift(['root', 'x', '0', '']);
  return { passwd, group, shadow: (await guest.exists('/etc/shadow')) ? await lines('/etc/shadow') : null };
}

/** The accounts of a guest as it is now, with those that mln made before. */
export async function presentAccounts(guest: Guest): Promise<Accounts> {
  const [passwd, group, shadow] = await Promise.all(
    ['/etc/passwd', '/etc/group', '/etc/shadow'].map(async (path) => guest.present(path)),
  );
  return { passwd: linesOf(passwd), group: linesOf(group), shadow: shadow ? linesOf(shadow) : null };
}

export async function writeAccounts(guest: Guest, { passwd, shadow, group }: Accounts): Promise<void> {
  const text = (lines: readonly Line[]): string => lines.map((line) => `${line.join(':')}\n`).join('');
  await guest.write('/etc/passwd', text(passwd));
  await guest.write('/etc/group', text(group));
  if (shadow) await guest.write('/etc/shadow', text(shadow));
}

function linesOf(text: string | Buffer | null | undefined): Line[] {
  return (text ?? '')
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'));
}

export async function shellOf(guest: Guest): Promise<string> {
  return (await guest.exists('/bin/bash')) ? '/bin/bash' : '/bin/sh';
}

export function find(lines: readonly Line[], name: string): Line | undefined {
  return lines.find((line) => line[0] === name);
}

export function addLine(lines: Line[], line: Line): Line {
  lines.push(line);
  return line;
}
