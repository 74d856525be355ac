import { expect, test } from '@jest/globals';
import cfengine from '@mln/plugin-cfengine';
import uml from '@mln/plugin-uml';
import { readProject } from '../../../core/src/read-project.js';
import { after } from '../../../core/test/fake-guest.js';
import { testKernel } from '../../../test/support/test-kernel.js';

const text = `global { project p }
superclass common {
  cfagent {
    control:
      any::
        actionsequence = ( shellcommands )
  }
}
host a { superclass common; cfagent { shellcommands: "/usr/bin/updatedb" } }
host b { }`;

/** What lies in the guests when they are configured. */
async function guests(options: Readonly<Record<string, unknown>> = {}): Promise<string[][]> {
  const mln = await testKernel([
    [cfengine, options],
    [uml, { default: true }],
  ]);
  const { project } = await readProject(mln, '/x.mln', { text });
  const [tap] = mln.hooks.configureFilesystem.taps.filter(({ name }) => name === 'cfengine');
  const configure = tap?.fn as (...args: unknown[]) => Promise<void>;
  return Promise.all(project.hosts.map((host) => after({}, (guest) => configure(guest, host, null))));
}

test('the policies of a superclass and of a host are one file, as they are written', async () => {
  const [a, b] = await guests();
  expect(a?.join('\n')).toContain('/cfengine/inputs/cfagent.conf');
  expect(a?.join('\n')).toContain(
    JSON.stringify('control:\n  any::\n    actionsequence = ( shellcommands )\nshellcommands: "/usr/bin/updatedb"\n'),
  );
  expect(b).toEqual([]);
});

test('the file may lie elsewhere', async () => {
  const [a] = await guests({ path: '/etc/policy' });
  expect(a?.join('\n')).toContain('/etc/policy');
});
