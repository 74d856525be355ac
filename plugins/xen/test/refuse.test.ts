import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { isMlnError, type Mln, type OperationEvent } from '@mln/core';
import uml from '@mln/plugin-uml';
import xen from '@mln/plugin-xen';
import { decide } from '../../../core/src/decide.js';
import { operate } from '../../../core/src/operate.js';
import { readProject } from '../../../core/src/read-project.js';
import { testKernel } from '../../../test/support/test-kernel.js';

const projects = realpathSync(mkdtempSync(join(tmpdir(), 'mln-xen-')));

afterAll(() => {
  rmSync(projects, { recursive: true });
});

const kernel = (): Promise<Mln> => testKernel([xen, [uml, { default: true }]], { projects });

/** What is told of a build of these hosts; nothing is built without templates. */
async function build(mln: Mln, body: string): Promise<string[]> {
  const text = `global { project p }\n${body}`;
  const project = decide((await readProject(mln, '/x.mln', { text })).project, null, 'fixed');
  try {
    await operate(mln, 'build', project, { source: text }, () => undefined);
    return [];
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return error.problems.map(({ code, message, hint }) => `${code} ${message} | ${hint ?? ''}`);
  }
}

const refusal = (names: string): string =>
  `MLN_UNSUPPORTED ${names}: this version of mln reads and plans Xen hosts, but does not build them | --rehearse builds the project on User-Mode Linux`;

const builds: readonly [body: string, expected: readonly string[]][] = [
  ['host a { xen }', [refusal('a')]],
  ['host a { hvm }\nhost b { }', [refusal('a')]],
  ['host a { xen; network eth0 { switch s } }\nswitch s { }', [refusal('a')]],
  ['host a { xen }\nhost b { xen }\nhost c { xen }', [refusal('a, b, c')]],
  ['host a { xen }\nhost b { xen }\nhost c { xen }\nhost d { xen }\nhost e { xen }', [refusal('a, b, c and 2 more')]],
  ['host a { xen; service_host s }\nhost b { xen; service_host t }', [refusal('a'), refusal('b')]],
];

test.each(builds)('%s', async (body, expected) => {
  const mln = await kernel();
  const events: OperationEvent[] = [];
  mln.hooks.event.tap('test', (event) => void events.push(event));
  expect(await build(mln, body)).toEqual(expected);
  expect(events.map(({ state }) => state)).toEqual(['begun', 'failed']);
  expect(readdirSync(projects)).toEqual([]);
});

test('a project without Xen hosts is not refused', async () => {
  expect((await build(await kernel(), 'host a { }')).map((line) => line.split(' ')[0])).toEqual(['MLN_NO_TEMPLATE']);
});
