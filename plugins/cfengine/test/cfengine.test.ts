import { expect, test } from '@jest/globals';
import type { Host } from '@mln/core';
import cfengine from '@mln/plugin-cfengine';
import uml from '@mln/plugin-uml';
import { readProject } from '../../../core/src/read-project.js';
import { after, type Files } from '../../../core/test/fake-guest.js';
import { testKernel } from '../../../test/support/test-kernel.js';

type Options = Readonly<Record<string, unknown>>;

interface Around {
  readonly options?: Options;
  /** What lies in the guest before. */
  readonly files?: Files;
  /** The hosts as they were last built. */
  readonly before?: string;
}

/** What lies in the guest of the first host when it is configured. */
async function guest(body: string, { options = {}, files = {}, before }: Around = {}): Promise<string[]> {
  const mln = await testKernel([
    [cfengine, options],
    [uml, { default: true }],
  ]);
  const first = async (each: string): Promise<Host> => {
    const { project } = await readProject(mln, '/x.mln', { text: `global { project p; $interval = 30 }\n${each}` });
    const [host] = project.hosts;
    if (!host) throw new Error('there is no host');
    return host;
  };
  const host = await first(body);
  const previous = before === undefined ? null : await first(before);
  const taps = mln.hooks.configureFilesystem.taps.filter(({ name }) => name === 'cfengine');
  return after(files, async (each) => {
    for (const { fn } of taps) await (fn as (...args: unknown[]) => Promise<void>)(each, host, previous);
  });
}

/** The outline of a guest with a policy and nothing else. */
const policy = (text: string, path = '/cfengine/inputs/cfagent.conf'): Promise<string[]> =>
  after({}, (each) => each.write(path, text));

const texts: readonly [what: string, body: string, expected: string][] = [
  [
    'the paper’s: that of a superclass, then that of the host, as they are written',
    `superclass common {
  cfagent {
    control:
      any::
        actionsequence =
        (
          shellcommands
          processes
        )
  }
}
host agent {
  superclass common
  cfagent {
    shellcommands:
      "/usr/bin/updatedb"
    processes:
      "cron" signal=hup
  }
}`,
    `control:
  any::
    actionsequence =
    (
      shellcommands
      processes
    )
shellcommands:
  "/usr/bin/updatedb"
processes:
  "cron" signal=hup
`,
  ],
  ['on one line', 'host a { cfagent { processes: "cron" } }', 'processes: "cron"\n'],
  [
    'variables of mln count, those of CFEngine stay',
    'host a {\n  cfagent {\n    IfElapsed = ( $interval )\n    $(sys_host)/$[hostname] ${x}\n  }\n}',
    'IfElapsed = ( 30 )\n$(sys_host)/a ${x}\n',
  ],
  ['comments and braces', 'host a {\n  cfagent {\n    # x; {\n    a { b; }\n  }\n}', '# x; {\na { b; }\n'],
  [
    'reset takes the inherited one away',
    'superclass s { cfagent { a } }\nhost h {\n  superclass s\n  cfagent {\n    reset\n    b\n  }\n}',
    'b\n',
  ],
];

test.each(texts)('%s', async (_, body, expected) => {
  expect(await guest(body)).toEqual(await policy(expected));
});

test.each([
  'host a { }',
  'host a { cfagent { } }',
  'superclass s { cfagent { a } }\nhost h { superclass s; cfagent { reset } }',
])('%s has no policy', async (body) => {
  expect(await guest(body)).toEqual([]);
});

test('the file may lie elsewhere', async () => {
  expect(await guest('host a { cfagent { x } }', { options: { path: '/etc/policy' } })).toEqual(
    await policy('x\n', '/etc/policy'),
  );
});

test.each(['', 'relative', 5, null])('the path %j is refused', async (path) => {
  await expect(guest('host a { }', { options: { path } })).rejects.toMatchObject({ code: 'MLN_BAD_CONFIGURATION' });
});

const path = '/cfengine/inputs/cfagent.conf';

/** A guest as it was built, and the host as it is now. */
const upgrades: readonly [body: string, before: string, gone: boolean][] = [
  ['host a { }', 'host a { cfagent { old } }', true],
  ['host a { cfagent { } }', 'host a { cfagent { old } }', true],
  ['host a { }', 'host a { }', false],
];

test.each(upgrades)('%s after %s', async (body, before, gone) => {
  const left = await guest(body, { files: { [path]: 'old\n', '/cfengine/other': '' }, before });
  expect(left.some((line) => line.includes(path))).toBe(!gone);
  expect(left.some((line) => line.includes('/cfengine/other'))).toBe(true);
});

test('a new policy takes the place of the old one', async () => {
  const files = { [path]: 'old\n' };
  const left = await guest('host a { cfagent { new } }', { files, before: 'host a { cfagent { old } }' });
  expect(left.join('\n')).toContain('new');
  expect(left.join('\n')).not.toContain('old');
});
