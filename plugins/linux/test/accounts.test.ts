import { expect, test } from '@jest/globals';
import { configure, oneHost } from './configure.js';
import { fakeFilesystem, outline, written } from './fake-filesystem.js';

const passwd = [
  'root:x:0:0:root:/root:/bin/sh',
  'www:x:33:33::/var/www:/bin/false',
  'ann:x:1000:1000::/home/ann:/bin/sh',
];
const shadow = ['root:*:1:::::', 'www:*:1:::::', 'ann:$6$old$hash:1:::::'];
const group = ['root:x:0:', 'www:x:33:', 'ann:x:1000:', 'wheel:x:10:root', 'taken:x:1001:'];

/** A busybox guest with accounts; what is found there as well. */
function template(more = ''): string {
  const file = (path: string, lines: readonly string[]): string => `--- ${path}\n${lines.join('\n')}\n`;
  return (
    '--- /bin/busybox\n--- /home/ann/\n' +
    file('/etc/passwd', passwd) +
    file('/etc/shadow 0640 0:42', shadow) +
    file('/etc/group', group) +
    more
  );
}

interface Case {
  readonly name: string;
  readonly body: string;
  /** Lines that are new in each file; a line of an account that is there takes its place. */
  readonly passwd?: readonly string[];
  readonly shadow?: readonly string[];
  readonly group?: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: 'a new user gets the first number that is free for a user and a group',
    body: 'users { jack * }',
    passwd: ['jack:x:1002:1002::/home/jack:/bin/sh'],
    shadow: ['jack:*:19000:0:99999:7:::'],
    group: ['jack:x:1002:'],
  },
  {
    name: 'a user without a password is locked',
    body: 'users { jack }',
    passwd: ['jack:x:1002:1002::/home/jack:/bin/sh'],
    shadow: ['jack:!:19000:0:99999:7:::'],
    group: ['jack:x:1002:'],
  },
  {
    name: 'several users get numbers in their order',
    body: 'users {\n  jack *\n  jill *\n}',
    passwd: ['jack:x:1002:1002::/home/jack:/bin/sh', 'jill:x:1003:1003::/home/jill:/bin/sh'],
    shadow: ['jack:*:19000:0:99999:7:::', 'jill:*:19000:0:99999:7:::'],
    group: ['jack:x:1002:', 'jill:x:1003:'],
  },
  {
    name: 'a home and a uid',
    body: 'users { jack * /srv/jack 4711 }',
    passwd: ['jack:x:4711:4711::/srv/jack:/bin/sh'],
    shadow: ['jack:*:19000:0:99999:7:::'],
    group: ['jack:x:4711:'],
  },
  {
    name: 'a uid that is the number of another group does not let the user into that group',
    body: 'users { jack * /home/jack 1001 }',
    passwd: ['jack:x:1001:1002::/home/jack:/bin/sh'],
    shadow: ['jack:*:19000:0:99999:7:::'],
    group: ['jack:x:1002:'],
  },
  {
    name: 'a group of the user’s name is taken',
    body: 'users { taken * }',
    passwd: ['taken:x:1002:1001::/home/taken:/bin/sh'],
    shadow: ['taken:*:19000:0:99999:7:::'],
  },
  { name: 'a user that is there, only named', body: 'users { ann }' },
  {
    name: 'a user that is there gets a password',
    body: 'users { ann $6$new$hash }',
    shadow: ['ann:$6$new$hash:1:::::'],
  },
  {
    name: 'a user that is there gets a home',
    body: 'users { ann $6$old$hash /srv/ann 1000 }',
    passwd: ['ann:x:1000:1000::/srv/ann:/bin/sh'],
  },
  { name: 'the root password', body: 'root_password $6$a$b', shadow: ['root:$6$a$b:1:::::'] },
  { name: 'root_passwd is the same', body: 'root_passwd !', shadow: ['root:!:1:::::'] },
  {
    name: 'members join a group that is there, once',
    body: 'groups { wheel ann root ann }',
    group: ['wheel:x:10:root,ann'],
  },
  { name: 'a new group', body: 'groups { players ann www }', group: ['players:x:1002:ann,www'] },
  { name: 'a group without members', body: 'groups { empty }', group: ['empty:x:1002:'] },
];

function withLines(before: readonly string[], lines: readonly string[] = []): string {
  const nameOf = (line: string): string => line.slice(0, line.indexOf(':'));
  const changed = before.map((line) => lines.find((each) => nameOf(each) === nameOf(line)) ?? line);
  return [...changed, ...lines.filter((line) => !changed.includes(line))].map((line) => `${line}\n`).join('');
}

test.each(cases)('$name', async ({ body, ...expected }) => {
  const filesystem = fakeFilesystem(template());
  await filesystem.apply(await configure(oneHost(body), filesystem));
  const text = (path: string): string | undefined => filesystem.nodes.get(path)?.content.toString();
  expect(text('/etc/passwd')).toBe(withLines(passwd, expected.passwd));
  expect(text('/etc/shadow')).toBe(withLines(shadow, expected.shadow));
  expect(text('/etc/group')).toBe(withLines(group, expected.group));
  expect(filesystem.nodes.get('/etc/shadow')).toMatchObject({ mode: 0o640, owner: 0, group: 42 });
  expect(outline(await configure(oneHost(body), filesystem))).toEqual([]);
});

const skeleton = '--- /etc/skel/.profile\nprofile\n--- /etc/skel/bin/\n--- /etc/skel/bin/x 0755\nx\n';
const homes = [
  {
    name: 'a new home is made of the skeleton and belongs to its user',
    body: 'users { jack * }',
    expected: [
      'directory 0700 1002:1002 /home/jack',
      'directory 0755 1002:1002 /home/jack/bin',
      'file 0644 1002:1002 /home/jack/.profile',
      'file 0755 1002:1002 /home/jack/bin/x',
    ],
  },
  {
    name: 'directories on its way belong to root',
    body: 'users { jack * /srv/homes/jack }',
    expected: [
      'directory 0700 1002:1002 /srv/homes/jack',
      'directory 0755 0:0 /srv',
      'directory 0755 0:0 /srv/homes',
      'directory 0755 1002:1002 /srv/homes/jack/bin',
      'file 0644 1002:1002 /srv/homes/jack/.profile',
      'file 0755 1002:1002 /srv/homes/jack/bin/x',
    ],
  },
  { name: 'a home that is there stays as it is', body: 'users { ann }', expected: [] },
];

test.each(homes)('$name', async ({ body, expected }) => {
  const edits = await configure(oneHost(body), fakeFilesystem(template(skeleton)));
  expect(
    outline(edits)
      .filter((line) => /\/(home|srv)/.test(line))
      .sort(),
  ).toEqual(expected);
});

test('bash is a new user’s shell where there is one', async () => {
  const edits = await configure(oneHost('users { jack * }'), fakeFilesystem(template('--- /bin/bash\n')));
  expect(written(edits, '/etc/passwd')).toContain('jack:x:1002:1002::/home/jack:/bin/bash\n');
});

test('without a shadow file passwords stand in passwd', async () => {
  const bare = '--- /bin/busybox\n--- /etc/passwd\nroot::0:0:root:/root:/bin/sh\n';
  const edits = await configure(oneHost('root_password $6$a$b\nusers { jack $6$c$d }'), fakeFilesystem(bare));
  expect(written(edits, '/etc/passwd')).toBe(
    'root:$6$a$b:0:0:root:/root:/bin/sh\njack:$6$c$d:1000:1000::/home/jack:/bin/sh\n',
  );
  expect(written(edits, '/etc/shadow')).toBeNull();
});

/** What is wrong, at the line of the project that it stands on. */
const mistakes = [
  { body: 'users { 0jack * }', message: expect.stringContaining('users: the name begins with a letter or _') },
  { body: 'users { "ja:ck" * }', message: expect.stringContaining('users: the name begins with a letter or _') },
  { body: 'users { jack * home }', message: 'users: the home begins with /' },
  { body: 'users { jack * /home:x }', message: 'the home of jack has a colon, or leaves the guest' },
  { body: 'users { jack * /home/jack many }', message: 'users: the uid is a whole number' },
  { body: 'users { jack * /home/jack -1 }', message: 'users: the uid is a whole number' },
  { body: 'users { jack * /home/jack 0 }', message: 'the uid 0 belongs to root' },
  { body: 'users { ann * /home/ann 1001 }', message: 'ann has the uid 1000 in the template' },
  { body: 'users { jack crypt:x:0:0 }', message: 'the password hash of jack has a colon or a blank' },
  { body: 'groups { wheel nobody }', message: 'nobody of the group wheel is no user of the guest' },
  { body: 'groups { "a b" }', message: expect.stringContaining('groups: the name begins with a letter or _') },
];

test.each(mistakes)('$body', async ({ body, message }) => {
  await expect(configure(oneHost(`# a comment\n${body}`), fakeFilesystem(template()))).rejects.toMatchObject({
    code: 'MLN_BAD_VALUE',
    message,
    problems: [{ place: { line: 6 } }],
  });
});

test('a root password with a colon is told at its line', async () => {
  const body = 'root_password crypt:a:b';
  await expect(configure(oneHost(body), fakeFilesystem(template()))).rejects.toMatchObject({
    code: 'MLN_BAD_VALUE',
    message: 'the password hash of root has a colon or a blank',
    problems: [{ place: { line: 5 } }],
  });
});
