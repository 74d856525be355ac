import { expect, test } from '@jest/globals';
import { isMlnError } from '../src/errors.js';
import type { LoadedPlugin } from '../src/kernel.js';
import { claim } from '../src/project.js';
import { readProject } from '../src/read-project.js';
import { fakeMln } from './fake-hypervisor.js';

/** A hypervisor that runs hosts which name it, and the switches of its hosts. */
function platform(name: string): LoadedPlugin {
  return {
    name,
    version: '1.0.0',
    api: '^1.0.0',
    source: name,
    options: {},
    plugin: ({ hooks }) => {
      hooks.keywords.tap(name, (table) => {
        table.declare({ name, in: ['host'], kind: 'flag', rehearsal: 'no', help: 'A flag.' });
      });
      hooks.resolveUnit.tap(name, (unit, block, { hosts }) => {
        if (unit.kind === 'host') return block.flag(name) === true ? claim(unit, name) : unit;
        const connected = hosts.filter((host) => unit.ports.some(([port]) => port === host.name));
        return connected.some((host) => host.hypervisor === name) ? claim(unit, name) : unit;
      });
    },
  };
}

async function hints(body: string): Promise<readonly string[]> {
  const mln = await fakeMln('/nowhere', [platform('one'), platform('two')]);
  try {
    await readProject(mln, '/x.mln', { text: `global { project p }\n${body}` });
    return [];
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return error.problems.map(({ code, hint }) => `${code} ${hint ?? ''}`);
  }
}

test.each([
  [
    'superclass s { one }\nhost a { superclass s; two }',
    'MLN_TWO_CLAIMS one is said at /x.mln:2:16, two is said at /x.mln:3:24',
  ],
  [
    'switch s { }\nhost a { one; network e { switch s } }\nhost b { two; network e { switch s } }',
    'MLN_TWO_CLAIMS a runs on one, b runs on two',
  ],
  ['host a { }', 'MLN_NO_CLAIM load a hypervisor’s plug-in, such as @mln/plugin-uml'],
  ['host a { two no; one no }', 'MLN_NO_CLAIM it says one no and two no: leave one out'],
])('%s', async (body, expected) => {
  expect(await hints(body)).toEqual([expected]);
});
