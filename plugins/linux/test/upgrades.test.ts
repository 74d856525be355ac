import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { claim, type Host, type Mln, type Plugin, type Project } from '@mln/core';
import linux from '@mln/plugin-linux';
import { planGuest, type GuestRecord } from '../../../core/src/guest-record.js';
import { decided, testKernel } from '../../../test/support/test-kernel.js';
import { cases } from './configure.js';
import { fakeFilesystem, outline, type FakeFilesystem } from './fake-filesystem.js';

/*
 * A guest that was built of one project and follows another one is as if it had been built of that, in each family; what
 * was changed inside it stays.
 */

/** Where guests have their disks and consoles. */
const machines = {
  uml: { disk: '/dev/ubd', console: 'tty0' },
  xen: { disk: '/dev/xvd', console: 'hvc0' },
};
type Machine = keyof typeof machines;

const hypervisor: Plugin = (mln) => {
  mln.hooks.resolveUnit.tap('fake', (unit) =>
    unit.kind === 'switch' ? claim(unit, 'fake') : claim<Host>(unit, 'fake', { macPrefix: '02:00' }),
  );
};
const files = join(cases, 'files-folder');
const mln = await testKernel([linux, hypervisor], { files });
const nobody = await testKernel([hypervisor], { files });

/** A project's text, or the lines of its only host, on a machine. */
interface Wanted {
  readonly text: string;
  readonly machine?: Machine;
}

interface Guest {
  readonly disk: FakeFilesystem;
  readonly host: Host;
  readonly record: GuestRecord;
}

async function hostOf({ text, machine = 'uml' }: Wanted): Promise<{ project: Project; host: Host }> {
  const whole = text.includes('global') ? text : `global {\n  project lab\n}\nhost gw {\n${text}\n}\nswitch lan { }\n`;
  const project = await decided(mln, join(cases, 'project.mln'), whole);
  const host = project.hosts.find(({ name }) => name === 'gw');
  if (!host) throw new Error('no host gw');
  const { disk, console } = machines[machine];
  const disks = host.disks.map((each, index) => ({ ...each, device: `${disk}${'abcdefgh'.charAt(index)}` }));
  return { project, host: { ...host, console, disks } };
}

async function follow(disk: FakeFilesystem, wanted: Wanted, before: Guest | null, kernel: Mln = mln): Promise<Guest> {
  const { project, host } = await hostOf(wanted);
  const { edits, record } = await planGuest(kernel, project, host, disk, before);
  await disk.apply(edits);
  const again = await planGuest(kernel, project, host, disk, { host, record });
  expect(outline(again.edits)).toEqual([]);
  expect(again.record).toEqual(record);
  return { disk, host, record };
}

const families = readdirSync(cases).filter((name) => existsSync(join(cases, name, 'template.txt')));

function template(family: string): FakeFilesystem {
  return fakeFilesystem(readFileSync(join(cases, family, 'template.txt'), 'utf8'));
}

const build = (family: string, wanted: Wanted): Promise<Guest> => follow(template(family), wanted, null);

/** All that is on a disk, by path. */
function holds({ nodes }: FakeFilesystem): Record<string, string> {
  const lines = [...nodes].map(([path, { type, mode, owner, group, content }]): [string, string] => [
    path,
    `${type} ${mode.toString(8)} ${owner}:${group} ${content.toString()}`,
  ]);
  return Object.fromEntries(lines.sort());
}

const network = 'network eth0 {\n switch lan\n address 10.0.0.1/24\n}\n';
const whole = readFileSync(join(cases, 'project.mln'), 'utf8');

/** What each keyword says, and what it says afterwards. */
const keywords: Readonly<Record<string, readonly [before: Wanted, after: Wanted]>> = {
  users: [{ text: 'users {\n jack secret\n jill * /srv/jill\n}' }, { text: 'users {\n jack other\n}' }],
  'a home': [{ text: 'users {\n jack secret /home/a\n}' }, { text: 'users {\n jack secret /srv/b\n}' }],
  'a uid': [{ text: 'users {\n jack secret /home/jack 2000\n}' }, { text: 'users {\n jack secret /home/jack 3000\n}' }],
  groups: [
    { text: 'users { jack }\ngroups {\n staff jack\n own jack root\n}' },
    { text: 'users { jack }\ngroups {\n own root\n}' },
  ],
  root_password: [{ text: 'root_password one' }, { text: 'root_password two' }],
  startup: [{ text: 'startup { one }\nshutdown { one }' }, { text: 'startup { two }' }],
  modules: [{ text: 'modules {\n one\n}' }, { text: 'modules {\n two\n three a=1\n}' }],
  nameserver: [{ text: 'nameserver 10.0.0.1' }, { text: 'nameserver "10.0.0.2 10.0.0.3"' }],
  network: [
    { text: network },
    { text: `${network.replace('10.0.0.1/24', 'dhcp')}network eth1 {\n switch lan\n address fd00::1/64\n mtu 1400\n}` },
  ],
  files: [
    { text: 'files {\n files/www /var/www\n files/motd /etc/motd 600\n}' },
    { text: 'files {\n files/motd /var/www/motd\n}' },
  ],
  mount: [{ text: 'swap 16M\nmount {\n /images/a /srv/data\n}' }, { text: 'mount {\n /images/b /tmp ext4 noatime\n}' }],
  'its hypervisor': [
    { text: whole, machine: 'uml' },
    { text: whole, machine: 'xen' },
  ],
  everything: [{ text: whole }, { text: 'users { jack }' }],
};

const each = families.flatMap((family) => Object.keys(keywords).map((keyword) => ({ family, keyword })));

test.each(each)('$family: $keyword', async ({ family, keyword }) => {
  const [before, after] = keywords[keyword] ?? [];
  if (!before || !after) throw new Error(keyword);
  const guest = await build(family, before);
  const there = holds(guest.disk);
  const changed = await follow(guest.disk, after, guest);
  expect(holds(changed.disk)).toEqual(holds((await build(family, after)).disk));
  const back = await follow(changed.disk, before, changed);
  expect(holds(back.disk)).toEqual(there);
  await follow(back.disk, { text: '' }, back, nobody);
  expect(holds(back.disk)).toEqual(holds(template(family)));
});

/** Changes a file of the guest from the inside. */
function edit({ disk }: Guest, path: string, change: (text: string) => string): void {
  const node = disk.nodes.get(path);
  if (!node) throw new Error(`no ${path}`);
  (disk.nodes as Map<string, typeof node>).set(path, {
    ...node,
    content: Buffer.from(change(node.content.toString())),
  });
}

function put({ disk }: Guest, path: string, text: string, from = '/etc/hosts'): void {
  const node = disk.nodes.get(from);
  if (!node) throw new Error(`no ${from}`);
  (disk.nodes as Map<string, typeof node>).set(path, { ...node, content: Buffer.from(text) });
}

const text = ({ disk }: Guest, path: string): string => disk.nodes.get(path)?.content.toString() ?? '(none)';

test.each(families)('%s: lines that were added by hand stay, whoever comes and goes', async (family) => {
  const users = { text: 'users {\n jack secret\n jill secret\n}\nmodules { one }\nswap 16M' };
  let guest = await build(family, users);
  const own: readonly [path: string, line: string][] = [
    ['/etc/passwd', 'bob:x:1500:1500::/home/bob:/bin/sh\n'],
    ['/etc/group', 'bob:x:1500:jill\n'],
    ['/etc/hosts', '192.168.7.7 printer\n'],
    ['/etc/fstab', 'server:/x /x nfs defaults 0 0\n'],
    ['/etc/hostname', '# mine\n'],
    ['/etc/modules', 'mine\n'],
  ];
  for (const [path, line] of own) edit(guest, path, (before) => `${before}${line}`);
  const there = holds(guest.disk);
  guest = await follow(guest.disk, users, guest);
  expect(holds(guest.disk)).toEqual(there);
  for (const next of [{ text: 'users { jill secret }' }, { text: '', machine: 'xen' as const }, users]) {
    guest = await follow(guest.disk, next, guest);
    for (const [path, line] of own) expect(text(guest, path).split(line)).toHaveLength(2);
    expect(text(guest, '/etc/passwd').includes('jack:')).toBe(next === users);
  }
  guest = await follow(guest.disk, { text: '' }, guest, nobody);
  for (const [path, line] of own) {
    const before = template(family).nodes.get(path)?.content.toString() ?? '';
    expect(text(guest, path)).toBe(`${before}${line}`);
  }
});

test('a user keeps numbers, shell and the password that was changed inside the guest', async () => {
  const both = { text: 'users {\n jack secret\n jill secret\n}\ngroups { players jill }' };
  let guest = await build('debian-systemd', both);
  const numbers = (name: string): string =>
    new RegExp(`^${name}:x:(.*?):`, 'm').exec(text(guest, '/etc/passwd'))?.[1] ?? '';
  const jill = numbers('jill');
  edit(guest, '/etc/shadow', (before) => before.replace(/^jill:[^:]*:19000/m, 'jill:$6$own$hash:20000'));
  edit(guest, '/etc/passwd', (before) => before.replace(/^(jill:.*):\/bin\/bash$/m, '$1:/bin/zsh'));
  edit(guest, '/etc/group', (before) => before.replace(/^players:.*$/m, '$&,root'));
  for (const next of ['users { jill secret }\ngroups { players }', 'users { jill }\ngroups { players }']) {
    guest = await follow(guest.disk, { text: next }, guest);
    expect(numbers('jill')).toBe(jill);
    expect(text(guest, '/etc/passwd')).toContain('/home/jill:/bin/zsh\n');
    expect(text(guest, '/etc/shadow')).toContain('jill:$6$own$hash:20000:');
    expect(text(guest, '/etc/group')).toMatch(/^players:x:\d+:root$/m);
    expect(numbers('jack')).toBe('');
  }
  guest = await follow(guest.disk, { text: 'users {\n ann\n jill other\n}' }, guest);
  expect(text(guest, '/etc/shadow')).not.toContain('$6$own$hash');
  expect(numbers('jill')).toBe(jill);
  expect(Number(numbers('ann'))).toBeGreaterThanOrEqual(1000);
  expect(numbers('ann')).not.toBe(jill);
});

test('a number that is in use in the guest is no new user’s', async () => {
  const guest = await build('debian-systemd', { text: 'users { jack }' });
  const next = await follow(guest.disk, { text: 'users { jill }' }, guest);
  expect(text(next, '/etc/passwd')).toMatch(/^jill:x:1001:1001:/m);
  expect(next.disk.nodes.get('/home/jill')).toMatchObject({ owner: 1001, group: 1001 });
});

test('a home goes with its user only as it was made', async () => {
  let guest = await build('debian-systemd', { text: 'users {\n jack\n jill\n ann\n}' });
  put(guest, '/home/jill/thesis', 'years of work\n');
  edit(guest, '/home/ann/.bashrc', () => 'alias ll=ls\n');
  const jill = guest.disk.nodes.get('/home/jill/.bashrc');
  guest = await follow(guest.disk, { text: 'users {\n jill\n ann\n}' }, guest);
  expect(guest.disk.nodes.has('/home/jack')).toBe(false);
  expect(text(guest, '/home/jill/thesis')).toBe('years of work\n');
  expect(text(guest, '/home/ann/.bashrc')).toBe('alias ll=ls\n');
  guest = await follow(guest.disk, { text: '' }, guest);
  expect(text(guest, '/home/jill/thesis')).toBe('years of work\n');
  expect(guest.disk.nodes.get('/home/jill/.bashrc')).toEqual(jill);
  expect(text(guest, '/home/ann/.bashrc')).toBe('alias ll=ls\n');
});

test('another uid is refused where files belong to the old one', async () => {
  const guest = await build('debian-systemd', { text: 'users { jack * /home/jack 2000 }' });
  put(guest, '/home/jack/data', 'x');
  await expect(follow(guest.disk, { text: 'users { jack * /home/jack 3000 }' }, guest)).rejects.toMatchObject({
    code: 'MLN_BAD_VALUE',
    message: 'jack has the uid 2000 in the guest, and files in /home/jack',
  });
});

test('what the guest has changed in a copied folder stays, and goes on being its own', async () => {
  let guest = await build('debian-systemd', { text: 'files { files/www /var/www }' });
  edit(guest, '/var/www/index', (before) => `${before}mine\n`);
  put(guest, '/var/www/own', 'o\n');
  const there = holds(guest.disk);
  guest = await follow(guest.disk, { text: 'files { files/www /var/www }' }, guest);
  expect(holds(guest.disk)).toEqual(there);
  guest = await follow(guest.disk, { text: '' }, guest);
  expect([text(guest, '/var/www/index'), text(guest, '/var/www/own')]).toEqual(['mine\n', 'o\n']);
  expect(guest.disk.nodes.has('/var/www/img')).toBe(false);
});
