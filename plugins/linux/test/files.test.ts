import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { cases, configure, oneHost, sourcesMissing } from './configure.js';
import { fakeFilesystem, outline, written } from './fake-filesystem.js';

const template = '--- /bin/busybox\n--- /etc/motd 0600 5:5\nold\n--- /srv/\n--- /opt -> /srv\n';

const copies = [
  { name: 'a file', body: 'files { files/motd /root/motd }', expected: ['file 0644 0:0 /root/motd'] },
  {
    name: 'a file that takes the place of another is root’s',
    body: 'files { files/motd /etc/motd }',
    expected: ['file 0644 0:0 /etc/motd'],
  },
  { name: 'a mode', body: 'files { files/motd /root/motd 0640 }', expected: ['file 0640 0:0 /root/motd'] },
  {
    name: 'a mode of three digits',
    body: 'files { files/motd /root/motd 755 }',
    expected: ['file 0755 0:0 /root/motd'],
  },
  { name: 'a setuid mode', body: 'files { files/motd /root/motd 4755 }', expected: ['file 4755 0:0 /root/motd'] },
  { name: 'into a directory', body: 'files { files/motd /srv }', expected: ['file 0644 0:0 /srv/motd'] },
  { name: 'into a directory to be', body: 'files { files/motd /new/ }', expected: ['file 0644 0:0 /new/motd'] },
  { name: 'through a link', body: 'files { files/motd /opt/motd }', expected: ['file 0644 0:0 /srv/motd'] },
  {
    name: 'a folder’s contents go onto the destination',
    body: 'files { files/www /srv 0600 }',
    expected: ['directory 0755 0:0 /srv/img', 'file 0600 0:0 /srv/img/logo', 'file 0600 0:0 /srv/index'],
  },
  {
    name: 'an absolute source',
    body: `files { ${join(cases, 'files/motd')} /root/motd }`,
    expected: ['file 0644 0:0 /root/motd'],
  },
  {
    name: 'a source of the files folder',
    body: 'files { from-the-files-folder /root/found }',
    expected: ['file 0644 0:0 /root/found'],
  },
  {
    name: 'what is copied wins over what is generated',
    body: 'files { files/motd /etc/hostname }',
    expected: ['file 0644 0:0 /etc/hostname'],
  },
];

test.each(copies)('$name', async ({ body, expected }) => {
  const without = outline(await configure(oneHost(''), fakeFilesystem(template)));
  const edits = await configure(oneHost(body), fakeFilesystem(template));
  const lines = outline(edits).filter((line) => !without.includes(line) && !/ \/(?:root|new)$/.test(line));
  expect(body.includes('/etc/hostname') ? expected : lines).toEqual(expected);
  if (body.includes('hostname')) expect(written(edits, '/etc/hostname')).toBe('Welcome to gw.\n');
});

const mistakes = [
  { body: 'files { missing /etc/motd }', code: 'MLN_NO_FILE', message: 'there is no missing to copy' },
  { body: 'files { files/motd /../x/../../y }', code: 'MLN_BAD_VALUE', message: '/../x/../../y leaves the guest' },
];

test.each(mistakes)('$body', async ({ body, code, message }) => {
  const attempt = configure(oneHost(`# a comment\n${body}`), fakeFilesystem(template));
  await expect(attempt).rejects.toMatchObject({ code, problems: [{ place: { line: 6 } }] });
  await expect(attempt).rejects.toThrow(message);
});

test('all that is wrong with files, users and groups is told at once', async () => {
  const body =
    'files { missing /x; files/motd /etc/motd/below; none /y }\nusers { jack * /j 0 }\ngroups { g one two jack }';
  const attempt = configure(oneHost(body), fakeFilesystem(template));
  const lines = [
    'there is no missing to copy',
    'gw: ',
    'there is no none to copy',
    'the uid 0 belongs to root',
    'one of the group g is no user of the guest',
    'two of the group g is no user of the guest',
  ];
  await expect(attempt).rejects.toMatchObject({
    problems: lines.map((line) => ({ message: expect.stringContaining(line) })),
  });
});

test('missing sources are told when scripts are made, and are looked for once', async () => {
  const text = oneHost('files { missing /x; files/motd /y; none /z }\nservice_host s');
  expect(await sourcesMissing(text)).toEqual([]);
  expect(await sourcesMissing(text.replace('service_host s', ''))).toEqual([
    'there is no missing to copy',
    'there is no none to copy',
  ]);
});

test('a missing source says where it was looked for', async () => {
  await expect(configure(oneHost('files { missing /x }'), fakeFilesystem(template))).rejects.toMatchObject({
    problems: [{ hint: `looked for ${join(cases, 'missing')} and ${join(cases, 'files-folder/missing')}` }],
  });
});

test('what cannot be copied there names host, source and destination', async () => {
  const attempt = configure(oneHost('files { files/motd /etc/motd/below }'), fakeFilesystem(template));
  await expect(attempt).rejects.toMatchObject({ code: 'MLN_GUEST_PATH' });
  await expect(attempt).rejects.toThrow('/etc/motd is not a directory inside the guest');
});
