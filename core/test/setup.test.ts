import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { main } from '../src/cli/main.js';
import { scratchFolder } from './scratch.js';

/* Whole command lines, below a prefix: nothing of the machine is touched. */

const folder = scratchFolder();
const configuration = join(folder, 'mln.config.json');
const ran = join(folder, 'ran');
writeFileSync(configuration, JSON.stringify({ plugins: ['./fake.mjs'] }));
writeFileSync(
  join(folder, 'fake.mjs'),
  `import { appendFileSync } from 'node:fs';
  export const manifest = { name: 'fake', version: '1.0.0', api: '^1.0.0' };
  export default (mln) => {
    mln.hooks.commands.tap('fake', (commands) => {
      commands.add({ name: 'greet', summary: 'Greets.', run: async () => 0 });
    });
    mln.hook('doctor').tapPromise('fake', async (checks) => {
      const check = (id, more) => ({
        id, group: 'fake', title: id, need: 'always', ...more,
        run: async () => {
          appendFileSync(${JSON.stringify(ran)}, id + ' ');
          return { state: 'missing', detail: id, packages: [id + '-package'] };
        },
      });
      checks.add(check('program', { light: true }), check('guest', {}));
    });
  };`,
);

interface Said {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Told {
  readonly for: string;
  readonly boot: boolean;
  readonly complete: boolean;
  readonly items: readonly { readonly what: string; readonly path: string; readonly state: string }[];
  readonly add: readonly string[];
  readonly packages: readonly string[];
}

let prefix = '';
let version = '1.0.0';
let mask = 0;
const variables = ['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'HOME'] as const;
const before = Object.fromEntries(variables.map((name) => [name, process.env[name]]));

beforeEach(() => {
  prefix = join(scratchFolder(), 'stage');
  version = '1.0.0';
  for (const name of variables) Reflect.deleteProperty(process.env, name);
  process.env['HOME'] = '/home/ada';
  // Whatever the caller keeps from others, what setup makes is for all.
  mask = process.umask(0o077);
});

afterEach(() => {
  process.umask(mask);
  for (const name of variables) if (before[name] !== undefined) process.env[name] = before[name];
});

async function run(...args: readonly string[]): Promise<Said> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((chunk: string | Uint8Array) => {
      said[name] += stripVTControlCharacters(String(chunk));
      return true;
    }),
  );
  try {
    const words = ['--config', configuration, 'setup', '--prefix', prefix, ...args];
    return { exit: await main(words, { version, configuration }), ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

async function told(...args: readonly string[]): Promise<Told & { readonly exit: number }> {
  const { exit, stdout } = await run(...args, '--json');
  return { exit, ...(JSON.parse(stdout) as Told) };
}

/** The states that are among what was told, without those that are as they should be. */
function states({ items }: Told): Readonly<Record<string, string>> {
  return Object.fromEntries(
    items.filter(({ state }) => state !== 'ok').map(({ path, state }) => [path.slice(prefix.length), state]),
  );
}

/** Everything below the prefix: modes, texts, where links lead, and when it was last changed. */
function everything(): Readonly<Record<string, readonly unknown[]>> {
  if (!existsSync(prefix)) return {};
  return Object.fromEntries(
    readdirSync(prefix, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => {
        const path = join(prefix, name);
        const found = lstatSync(path);
        const content = found.isSymbolicLink()
          ? readlinkSync(path)
          : found.isFile()
            ? readFileSync(path, 'utf8')
            : null;
        return [name, [(found.mode & 0o777).toString(8), found.mtimeMs, found.ino, content]];
      }),
  );
}

test.each([['--user'], ['--system'], ['--service-host=gw']])(
  '%s: a second run changes nothing, and says so',
  async (kind) => {
    expect((await told(kind, '--check')).exit).toBe(1);
    expect(everything()).toEqual({});
    const first = await told(kind, '--boot');
    expect(first).toMatchObject({ exit: 0, complete: false, boot: true });
    expect(new Set(first.items.map(({ state }) => state))).toEqual(new Set(['missing']));
    const made = everything();
    expect(await told(kind, '--check')).toMatchObject({ exit: 0, complete: true, boot: true });
    const { exit, stdout } = await run(kind);
    expect([exit, stdout.trim().split('\n').at(-1)]).toEqual([0, 'Everything is there; nothing is to be done.']);
    expect(everything()).toEqual(made);
    for (const { path } of first.items) expect(existsSync(dirname(path))).toBe(true);
  },
);

test('the verbs of plug-ins have their pages', async () => {
  await run('--system');
  expect(readFileSync(join(prefix, 'usr/share/man/man1/mln-greet.1'), 'utf8')).toContain('mln\\-greet \\- Greets');
});

test('what others may read has its mode, and what they may not read too, whatever the umask is', async () => {
  await run('--system', '--boot');
  const modes = ['etc/mln', 'var/lib/mln/projects', 'etc/mln/mln.config.yaml', 'usr/share/man/man1/mln.1'].map((path) =>
    (statSync(join(prefix, path)).mode & 0o777).toString(8),
  );
  expect(modes).toEqual(['755', '700', '644', '644']);
  expect(process.umask(0o077)).toBe(0o077);
});

test('what somebody changed is kept, by --remove too', async () => {
  await run('--system');
  const path = '/usr/share/bash-completion/completions/mln';
  appendFileSync(join(prefix, path), '# mine\n');
  writeFileSync(join(prefix, 'var/lib/mln/projects/ring'), 'a project');
  expect(states(await told('--system'))).toEqual({ [path]: 'changed' });
  expect((await told('--system', '--check')).exit).toBe(0);
  const { exit, stdout } = await run('--remove', '--system');
  expect(exit).toBe(0);
  expect(stdout).toContain(`left, it is changed or holds something: ${prefix}${path}\n`);
  expect(Object.keys(everything())).toEqual([
    'usr',
    'usr/share',
    'usr/share/bash-completion',
    'usr/share/bash-completion/completions',
    'usr/share/bash-completion/completions/mln',
    'var',
    'var/lib',
    'var/lib/mln',
    'var/lib/mln/projects',
    'var/lib/mln/projects/ring',
  ]);
  expect((await run('--remove', '--system')).stdout).toBe('There is nothing that setup wrote.\n');
});

test('what nobody changed is taken away, and before that told', async () => {
  await run('--user', '--boot');
  const made = everything();
  const dry = await run('--user', '--remove', '--dry-run');
  expect(everything()).toEqual(made);
  const { stdout } = await run('--user', '--remove');
  expect(stdout).toBe(dry.stdout.replaceAll('would be removed', 'removed'));
  expect(everything()).toEqual({});
});

test('what somebody else put there is kept, and named', async () => {
  const path = '/usr/share/fish/vendor_completions.d/mln.fish';
  mkdirSync(dirname(join(prefix, path)), { recursive: true });
  writeFileSync(join(prefix, path), 'theirs');
  const first = await told('--system');
  expect([first.exit, states(first)[path]]).toEqual([3, 'foreign']);
  expect(readFileSync(join(prefix, path), 'utf8')).toBe('theirs');
  expect((await told('--system', '--check')).exit).toBe(1);
  await run('--system', '--remove');
  expect(Object.keys(everything()).at(-1)).toBe(path.slice(1));
});

test('what another version wrote is outdated, and made anew', async () => {
  await run('--system');
  version = '2.0.0';
  const check = await told('--system', '--check');
  expect(check.exit).toBe(1);
  expect(states(check)['/usr/share/man/man1/mln.1']).toBe('outdated');
  await run('--system');
  expect(readFileSync(join(prefix, 'usr/share/man/man1/mln.1'), 'utf8')).toContain('"mln 2.0.0"');
  expect((await told('--system', '--check')).exit).toBe(0);
});

test('what is no longer wanted is taken away', async () => {
  await run('--system', '--boot');
  const unit = '/usr/lib/systemd/system/mln.service';
  expect(existsSync(join(prefix, unit))).toBe(true);
  const check = await told('--system', '--no-boot', '--check');
  expect([check.exit, states(check)[unit]]).toEqual([1, 'leftover']);
  await run('--system', '--no-boot');
  expect(existsSync(join(prefix, unit))).toBe(false);
  expect(await told('--check')).toMatchObject({ exit: 0, for: 'system', boot: false });
});

test('a configuration that is there stays, whatever its name is, and what it lacks is told', async () => {
  const path = join(prefix, 'etc/mln/mln.config.json');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '{ "projects": "../../srv", "stop_wait": 5 }');
  const first = await told('--service-host', 'gw', '-P', '/srv/p');
  expect(first.add).toEqual(['projects: "/srv/p"', 'service_host: "gw"']);
  expect(readdirSync(dirname(path))).toEqual(['mln.config.json']);
  expect((await told('--check')).exit).toBe(1);
  writeFileSync(path, '{ "projects": "/srv/p", "service_host": "gw" }');
  expect(await told('--check')).toMatchObject({ exit: 0, for: 'service-host', add: [] });
  expect(statSync(join(prefix, 'srv/p')).isDirectory()).toBe(true);
});

test('--dry-run shows what would be written, and writes nothing', async () => {
  const { exit, stdout } = await run('--service-host', 'gw', '--boot', '--dry-run');
  expect(exit).toBe(0);
  expect(stdout).toContain('\n    service_host: "gw"\n');
  expect(stdout).toContain('\n    WantedBy=multi-user.target\n');
  expect(stdout).toMatch(/^✓ would be made +2 manual pages +\S+man5\/$/m);
  expect(existsSync(prefix)).toBe(false);
});

test('a service host for which no plug-in has a daemon is told so', async () => {
  expect((await run('--service-host', 'gw')).stderr).toContain('no plug-in here answers for a service host');
});

test('programs are looked for, and nothing else is tried out', async () => {
  rmSync(ran, { force: true });
  expect((await told('--system', '--check')).packages).toEqual(['program-package']);
  expect(readFileSync(ran, 'utf8')).toBe('program ');
  expect((await run('--system')).stderr).toContain('apt-get install program-package\n');
});

test.each([[['--user', '--system']], [['--service-host', 'a b']], [['--check', '--remove']]])(
  '%j cannot be meant',
  async (args) => {
    expect(await run(...args)).toMatchObject({ exit: 64, stderr: expect.stringContaining('MLN_USAGE') });
    expect(existsSync(prefix)).toBe(false);
  },
);

test.each([
  ['{', 'JSON'],
  ['{ "version": 2, "choice": {}, "wrote": {} }', 'version'],
  ['{ "version": 1, "choice": { "kind": "all" }, "wrote": {} }', 'choice.kind'],
])('the record %s cannot be understood, which is an error that names it', async (text, what) => {
  const record = join(prefix, 'var/lib/mln/setup.json');
  mkdirSync(dirname(record), { recursive: true });
  writeFileSync(record, text);
  const { exit, stderr } = await run('--system');
  expect([exit, stderr]).toEqual([1, expect.stringContaining(record)]);
  expect(stderr).toContain(what);
});

test('a file where a folder has to be is told of before anything is made', async () => {
  mkdirSync(prefix);
  writeFileSync(join(prefix, 'usr'), '');
  const { exit, stderr } = await run('--system');
  expect([exit, stderr]).toEqual([1, expect.stringContaining(`${prefix}/usr is in the way`)]);
  expect(Object.keys(everything())).toEqual(['usr']);
});
