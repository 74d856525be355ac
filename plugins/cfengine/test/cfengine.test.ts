import { expect, test } from '@jest/globals';
import { createGuest, type Host, type Mln, type Project } from '@mln/core';
import cfengine from '@mln/plugin-cfengine';
import uml from '@mln/plugin-uml';
import { planGuest } from '../../../core/src/guest-record.js';
import { readProject } from '../../../core/src/read-project.js';
import { memoryFilesystem } from '../../../core/src/testing/memory-filesystem.js';
import { after, type Files } from '../../../core/test/fake-guest.js';
import { testKernel } from '../../../test/support/test-kernel.js';

type Options = Readonly<Record<string, unknown>>;

interface Around {
  readonly options?: Options;
  /** What lies in the guest before. */
  readonly files?: Files;
}

const kernel = (options: Options): Promise<Mln> =>
  testKernel([
    [cfengine, options],
    [uml, { default: true }],
  ]);

async function read(mln: Mln, body: string): Promise<{ readonly project: Project; readonly host: Host }> {
  const { project } = await readProject(mln, '/x.mln', { text: `global { project p; $interval = 30 }\n${body}` });
  const [host] = project.hosts;
  if (!host) throw new Error('there is no host');
  return { project, host };
}

/** What lies in the guest of the first host when it is configured. */
async function guest(body: string, { options = {}, files = {} }: Around = {}): Promise<string[]> {
  const mln = await kernel(options);
  const { host } = await read(mln, body);
  const taps = mln.hooks.configureFilesystem.taps.filter(({ name }) => name === 'cfengine');
  return after(files, async (each) => {
    for (const { fn } of taps) await (fn as (...args: unknown[]) => Promise<void>)(each, host, null);
  });
}

const usual = '/cfengine/inputs/cfagent.conf';

/** The outline of a guest with these files, root's alone, and nothing else. */
const only = (files: Files): Promise<string[]> =>
  after({}, async (each) => {
    for (const [path, text] of Object.entries(files)) await each.write(path, text, { mode: 0o600 });
  });

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
    'host a {\n  cfagent {\n    IfElapsed = ( $interval )\n    $(sys_host)/$[hostname] ${x} $(interval)\n  }\n}',
    'IfElapsed = ( 30 )\n$(sys_host)/a ${x} $(interval)\n',
  ],
  ['comments and braces', 'host a {\n  cfagent {\n    # x; {\n    a { b; }\n  }\n}', '# x; {\na { b; }\n'],
  [
    'quotes, arrows, backslashes and empty lines',
    String.raw`host a {
  cfagent {
    bundle agent main
    {
      files:
        "/etc/x\.d/(.*)\.conf"
          edit_line => set("a \"b\" {", '}'),   # don't } touch
          comment => "C:\new; it's \\ fine";

      @if minimum_version(3.18)
    }
  }
}`,
    String.raw`bundle agent main
{
  files:
    "/etc/x\.d/(.*)\.conf"
      edit_line => set("a \"b\" {", '}'),   # don't } touch
      comment => "C:\new; it's \\ fine";

  @if minimum_version(3.18)
}
`,
  ],
  [
    'a brace without a partner, in a fence',
    'host a {\n  cfagent <<END\n    "one {\n      two"\n  END\n}',
    '"one {\n  two"\n',
  ],
  [
    'reset takes the inherited one away',
    'superclass s { cfagent { a } }\nhost h {\n  superclass s\n  cfagent {\n    reset\n    b\n  }\n}',
    'b\n',
  ],
];

test.each(texts)('%s', async (_, body, expected) => {
  expect(await guest(body)).toEqual(await only({ [usual]: expected }));
});

test.each([
  'host a { }',
  'host a { cfagent { } }',
  'superclass s { cfagent { a } }\nhost h { superclass s; cfagent { reset } }',
])('%s has no policy', async (body) => {
  expect(await guest(body, { options: { policy_server: 'cf.x.no' } })).toEqual([]);
});

const [policy3, server3] = ['/var/lib/cfengine3/inputs/promises.cf', '/var/lib/cfengine3/policy_server.dat'];

/** The options, and the files of a host with the policy x. */
const places: readonly [options: Options, expected: Files][] = [
  [{}, { [usual]: 'x\n' }],
  [{ version: 2, path: '/etc/policy' }, { '/etc/policy': 'x\n' }],
  [{ policy_server: 'cf.x.no' }, { [usual]: 'control:\n  policyhost = ( cf.x.no )\n\nx\n' }],
  [{ version: 3 }, { [policy3]: 'x\n' }],
  [
    { version: 3, policy_server: '10.0.0.1' },
    { [policy3]: 'x\n', [server3]: '10.0.0.1\n' },
  ],
  [
    { version: 3, policy_server: '10.0.0.1', path: '/var/cfengine/inputs/promises.cf' },
    { '/var/cfengine/inputs/promises.cf': 'x\n', '/var/cfengine/policy_server.dat': '10.0.0.1\n' },
  ],
  [
    { version: 3, policy_server: 'cf', path: '/etc/cf/x.cf' },
    { '/etc/cf/x.cf': 'x\n', '/etc/cf/policy_server.dat': 'cf\n' },
  ],
];

test.each(places)('with %j', async (options, expected) => {
  expect(await guest('host a { cfagent { x } }', { options })).toEqual(await only(expected));
});

/** CFEngine refuses what others may write. */
test('a file that everyone may write becomes root’s alone', async () => {
  const mln = await kernel({});
  const { project, host } = await read(mln, 'host a { cfagent { x } }');
  const base = memoryFilesystem({ [usual]: 'x\n' });
  await base.apply([{ do: 'attributes', path: usual, type: 'file', mode: 0o666, owner: 1000, group: 1000 }]);
  const each = createGuest(base, project);
  await mln.hooks.configureFilesystem.promise(each, host, null);
  expect(await each.entry(usual)).toMatchObject({ mode: 0o600, owner: 0, group: 0 });
});

/** A guest as it was built, and the host as it is now. */
const upgrades: readonly [body: string, before: string][] = [
  ['host a { }', 'host a { cfagent { old } }'],
  ['host a { cfagent { } }', 'host a { cfagent { old } }'],
  ['host a { cfagent { new } }', 'host a { cfagent { old } }'],
  ['host a { cfagent { new } }', 'host a { }'],
];

test.each(upgrades)('%s after %s', async (body, before) => {
  const mln = await kernel({ version: 3, policy_server: 'cf' });
  const files = { [policy3]: 'the template’s\n', '/var/lib/cfengine3/inputs/other.cf': '' };
  const [old, fresh] = [await read(mln, before), await read(mln, body)];
  const [disk, expected] = [memoryFilesystem(files), memoryFilesystem(files)];
  const { edits, record } = await planGuest(mln, old.project, old.host, disk, null);
  disk.edit(edits);
  disk.edit((await planGuest(mln, fresh.project, fresh.host, disk, { host: old.host, record })).edits);
  expected.edit((await planGuest(mln, fresh.project, fresh.host, expected, null)).edits);
  expect(disk.outline()).toEqual(expected.outline());
  expect(disk.text(policy3)).toBe(fresh.host.text['cfagent'] === 'new' ? 'new\n' : 'the template’s\n');
});
