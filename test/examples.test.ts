import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createGuest, unitsOf, type Filesystem, type Host, type Project } from '@mln/core';
import autoenum from '@mln/plugin-autoenum';
import cfengine from '@mln/plugin-cfengine';
import daemon from '@mln/plugin-daemon';
import linux from '@mln/plugin-linux';
import lvm from '@mln/plugin-lvm';
import uml from '@mln/plugin-uml';
import xen from '@mln/plugin-xen';
import { loadConfiguration } from '../core/src/configuration.js';
import { readManifest } from '../core/src/plugin-manifest.js';
import { checkOptions } from '../core/src/plugin-options.js';
import { readProject, type ReadOptions } from '../core/src/read-project.js';
import { resolvedDocument } from '../core/src/resolved-document.js';
import { memoryFilesystem } from '../core/src/testing/memory-filesystem.js';
import type { Verb } from '../plugins/daemon/src/protocol.js';
import { readRights } from '../plugins/daemon/src/rights/rights.js';
import { outlineOfProblems, outlineOfProject } from '../core/test/outline.js';
import { testKernel } from './support/test-kernel.js';

/*
 * What each project of examples/ comes to, as it is and in a rehearsal: examples/NAME.mln beside test/examples/NAME.txt.
 * UPDATE_GOLDEN=1 writes what is expected anew; read what `git diff` shows then.
 */

const folder = join(import.meta.dirname, '../examples');
const expected = join(import.meta.dirname, 'examples');
const mln = await testKernel([linux, autoenum, xen, lvm, cfengine, daemon, [uml, { default: true }]]);

const read = (name: string, options: ReadOptions = {}) => readProject(mln, join(folder, `${name}.mln`), options);

async function outline(name: string, options: ReadOptions): Promise<string[]> {
  const { project, warnings } = await read(name, options);
  return [
    ...outlineOfProject(project),
    ...platforms(project),
    ...outlineOfProblems(warnings, folder, join(folder, `${name}.mln`)),
  ];
}

/** Who runs the hosts and switches, and who keeps the disks. */
function platforms(project: Project): string[] {
  const by = (names: readonly (string | null)[]): string => [...new Set(names)].map(String).sort().join(' ');
  const disks = project.hosts.flatMap((host) => host.disks);
  return [
    `run by ${by(unitsOf(project).map(({ hypervisor }) => hypervisor))}`,
    `kept by ${by(disks.map(({ store }) => store))}`,
  ];
}

const names = [...readdirSync(folder), ...readdirSync(join(folder, 'fleet')).map((name) => `fleet/${name}`)]
  .filter((name) => name.endsWith('.mln'))
  .map((name) => name.slice(0, -'.mln'.length));

test.each(names)('%s comes to what is expected', async (name) => {
  const file = join(expected, `${name.replace('/', '-')}.txt`);
  const lines = [...(await outline(name, {})), '', '# --rehearse', ...(await outline(name, { rehearse: true })), ''];
  const text = lines.join('\n').replaceAll(folder, 'examples');
  if (process.env['UPDATE_GOLDEN']) writeFileSync(file, text);
  expect(existsSync(file) ? readFileSync(file, 'utf8') : null).toBe(text);
});

test.each(names)('%s is in the list of what was changed against the paper', (name) => {
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain(`| ${name}.mln |`);
});

const fleet = join(folder, 'fleet');
const daemonPackage = join(import.meta.dirname, '../plugins/daemon/package.json');

test('the fleet has a configuration for each server that its project names, and they know each other by the same addresses', async () => {
  const { hosts } = (await read('fleet/kafe')).project;
  const servers = [...new Set(hosts.map(({ serviceHost }) => serviceHost ?? ''))].sort();
  const files = readdirSync(fleet).filter((name) => name.endsWith('.config.yaml'));
  expect(files.sort()).toEqual(servers.map((name) => `${name}.config.yaml`));
  const manifest = await readManifest({ kind: 'package', path: daemonPackage, standard: true }, 'daemon');
  const addresses = new Map<string, string>();
  const known = new Map<string, Readonly<Record<string, string>>>();
  for (const file of files) {
    const distribution = join(import.meta.dirname, '../mln.config.json');
    const { serviceHost, plugins } = await loadConfiguration({ config: join(fleet, file) }, distribution, {});
    expect(plugins.length).toBeGreaterThan(8);
    const options = plugins.find(({ name }) => name === '@mln/plugin-daemon')?.options ?? {};
    await checkOptions(manifest, options, file);
    const { listen = [], servers: others = {} } = options as { listen?: string[]; servers?: Record<string, string> };
    addresses.set(String(serviceHost), listen.join());
    known.set(String(serviceHost), others);
  }
  for (const name of servers)
    expect(known.get(name)).toEqual(Object.fromEntries([...addresses].filter(([other]) => other !== name)));
});

test('the roles of the fleet are read, and alice may build what is kafe’s', async () => {
  const rights = await readRights(mln, join(fleet, 'roles.yaml'));
  const may = (name: string, verb: Verb, project: string | null, groups = ['backends']): boolean =>
    rights.allows({ principal: { kind: 'user', name }, verb, project, groups });
  expect(may('alice', 'build', 'kafe')).toBe(true);
  expect(may('alice', 'build', 'abc')).toBe(false);
  expect(may('alice', 'build', 'kafe', ['tests'])).toBe(false);
  expect(may('alice', 'host', 'kafe')).toBe(false);
  expect(may('watch', 'read', null)).toBe(true);
  expect(may('watch', 'stop', 'kafe')).toBe(false);
  expect(may('olga', 'admin', null)).toBe(true);
});

test('the render farm has 51 hosts, at 10.0.0.1 to 10.0.0.51, dealt to the servers in turn', async () => {
  const { hosts } = (await read('renderfarm')).project;
  expect(hosts).toHaveLength(51);
  const addresses = new Map(hosts.map(({ name, interfaces }) => [name, interfaces[0]?.addresses[0]?.address]));
  expect(addresses.get('master')).toBe('10.0.0.1');
  const nodes = Array.from({ length: 50 }, (_, index) => addresses.get(`render_node${index + 1}`));
  expect(nodes).toEqual(nodes.map((_, index) => `10.0.0.${index + 2}`));
  const servers = hosts.filter(({ name }) => name !== 'master').map(({ serviceHost }) => serviceHost);
  expect(servers).toEqual(Array.from({ length: 50 }, (_, index) => `backend${(index % 3) + 1}`));
});

test('its test bed on one machine has as many nodes as are asked for', async () => {
  const { project } = await read('renderfarm', { rehearse: true, options: { scale: 'render_node=3' } });
  expect(project.hosts.map(({ name }) => name)).toEqual(['master', 'render_node1', 'render_node2', 'render_node3']);
  expect(platforms(project)).toEqual(['run by uml', 'kept by file']);
  expect(unitsOf(project).every(({ serviceHost }) => serviceHost === null)).toBe(true);
});

/** The paper has as many nodes as a network has addresses. */
test.each([
  ['253', null],
  ['254', '10.0.0.0/24: from 2 on it has 253 addresses'],
])('the render farm may be increased to %s nodes', async (nodes, reason) => {
  const larger = read('renderfarm', { options: { scale: `render_node=${nodes}` } });
  if (reason === null) expect((await larger).project.hosts).toHaveLength(254);
  else await expect(larger).rejects.toThrow(reason);
});

test('the password of variables.mln is shown to nobody', async () => {
  const found = await read('variables');
  const shown = (secrets: boolean): string => JSON.stringify(resolvedDocument(found, mln.keywords, secrets));
  expect(shown(false)).not.toContain('2mf9fmcaioa8w');
  expect(shown(true)).toContain('2mf9fmcaioa8w');
});

/** What lies in the guest of a host at a path, when a busybox guest is configured for it. */
async function inGuest(name: string, host: string, path: string): Promise<string> {
  const { project } = await read(name);
  const found = project.hosts.find((each) => each.name === host);
  if (!found) throw new Error(`there is no host ${host}`);
  // The files of a customer are not here.
  const bare: Host = { ...found, lists: {} };
  const guest = createGuest(busybox(), project);
  await mln.hooks.configureFilesystem.promise(guest, bare, null);
  return guest.text(path);
}

function busybox(): Filesystem {
  return memoryFilesystem({
    '/bin/busybox': '',
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
    '/etc/group': 'root:x:0:\n',
    '/etc/shadow': 'root::1:0:99999:7:::\n',
  });
}

test('the password of kafe.mln locks root’s account', async () => {
  expect(await inGuest('kafe', 'www1', '/etc/shadow')).toMatch(/^root:\*+:/);
});

test('the policy of cfengine.mln lies where the paper has it', async () => {
  const policy = await inGuest('cfengine', 'agent', '/cfengine/inputs/cfagent.conf');
  expect(policy).toMatch(/^control:\n {2}any::\n {4}actionsequence =\n[^]*^shellcommands:\n[^]*"cron" signal=hup\n$/m);
});
