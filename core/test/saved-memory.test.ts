import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, jest, test } from '@jest/globals';
import type { Status } from '../src/status.js';
import { commandLine } from './cli-process.js';
import { fakeHost, fakeProject } from './fake-project.js';

// A machine that is busy with other tests takes its time to start processes.
jest.setTimeout(60_000);

/** A hypervisor that knows of its hosts what the file `statuses.json` of the projects folder says; percent where asked. */
const cli = commandLine(`
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
export const manifest = { name: 'told', version: '1.0.0', api: '*' };
export default function told({ hooks, folders }) {
  hooks.resolveUnit.tap('told', (unit) => ({ ...unit, hypervisor: 'told' }));
  hooks.monitor.tapPromise('told', async (statuses, units, project, { usage }) => {
    const said = JSON.parse(readFileSync(join(folders.projects, 'statuses.json'), 'utf8'));
    return new Map([...statuses].map(([name, status]) => {
      const { cpuPercent, ...rest } = { ...status, ...said[name] };
      return [name, usage && cpuPercent !== undefined ? { ...rest, cpuPercent } : rest];
    }));
  });
}
`);
const mln = cli.open();

/** What its stop script does: it writes down what it is told to do, and may change what is known. */
function built(statuses: Readonly<Record<string, Partial<Status>>>, stop = ':'): void {
  const project = fakeProject({ hosts: ['gw', 'web'].map(hostOf), directory: join(cli.projects, 'ring') });
  for (const { name } of project.hosts) {
    const folder = join(cli.projects, 'ring', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'root.img'), 'content');
    writeFileSync(join(folder, 'stop'), `#!/bin/sh\ncd "$(dirname "$0")/../.."\n${stop}\n`, { mode: 0o755 });
  }
  writeFileSync(join(cli.projects, 'ring/state.json'), JSON.stringify({ schema: 1, templates: {}, project }));
  writeFileSync(join(cli.projects, 'statuses.json'), JSON.stringify(statuses));
}

function hostOf(name: string): ReturnType<typeof fakeHost> {
  const root = { role: 'root', store: 'file', path: 'root.img', existing: false, size: null, freeSpace: null } as const;
  return fakeHost(name, {
    hypervisor: 'told',
    disks: [{ ...root, device: null, mount: null, standsOn: 'images/base' }],
  });
}

const saved = { state: 'down', saved: true, detail: 'its memory is saved' } as const;
beforeEach(() => {
  built({ gw: saved, web: { state: 'down' } });
});

test('the memory of hosts that run is saved by their scripts, and what is down is left alone', async () => {
  built(
    { gw: { state: 'up' }, web: { state: 'down' } },
    `[ "$1" = save ] && echo '{"gw": {"state": "down", "saved": true}, "web": {"state": "down"}}' >statuses.json`,
  );
  expect(await mln(['stop', '-p', 'ring', '--save'])).toMatchObject({
    exit: 0,
    stderr: expect.stringMatching(/^· web is down already: there is no memory to save\n✓ gw saved$/m),
  });
});

test('where a script saves nothing, the stop fails for that host', async () => {
  built({ gw: { state: 'up' }, web: { state: 'down' } });
  expect(await mln(['stop', '-p', 'ring', '--save'])).toMatchObject({
    exit: 3,
    stderr: expect.stringContaining('error[MLN_SCRIPT_FAILED]: gw: its stop script has saved nothing'),
  });
});

test('memory is saved however long it takes', async () => {
  expect(await mln(['stop', '-p', 'ring', '--save', '-w', '5'])).toMatchObject({
    exit: 64,
    stderr: expect.stringContaining('--save and -w do not go together'),
  });
});

test.each([
  ['disk flatten', ['disk', 'flatten', 'gw.ring']],
  ['template add --from', ['template', 'add', '--from', 'gw.ring', '--name', 'new']],
])('%s leaves the disk of a host alone whose memory is saved', async (_, args) => {
  const { exit, stderr } = await mln(args);
  expect({ exit, stderr }).toMatchObject({
    exit: 1,
    stderr: expect.stringContaining(
      'error[MLN_MEMORY_SAVED]: the memory of gw.ring is saved: its disks must stay as they are',
    ),
  });
  expect(stderr).toContain(`rm ${join(cli.projects, 'ring/gw/memory.save')} gives the memory up`);
});

test.each([
  ['remove', ['remove', '-p', 'ring']],
  ['build', ['build', '-f', '-']],
])('%s asks whether saved memory is to be lost', async (verb, args) => {
  const file = join(cli.folder, 'ring.mln');
  writeFileSync(file, 'global { project ring }\nhost gw { }\n');
  const ask = async (): Promise<string> => (await mln(verb === 'build' ? ['build', '-f', file] : args)).stderr;
  expect(await ask()).toMatch(/\? The saved memory of gw is lost too\. Nobody can be asked here/);
  built({ gw: { state: 'down' }, web: { state: 'down' } });
  expect(await ask()).toMatch(/\? Nobody can be asked here/);
});

test('status shows percent and network, and its JSON has them', async () => {
  const network = { received: 3_355_443, sent: 1024 };
  built({ gw: { state: 'up', ready: true, memory: 100_663_296, cpu: 6.1, cpuPercent: 12.04, network }, web: saved });
  const { stdout } = await mln(['status', '-p', 'ring']);
  expect(stdout.split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual([
    'ring host gw up ready, 96 MiB, 6.1 s CPU, 12% CPU, 3.2 MiB received, 1 KiB sent',
    'ring host web down its memory is saved',
    '',
  ]);
  const { items } = JSON.parse((await mln(['status', '-p', 'ring', '--json'])).stdout) as { items: object[] };
  expect(items).toMatchObject([
    { name: 'gw', cpuPercent: 12.04, network },
    { name: 'web', state: 'down', saved: true },
  ]);
  expect(items[1]).not.toHaveProperty('cpuPercent');
});
