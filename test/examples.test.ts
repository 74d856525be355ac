import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import autoenum from '@mln/plugin-autoenum';
import cfengine from '@mln/plugin-cfengine';
import linux from '@mln/plugin-linux';
import lvm from '@mln/plugin-lvm';
import uml from '@mln/plugin-uml';
import xen from '@mln/plugin-xen';
import { readProject, type ReadOptions } from '../core/src/read-project.js';
import { outlineOfProblems, outlineOfProject } from '../core/test/outline.js';
import { testKernel } from './support/test-kernel.js';

/*
 * What each project of examples/ comes to, as it is and in a rehearsal: examples/NAME.mln beside test/examples/NAME.txt.
 * UPDATE_GOLDEN=1 writes what is expected anew; read what `git diff` shows then.
 */

const folder = join(import.meta.dirname, '../examples');
const expected = join(import.meta.dirname, 'examples');
const mln = await testKernel([autoenum, linux, cfengine, lvm, xen, [uml, { default: true }]]);

const read = (name: string, options: ReadOptions = {}) => readProject(mln, join(folder, `${name}.mln`), options);

async function outline(name: string, options: ReadOptions): Promise<string[]> {
  const { project, warnings } = await read(name, options);
  return [...outlineOfProject(project), ...outlineOfProblems(warnings, folder, join(folder, `${name}.mln`))];
}

const names = readdirSync(folder)
  .filter((name) => name.endsWith('.mln'))
  .map((name) => name.slice(0, -'.mln'.length));

test.each(names)('%s comes to what is expected', async (name) => {
  const file = join(expected, `${name}.txt`);
  const lines = [...(await outline(name, {})), '', '# --rehearse', ...(await outline(name, { rehearse: true })), ''];
  const text = lines.join('\n').replaceAll(folder, 'examples');
  if (process.env['UPDATE_GOLDEN']) writeFileSync(file, text);
  expect(existsSync(file) ? readFileSync(file, 'utf8') : null).toBe(text);
});

test('the render farm has 51 hosts, at 10.0.0.1 to 10.0.0.51, dealt to the servers in turn', async () => {
  const { hosts } = (await read('renderfarm')).project;
  expect(hosts).toHaveLength(51);
  const addresses = hosts.map(({ interfaces }) => interfaces[0]?.addresses[0]?.address);
  expect([...addresses].sort()).toEqual(Array.from({ length: 51 }, (_, index) => `10.0.0.${index + 1}`).sort());
  const servers = hosts.filter(({ name }) => name !== 'master').map(({ serviceHost }) => serviceHost);
  expect(servers).toEqual(Array.from({ length: 50 }, (_, index) => `backend${(index % 3) + 1}`));
});

test('its test bed on one machine has as many nodes as are asked for', async () => {
  const { hosts, switches } = (await read('renderfarm', { rehearse: true, options: { scale: 'render_node=3' } }))
    .project;
  expect(hosts.map(({ name }) => name)).toEqual(['master', 'render_node1', 'render_node2', 'render_node3']);
  expect(
    new Set([...hosts, ...switches].map((unit) => `${unit.hypervisor ?? ''} ${unit.serviceHost ?? 'here'}`)),
  ).toEqual(new Set(['uml here']));
});
