import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, jest, test } from '@jest/globals';
import { main } from '../src/cli/main.js';
import { scratchFolder } from './scratch.js';

/* Whole command lines, with a plug-in whose checks find what its environment variable says. */

const folder = scratchFolder();
const configuration = join(folder, 'mln.config.json');
writeFileSync(configuration, JSON.stringify({ plugins: ['./fake.mjs', './broken.mjs'] }));
const manifest = (name: string): string =>
  `export const manifest = { name: '${name}', version: '1.0.0', api: '^1.0.0' };`;
// Files that cannot import the core find the hook by its name.
writeFileSync(
  join(folder, 'fake.mjs'),
  `${manifest('fake')}
  export default (mln) => {
    mln.hook('doctor').tapPromise('fake', async (checks) => {
      const check = (id, need, finding) => ({ id, group: 'guests of fake', title: id, need, run: async () => finding });
      const state = process.env.FAKE_STATE;
      checks.add(
        check('kernel', 'always', { state, detail: 'a kernel', packages: ['kernel', 'tools'] }),
        check('switch', 'always', { state, detail: 'a switch', packages: ['tools'] }),
        check('more', 'asked', { state: 'missing', detail: 'more', packages: ['more', 'tools'] }),
      );
    });
  };`,
);
writeFileSync(
  join(folder, 'broken.mjs'),
  `${manifest('broken')}
  export default (mln) => {
    mln.hook('doctor').tap('broken', () => {
      if (process.env.FAKE_STATE === 'broken') throw new Error('out of order');
    });
  };`,
);

interface Said {
  readonly exit: number;
  readonly stdout: string;
}

async function run(state: string, ...args: readonly string[]): Promise<Said> {
  let stdout = '';
  const spy = jest.spyOn(process.stdout, 'write').mockImplementation((chunk: string | Uint8Array) => {
    stdout += stripVTControlCharacters(String(chunk));
    return true;
  });
  process.env['FAKE_STATE'] = state;
  const folders = ['-P', join(folder, 'projects'), '-T', join(folder, 'templates'), '-F', join(folder, 'files')];
  try {
    const exit = await main(['--config', configuration, ...folders, 'doctor', ...args], {
      version: '7.8.9',
      configuration,
    });
    return { exit, stdout };
  } finally {
    spy.mockRestore();
    delete process.env['FAKE_STATE'];
  }
}

test.each([
  ['ok', [], 0],
  ['warning', [], 0],
  ['missing', [], 1],
  ['ok', ['kernel'], 0],
  ['ok', ['more'], 1],
  ['ok', ['fake.more'], 1],
  ['ok', ['fake'], 1],
  ['missing', ['core'], 0],
])('where a kernel is %s, mln doctor %j ends with %i', async (state, args, exit) => {
  expect((await run(state, ...args)).exit).toBe(exit);
});

test('what is to be installed stands below each check, and at the end in one line', async () => {
  const { stdout } = await run('missing', 'kernel', 'switch');
  expect(stdout).toBe(`guests of fake
  ✗ kernel  a kernel
            → apt-get install kernel tools
  ✗ switch  a switch
            → apt-get install tools

what is needed:  apt-get install kernel tools
`);
});

test('the core looks at Node, its plug-ins, the clock and its folders, and leaves nothing there', async () => {
  const before = readdirSync(folder);
  const { stdout } = await run('ok', '--json');
  const { items, ...document } = JSON.parse(stdout) as { items: readonly Record<string, string>[] };
  expect(document).toEqual({ apiVersion: 'mln/v1', kind: 'Doctor' });
  const core = items.filter(({ plugin }) => plugin === 'core');
  expect(core.map(({ check, state }) => `${check ?? ''} ${state ?? ''}`)).toEqual([
    'node ok',
    'version ok',
    'clock ok',
    'projects ok',
    'templates ok',
    'files ok',
    'temporary ok',
    expect.stringMatching(/^packed (ok|absent)$/),
    expect.stringMatching(/^signed (ok|absent)$/),
  ]);
  expect(core[1]?.['detail']).toBe('mln 7.8.9, plug-in API 1.0.0; fake 1.0.0, broken 1.0.0');
  expect(core[3]?.['detail']).toMatch(/projects \(not there yet\): \S+, \S+ \S+ .*free, holes, (no )?reflinks$/);
  expect(items.at(-1)).toEqual({
    group: 'guests of fake',
    plugin: 'fake',
    check: 'more',
    title: 'more',
    needed: false,
    state: 'absent',
    detail: 'more',
    remedy: 'apt-get install more tools',
  });
  expect(readdirSync(folder)).toEqual(before);
});

test('a plug-in that cannot tell its checks is named, and the others are run', async () => {
  const { exit, stdout } = await run('broken', '--json');
  const { items } = JSON.parse(stdout) as { items: readonly Record<string, string>[] };
  expect(exit).toBe(1);
  expect(items.map((each) => each['plugin'])).toContain('fake');
  expect(items.at(-1)).toMatchObject({
    plugin: 'broken',
    state: 'missing',
    detail: expect.stringContaining('out of order'),
  });
});

test('a name that nobody has is refused, with what it could be', async () => {
  const { exit, stdout } = await run('ok', 'kernle', '--json');
  expect([exit, JSON.parse(stdout)]).toMatchObject([
    64,
    { kind: 'Errors', items: [{ code: 'MLN_USAGE', hint: 'did you mean kernel?' }] },
  ]);
});
