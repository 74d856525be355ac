import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from '@jest/globals';
import autoenum from '@mln/plugin-autoenum';
import { tryPlugin, type Tried } from '../core/src/testing.js';
import { scratchFolder } from '../core/test/scratch.js';

/* The plug-ins of examples/plugins, loaded as mln loads them, on a machine in memory. */

const folder = join(import.meta.dirname, '../examples/plugins');
const scratch = scratchFolder();

test.each(readdirSync(folder).filter((name) => name.endsWith('.js')))('%s has fewer than 60 lines', (name) => {
  expect(readFileSync(join(folder, name), 'utf8').split('\n').length).toBeLessThanOrEqual(60);
});

describe('operation-log', () => {
  const plugin = join(folder, 'operation-log.js');
  const ring = 'global { project ring }\nhost a { network eth0 { switch lan } }\nhost b { }\nswitch lan { }';
  let number = 0;
  let file: string;
  beforeEach(() => {
    file = join(scratch, `log${(number += 1)}`);
  });

  /** The lines of the log, with its users and times as NAME and TIME. */
  const lines = (): string[] =>
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ /, 'TIME NAME '));

  test('tells of a start and a stop, and of each unit', async () => {
    const tried = await tryPlugin(plugin, ring, { options: { file } });
    await tried.start({ failing: ['b'] });
    await tried.stop({ hosts: ['a'] });
    const told = lines();
    expect(told[0]).toBe('TIME NAME start ring: begun');
    expect(told.filter((line) => !line.endsWith(' begun'))).toEqual([
      'TIME NAME start ring lan: done',
      'TIME NAME start ring a: done',
      expect.stringMatching(/^TIME NAME start ring b: failed, b: .+ was to fail/),
      expect.stringMatching(/^TIME NAME start ring: failed, b: /),
      'TIME NAME stop ring a: done',
      'TIME NAME stop ring: done',
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  test('an operation goes on where the log cannot be written; the user is told once', async () => {
    mkdirSync(file);
    const tried = await tryPlugin(plugin, ring, { options: { file } });
    expect((await tried.start()).failures).toEqual([]);
    expect((await tried.status()).get('b')?.state).toBe('up');
    expect(tried.log).toEqual([expect.stringMatching(/^operation-log: .*EISDIR/)]);
  });

  test('lines of many processes that log at once do not mix', async () => {
    const script = `
      const { default: plugin } = await import(${JSON.stringify(plugin)});
      let tap;
      const event = { tap: (name, each) => (tap = each) };
      plugin({ folders: { projects: '/' }, hooks: { event }, core: {} }, { file: process.argv[1] });
      const operation = { name: 'start', user: 'jack'.repeat(50) };
      for (let unit = 0; unit < 200; unit += 1)
        tap({ operation, project: process.argv[2], unit: String(unit), at: 'now', state: 'done', error: null });`;
    const run = (project: number) =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, file, String(project)]);
    await Promise.all([0, 1, 2, 3, 4, 5].map(run));
    const expected = [0, 1, 2, 3, 4, 5].flatMap((project) =>
      Array.from({ length: 200 }, (_, unit) => `now ${'jack'.repeat(50)} start ${project} ${unit}: done`),
    );
    expect(lines().sort()).toEqual(expected.sort());
  });

  test('a message of several lines is one line of the log', async () => {
    const { mln } = await tryPlugin(plugin, ring, { options: { file } });
    const error = { severity: 'error', code: 'MLN_IO', message: 'one\n  two' } as const;
    const operation = { id: '', name: 'start', user: 'jack', at: '', options: {} };
    mln.hooks.event.call({ operation, project: 'ring', unit: null, at: 'now', state: 'failed', error });
    expect(readFileSync(file, 'utf8')).toBe('now jack start ring: failed, one two\n');
  });

  test.each([{ file: 5 }, { files: 'x' }])('the options %j are refused', async (options) => {
    await expect(tryPlugin(plugin, ring, { options })).rejects.toMatchObject({ code: 'MLN_PLUGIN_OPTIONS' });
    expect(existsSync(file)).toBe(false);
  });
});

describe('free-addresses', () => {
  const plugin = join(folder, 'free-addresses.js');
  const head = (project: string): string => `global { project ${project} }\nswitch lan { }\n`;
  /** A host with this in its network block. */
  const host = (name: string, ...inside: string[]): string =>
    `host ${name} {\n  network eth0 {\n    switch lan\n    ${inside.join('\n    ')}\n  }\n}\n`;
  const addressesOf = ({ project }: Tried): Record<string, string> =>
    Object.fromEntries(
      project.hosts.map(({ name, interfaces }) => [
        name,
        interfaces.flatMap((each) => each.addresses.map(({ address, prefix }) => `${address}/${prefix}`)).join(' '),
      ]),
    );
  const other =
    head('other') + host('x', 'address 10.0.0.1/29') + host('y', 'address 10.0.0.3/29', 'address 10.9.0.1/24');

  /** What is asked, and what is printed. */
  const verbs: readonly [network: string, stdout: string][] = [
    ['10.0.0.0/29', '10.0.0.2\n10.0.0.4\n10.0.0.5\n10.0.0.6\n'],
    ['10.0.0.5/30', '10.0.0.5\n10.0.0.6\n'],
    ['10.0.0.2/31', '10.0.0.2\n'],
    ['10.0.0.3/32', ''],
  ];

  test.each(verbs)('mln free-addresses %s', async (network, stdout) => {
    const tried = await tryPlugin(plugin, head('p'), { built: [other] });
    expect(await tried.run('free-addresses', [network])).toEqual({ exit: 0, stdout, stderr: '' });
    const free = stdout.split('\n').filter((line) => line !== '');
    expect(JSON.parse((await tried.run('free-addresses', [network], { json: true })).stdout)).toEqual({
      network,
      free,
    });
  });

  test.each(['10.0.0.0', '2001:db8::/64', 'lan', ''])('mln free-addresses %j: that is no network', async (network) => {
    const tried = await tryPlugin(plugin, head('p'));
    const { exit, stdout, stderr } = await tried.run('free-addresses', [network]);
    expect({ exit, stdout }).toEqual({ exit: 65, stdout: '' });
    expect(stderr).toContain('MLN_BAD_ADDRESS');
  });

  const auto = 'address auto 10.0.0.0/29';
  /** The project, those that are built, and the addresses of its hosts. */
  const given: readonly [what: string, text: string, built: string[], expected: Record<string, string>][] = [
    [
      'each host gets one of its own, but none that is written or another project’s',
      head('p') + host('a', auto) + host('b', 'address 10.0.0.2/29', 'gateway 10.0.0.4') + host('c', auto),
      [other],
      { a: '10.0.0.5/29', b: '10.0.0.2/29', c: '10.0.0.6/29' },
    ],
    [
      'a host keeps its address, whoever comes before it',
      head('p') + host('a', auto) + host('b', auto) + host('c', auto),
      [head('p') + host('b', 'address 10.0.0.1/29') + host('gone', 'address 10.0.0.2/29')],
      { a: '10.0.0.2/29', b: '10.0.0.1/29', c: '10.0.0.3/29' },
    ],
    [
      'but not where another host is given it, or where it lies in another network',
      head('p') + host('a', 'address 10.0.0.1/29') + host('b', auto) + host('c', auto),
      [head('p') + host('b', 'address 10.0.0.1/29') + host('c', 'address 10.1.0.7/24')],
      { a: '10.0.0.1/29', b: '10.0.0.2/29', c: '10.0.0.3/29' },
    ],
    [
      'what a superclass says counts for each host, and the host’s own word before it',
      `${head('p')}superclass s {\n  network eth0 { switch lan; ${auto} }\n}
host a { superclass s }
host b { superclass s; network eth0 { mtu 1400 } }
host c { superclass s; network eth0 { address 10.0.0.1/29 } }\n`,
      [],
      { a: '10.0.0.2/29', b: '10.0.0.3/29', c: '10.0.0.1/29' },
    ],
    [
      'several interfaces, and variables',
      `global { project p; $net = 10.0.0.0/29 }
host $[project]-a { network eth0 { address auto $net; bridge $[project]-$hostname }; network eth1 { address auto $net } }\n`,
      [head('p') + 'host p-a { network eth1 { switch lan; address 10.0.0.1/29 } }'],
      { 'p-a': '10.0.0.2/29 10.0.0.1/29' },
    ],
  ];

  test.each(given)('%s', async (_, text, built, expected) => {
    expect(addressesOf(await tryPlugin(plugin, text, { built }))).toEqual(expected);
  });

  test('hosts that autoenum counts out are given addresses too', async () => {
    const text = `global { project p; autoenum { superclass node; numhosts 3 } }
superclass node { network eth0 { switch lan; ${auto} } }
switch lan { }`;
    const tried = await tryPlugin(plugin, text, { with: [autoenum] });
    expect(Object.values(addressesOf(tried))).toEqual(['10.0.0.1/29', '10.0.0.2/29', '10.0.0.3/29']);
  });

  test.each([
    ['address auto 10.0.0.1/32', 'has no free address left'],
    ['address auto 10.0.0.0', 'no network such as'],
    ['address auto', 'no network such as'],
  ])('%s cannot be: its line is told', async (line, message) => {
    const text = `${head('p')}host a {\n  network eth0 {\n    ${line}\n  }\n}\n`;
    await expect(tryPlugin(plugin, text, { built: [other], file: '/x.mln' })).rejects.toMatchObject({
      code: 'MLN_BAD_ADDRESS',
      message: expect.stringContaining(message),
      problems: [{ place: { file: '/x.mln', line: 5, column: 5 } }],
    });
  });
});
