import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLab, until, type Lab } from './support.js';

/*
 * The render farm of examples/ as it lies there: rehearsed on this machine with guests that boot, and planned as what it
 * is, 51 Xen domains on logical volumes of three servers.
 */

const examples = join(import.meta.dirname, '../../examples');
const project = 'renderfarm_customerX';
const GB = 1e9;

let lab: Lab;
let file = '';
beforeAll(async () => {
  lab = await openLab();
  lab.write('farm/servers.txt', readFileSync(join(examples, 'servers.txt'), 'utf8'));
  file = lab.write('farm/renderfarm.mln', readFileSync(join(examples, 'renderfarm.mln'), 'utf8'));
  // The file names its templates after the images that the farm is made from.
  for (const name of ['renderNode.ext3', 'renderMaster.ext3'])
    await lab.ok('template', 'add', join(lab.folder, 'templates/tiny/1.0/image'), '--name', name);
}, 60_000);
afterAll(async () => {
  await lab.close();
});

const rehearsal = (): string[] => ['-f', file, '--rehearse', '--scale', 'render_node=3'];

test('rehearsed, its nodes reach the master over the switch that stands for its bridge, and nothing is left', async () => {
  expect((await lab.mln('build', ...rehearsal())).stderr).toContain(`${project} is built: 4 hosts, 2 switches\n`);
  expect(statSync(join(lab.projects, project, 'master/root.img')).size).toBeGreaterThan(5 * GB);
  // Consoles in the windows of screen(1) are typed on otherwise.
  await lab.ok('start', '-p', project, '--term', 'none', '--wait', '60');
  const status = await lab.ok('status', '-p', project, '--check');
  for (const unit of ['switch  cluster-network', 'host    master', ...[1, 2, 3].map((n) => `host    render_node${n}`)])
    expect(status).toMatch(new RegExp(`${unit} +up `));
  for (const node of ['10.0.0.2', '10.0.0.3', '10.0.0.4'])
    expect(await lab.type(project, 'master', `ping -c 1 -W 10 ${node}`)).toContain('1 packets received');
  expect(await lab.type(project, 'render_node3', 'ping -c 1 -W 10 master; df -m / | tail -n 1')).toMatch(
    /1 packets received[^]* 15\d\d .* \/\n$/,
  );
  await lab.ok('stop', '-p', project, '-w', '40');
  await until(() => lab.processes().length === 0, 'all processes to end');
  await lab.ok('remove', '-p', project, '-y');
  expect(existsSync(join(lab.projects, project))).toBe(false);
}, 180_000);

interface Planned {
  readonly kind: string;
  readonly name: string;
  readonly hypervisor: string;
  readonly disks: readonly { store: string; path: string; size: number; template: string }[];
}

test('who has no template of such a name rehearses with another', async () => {
  const other = readFileSync(file, 'utf8').replaceAll(/template \S+/g, 'template of-the-farm');
  lab.write('farm/other.mln', other);
  const planned = ['plan', '-f', join(lab.folder, 'farm/other.mln'), '--rehearse', '--json'];
  const { code, stdout } = await lab.mln(...planned);
  expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining('--rehearse --template NAME') });
  const { items } = JSON.parse(await lab.ok(...planned, '--template', 'tiny')) as { items: Planned[] };
  const hosts = items.filter(({ kind }) => kind === 'host');
  expect(hosts).toHaveLength(51);
  for (const { disks } of hosts) expect(disks[0]?.template).toContain('/tiny/1.0/');
});

test('the same file plans 51 Xen domains on logical volumes', async () => {
  const { items } = JSON.parse(await lab.ok('plan', '-f', file, '--json')) as { items: Planned[] };
  const names = ['master', ...Array.from({ length: 50 }, (_, index) => `render_node${index + 1}`)];
  const size = (bytes: number): number =>
    Math.ceil((statSync(join(lab.folder, 'templates/tiny/1.0/image')).size + bytes) / 4096) * 4096;
  expect(items).toMatchObject(
    names.map((name) => ({
      kind: 'host',
      name,
      hypervisor: 'xen',
      disks: [
        {
          store: 'lvm',
          path: `${name}.${project}`,
          size: size(name === 'master' ? 5 * GB : 1500 * 1024 * 1024),
          template: expect.stringContaining(name === 'master' ? '/renderMaster.ext3/1.0/' : '/renderNode.ext3/1.0/'),
        },
      ],
    })),
  );
  const parsed = JSON.parse(await lab.ok('parse', '--resolved', '-f', file, '--json')) as {
    items: { hosts: { name: string; serviceHost: string | null }[] }[];
  };
  const servers = new Map(parsed.items[0]?.hosts.map(({ name, serviceHost }) => [name, serviceHost]));
  expect(names.map((name) => servers.get(name))).toEqual([
    null,
    ...Array.from({ length: 50 }, (_, index) => `backend${(index % 3) + 1}`),
  ]);
});
