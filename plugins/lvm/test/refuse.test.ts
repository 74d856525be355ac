import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { isMlnError } from '@mln/core';
import lvm from '@mln/plugin-lvm';
import uml from '@mln/plugin-uml';
import { decide } from '../../../core/src/decide.js';
import { operate } from '../../../core/src/operate.js';
import { readProject } from '../../../core/src/read-project.js';
import { testKernel } from '../../../test/support/test-kernel.js';

const projects = realpathSync(mkdtempSync(join(tmpdir(), 'mln-lvm-')));

afterAll(() => {
  rmSync(projects, { recursive: true });
});

/** What is told of a build of these hosts; nothing is built without templates. */
async function build(body: string): Promise<string[]> {
  // Not the first tap: an error has to come through all the same.
  const mln = await testKernel([[uml, { default: true }], lvm], { projects });
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
  `MLN_UNSUPPORTED ${names}: this version of mln reads and plans disks on LVM, but does not make them | --rehearse builds the project with files for disks`;

const builds: readonly [body: string, expected: readonly string[]][] = [
  ['host a { lvm }', [refusal('a')]],
  ['host a { lvm; filesystem /dev/null; swap 1G }\nhost b { }', [refusal('a')]],
  ['host a { lvm }\nhost b { lvm }\nhost c { lvm }\nhost d { lvm }', [refusal('a, b, c and 1 more')]],
  ['host a { lvm; service_host s }\nhost b { lvm; service_host t }', [refusal('a'), refusal('b')]],
];

test.each(builds)('%s', async (body, expected) => {
  expect(await build(body)).toEqual(expected);
  expect(readdirSync(projects)).toEqual([]);
});

test('a project without such disks is not refused', async () => {
  expect((await build('host a { }')).map((line) => line.split(' ')[0])).toEqual(['MLN_NO_TEMPLATE']);
});
