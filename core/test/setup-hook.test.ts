import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeEach, expect, jest, test } from '@jest/globals';
import { main } from '../src/cli/main.js';
import { isAccount, makeAccount } from '../src/setup/accounts.js';
import { apply, removeAll } from '../src/setup/apply.js';
import { leftovers, look } from '../src/setup/look.js';
import type { Item } from '../src/setup/items.js';
import { readRecord } from '../src/setup/record.js';
import { fakeShell } from '../../test/support/examine.js';
import { scratchFolder } from './scratch.js';

/* What a plug-in adds to what mln setup makes: by the named hook, which a lone file finds too. */

const folder = scratchFolder();
const distribution = join(folder, 'mln.config.json');
writeFileSync(distribution, JSON.stringify({ plugins: ['@site/gate'] }));
mkdirSync(join(folder, 'node_modules/@site/gate'), { recursive: true });
writeFileSync(
  join(folder, 'node_modules/@site/gate/package.json'),
  JSON.stringify({
    name: '@site/gate',
    version: '1.0.0',
    type: 'module',
    exports: './gate.js',
    mln: {
      api: '^1.0.0',
      options: { type: 'object', properties: { door: { type: 'string', description: 'Which door is open.' } } },
    },
  }),
);
writeFileSync(
  join(folder, 'node_modules/@site/gate/gate.js'),
  `export default (mln, { door = 'front' }) => {
    mln.hook('setup').tapPromise('gate', async (setup) => {
      if (setup.kind !== 'service-host') return;
      setup.configure('@site/gate', { name: 'door', value: door, chosen: true });
      setup.add(
        { kind: 'file', what: 'keys', path: setup.places.configuration + '/keys', text: setup.serviceHost + ' ', own: true },
        { kind: 'account', what: 'keeper', path: 'user keeper', account: 'user', name: 'keeper' },
      );
      setup.addUnit('gate.service', setup.head + setup.pathLine + '\\nExecStart=' + setup.commandLine('gate', 'a b') + '\\n');
      setup.note('the gate is to be oiled');
    });
  };`,
);

let prefix = '';
beforeEach(() => {
  prefix = join(scratchFolder(), 'stage');
});

async function run(...args: readonly string[]): Promise<{ exit: number; stdout: string; stderr: string }> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((chunk: string | Uint8Array) => {
      said[name] += stripVTControlCharacters(String(chunk));
      return true;
    }),
  );
  try {
    const words = ['--config', distribution, 'setup', '--prefix', prefix, ...args];
    return { exit: await main(words, { version: '1.0.0', configuration: distribution }), ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const read = (path: string): string => readFileSync(join(prefix, path), 'utf8');

test('a plug-in adds files, a unit, its options and a note; a second run changes nothing', async () => {
  const first = await run('--service-host', 'gw');
  expect(first).toMatchObject({ exit: 0, stderr: expect.stringContaining('· the gate is to be oiled\n') });
  expect(first.stderr).toContain('· units call mln as: ');
  expect(read('etc/mln/keys')).toBe('gw ');
  expect(read('etc/mln/mln.config.yaml')).toMatch(
    /^plugins:\n- "standard"\n- - "@site\/gate"\n {2}-\n {4}# Which door is open.\n {4}door: "front"\n/m,
  );
  expect(read('usr/lib/systemd/system/gate.service')).toMatch(/^Environment=PATH=.*\nExecStart=\/.* gate "a b"\n$/m);
  writeFileSync(join(prefix, 'etc/mln/keys'), 'mine');
  expect((await run('--service-host', 'gw')).stdout).toContain('nothing is to be done');
  expect(read('etc/mln/keys')).toBe('mine');
  expect((await run('--service-host', 'gw', '--remove')).stdout).toContain(`holds something: ${prefix}/etc/mln/keys\n`);
});

test('a configuration that is there and does not list the plug-in is shown what to add', async () => {
  const path = join(prefix, 'etc/mln/mln.config.json');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '{ "service_host": "gw", "plugins": ["standard"] }');
  const added = async (): Promise<unknown> =>
    (JSON.parse((await run('--service-host', 'gw', '--json')).stdout) as { add: unknown }).add;
  expect(await added()).toEqual(['plugins:\n- "standard"\n- - "@site/gate"\n  -\n    door: "front"']);
  writeFileSync(path, '{ "service_host": "gw", "plugins": ["standard", ["@site/gate", { "door": "back" }]] }');
  expect(await added()).toEqual([]);
});

const user: Item & { kind: 'account' } = {
  kind: 'account',
  what: 'keeper',
  path: 'user keeper',
  account: 'user',
  name: 'keeper',
};
const group: Item & { kind: 'account' } = { ...user, path: 'group doors', account: 'group', name: 'doors' };

test('users and groups are made where there are none, remembered where setup made them, and left when it is removed', async () => {
  const asked: string[] = [];
  const there = new Set(['group doors']);
  const shell = fakeShell((program, args) => {
    asked.push([program, ...args].join(' '));
    const name = args.at(-1) ?? '';
    const key = `${program === 'groupadd' || args[0] === 'group' ? 'group' : 'user'} ${name}`;
    if (program === 'getent') return { exitCode: there.has(key) ? 0 : 2 };
    there.add(key);
    return { exitCode: 0 };
  });
  const record = join(prefix, 'setup.json');
  const folders = { projects: '/p', templates: '/t', files: '/f' };
  const choice = { kind: 'service-host', serviceHost: 'gw', boot: false, folders } as const;
  const once = async (): Promise<readonly string[]> => {
    const before = await readRecord(record);
    const seen = await look([user, group], before, shell);
    const work = { choice, seen, leftovers: await leftovers([], before), before, record, prefix, shell };
    await apply(work);
    return seen.map(({ state }) => state);
  };
  mkdirSync(prefix);
  expect(await once()).toEqual(['missing', 'ok']);
  expect(asked.filter((each) => !each.startsWith('getent'))).toEqual([
    'useradd --system --user-group --home-dir /nonexistent --no-create-home --shell /bin/false --comment keeper keeper',
  ]);
  expect(await once()).toEqual(['ok', 'ok']);
  const { wrote } = (await readRecord(record)) ?? { wrote: {} };
  expect(wrote).toMatchObject({ 'user keeper': ['account'] });
  expect(Object.keys(wrote)).not.toContain('group doors');
  expect(await removeAll(wrote, record, false)).toMatchObject({ left: [], accounts: ['user keeper'] });
});

test('a group is made by groupadd; that nothing is known of an account is an error', async () => {
  const asked: string[] = [];
  await makeAccount(
    group,
    fakeShell((program, args) => {
      asked.push([program, ...args].join(' '));
      return { exitCode: 0 };
    }),
  );
  expect(asked).toEqual(['groupadd --system doors']);
  await expect(
    isAccount(
      user,
      fakeShell(() => null),
    ),
  ).rejects.toThrow('getent');
});
