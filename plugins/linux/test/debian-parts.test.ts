import { expect, test } from '@jest/globals';
import { tellFailure } from '../src/debian-failure.js';
import { chooseMode } from '../src/debian-mode.js';
import { readAsked } from '../src/debian-options.js';
import { buildCommand, type Mode } from '../src/debian-script.js';
import { findSources, mirrorsIn, ownSuite, withoutSecrets } from '../src/debian-sources.js';
import { fakes, fakeShell, namespaces, newuidmap, there, type Answer } from './fake-shell.js';

/* The parts of the recipe, each by itself. */

const wanted = {
  suite: 'stable',
  packages: ['a', 'b'],
  sources: false,
  size: null,
  image: '/t/new/image',
  folder: '/t/f',
};

test.each([
  ['root', /^--pdeathsig KILL unshare --mount --pid --fork --kill-child sh -c/, '--mode=root'],
  ['unshare', /^--pdeathsig KILL unshare --map-root-user --map-auto --mount .*? sh -c/, '--mode=root'],
  ['fakechroot', /^--pdeathsig TERM setsid sh -c/, '--mode=fakechroot'],
] as const)('%s: mmdebstrap is told what to make', (mode, head, own) => {
  const [program, args] = buildCommand(mode, { ...wanted, sources: true, size: 2 ** 28 });
  expect(program).toBe('setpriv');
  expect(args.join(' ')).toMatch(head);
  const words = args.slice(args.indexOf('sh', args.indexOf('-c')));
  expect(words.slice(0, 5)).toEqual(['sh', '/t/f', '/t/new/image', '268435456', own]);
  expect(words).toEqual(expect.arrayContaining(['--variant=minbase', '--include=a,b']));
  expect(words.slice(-3)).toEqual(['stable', '/t/f/root', '-']);
});

test('without sources mmdebstrap is not made to read any', () => {
  expect(buildCommand('unshare', wanted)[1].slice(-2)).toEqual(['stable', '/t/f/root']);
});

test.each<[mode: Mode, uid: number, answers: Answer[], why: RegExp | null]>([
  ['unshare', 1000, [there, namespaces], null],
  ['root', 0, [there, namespaces], null],
  ['fakechroot', 1000, [there, fakes], /newuidmap is not installed/],
  ['fakechroot', 1000, [there, fakes, newuidmap], /has no subordinate ids/],
  ['fakechroot', 1000, [there, fakes, newuidmap, { match: /^grep/ }], /no user namespaces/],
  ['fakechroot', 0, [there, fakes], /no mount namespaces/],
])('%s is chosen by user %i', async (mode, uid, answers, why) => {
  const chosen = await chooseMode(fakeShell(...answers), uid);
  expect(chosen.mode).toBe(mode);
  if (why === null) expect(chosen.why).toBeNull();
  else expect(chosen.why).toMatch(why);
});

test('where no way is open, it says what would open one', async () => {
  await expect(chooseMode(fakeShell(there, newuidmap), 1000)).rejects.toMatchObject({
    code: 'MLN_NOT_ALLOWED',
    problems: [{ hint: expect.stringMatching(/usermod --add-subuids .*apt-get install fakechroot/) }],
  });
  await expect(chooseMode(fakeShell(), 1000)).rejects.toThrow(/^mmdebstrap/);
});

test('sources are those of the machine for this suite, and no others', async () => {
  const stdout = [
    'http://one.example/debian/ stable main Debian',
    'http://one.example/debian/ stable contrib Debian',
    'http://one.example/security/ stable-security main Debian',
    'http://two.example/tools/ stable main Tools',
    'http://one.example/debian/ testing main Debian',
    'cdrom://disc/ stable main $(ORIGIN)',
  ].join('\n');
  const shell = fakeShell({ match: /^apt-get indextargets/, stdout });
  expect(await findSources(shell, 'stable', undefined)).toBe(
    'deb http://one.example/debian/ stable main\ndeb http://one.example/security/ stable-security main\n',
  );
  expect(await findSources(shell, 'sid', undefined)).toBeNull();
  expect(await findSources(fakeShell(), 'stable', undefined)).toBeNull();
  expect(await findSources(fakeShell(), 'sid', 'http://three.example/debian')).toBe(
    'deb http://three.example/debian sid main\n',
  );
});

test('secrets in addresses are left out', () => {
  expect(withoutSecrets('E: http://jack:p%40ss@mirror.example/debian, http://other.example/a@b')).toBe(
    'E: http://mirror.example/debian, http://other.example/a@b',
  );
  expect(
    mirrorsIn('deb [trusted=yes] http://j:p@m.example/ a main\ndeb http://m.example/ b main\n# deb x y z\n'),
  ).toEqual(['http://m.example/']);
});

test.each([
  ['ID=debian\nVERSION_CODENAME=trixie\n', 'trixie'],
  ['ID=ubuntu\nVERSION_CODENAME=noble\nID_LIKE=debian\n', 'stable'],
  ['', 'stable'],
])('the suite of %j', (osRelease, suite) => {
  expect(ownSuite(osRelease)).toBe(suite);
});

test('options are read', () => {
  const asked = readAsked(
    { init: 'systemd', packages: 'less,,vim/stable', size: '1G', mirror: 'http://m.example/' },
    'sid',
  );
  expect(asked).toMatchObject({
    suite: 'sid',
    packages: ['less', 'vim/stable'],
    size: 2 ** 30,
    mirror: 'http://m.example/',
  });
  expect(asked.init.name).toBe('systemd');
  expect(readAsked({}, 'sid')).toMatchObject({ packages: [], size: null, mirror: undefined, init: { name: 'quick' } });
});

test.each([
  [{ init: 'systmd' }, 'did you mean systemd?'],
  [{ init: 'nothing-like-it' }, 'there are quick, sysvinit, systemd'],
])('%j is refused', (options, hint) => {
  expect(() => readAsked(options, 'sid')).toThrow(
    expect.objectContaining({ code: 'MLN_USAGE', problems: [expect.objectContaining({ hint })] }),
  );
});

test.each([{ packages: 'a;b' }, { packages: '--x' }, { suite: '../x' }, { mirror: 'here' }, { size: 'big' }])(
  '%j is refused',
  (options) => {
    expect(() => readAsked(options, 'sid')).toThrow(expect.objectContaining({ code: 'MLN_USAGE' }));
  },
);

const failed = { exitCode: 25, mode: 'unshare', wanted } as const;

test.each([
  [
    [
      'I: installing',
      'E: Unable to locate package nosuch',
      'E: apt-get --yes install failed',
      'E: setup failed: E: x',
      'E: mmdebstrap failed to run',
    ],
    {
      code: 'MLN_COMMAND_FAILED',
      message: 'Debian stable cannot be built: Unable to locate package nosuch',
      hint: /--packages/,
    },
  ],
  [
    ['E: Failed to fetch http://m.example/x  Could not connect'],
    { code: 'MLN_COMMAND_FAILED', message: /Could not connect/, hint: /--mirror/ },
  ],
  [
    ['tar: write: No space left on device'],
    { code: 'MLN_NO_SPACE', message: /^the memory for packages is full/, hint: /half of the memory/ },
  ],
  [
    ['I: writing the image...', 'mke2fs: No space left on device'],
    { code: 'MLN_NO_SPACE', message: /^the disk of \/t is full: mke2fs/, hint: /free some/ },
  ],
  [
    ['E: the packages need a filesystem of 120 MiB'],
    { code: 'MLN_COMMAND_FAILED', message: /120 MiB/, hint: /--size/ },
  ],
  [[], { code: 'MLN_COMMAND_FAILED', message: /it ended with 25/, hint: undefined }],
])('what %j is told as', (said, { code, message, hint }) => {
  const error = tellFailure({ ...failed, said });
  expect(error).toMatchObject({ code });
  expect(error.message).toMatch(message);
  const [problem] = (error as Error & { problems: { hint?: string }[] }).problems;
  if (hint === undefined) expect(problem?.hint).toBeUndefined();
  else expect(problem?.hint).toMatch(hint);
});
