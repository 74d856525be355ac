import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import * as core from '@mln/core';
import { createMln, type Disk, type Edit, type Host, type Project, type Store } from '@mln/core';
import ext from '@mln/plugin-ext';
import lvm from '@mln/plugin-lvm';
import { runShell } from '../../core/src/shell.js';
import { openPresent, remake, unpatch } from '../../core/src/upgrade/disk.js';

/*
 * Runs inside the guest, as one program: gives a disk other sizes, names and kinds, as an upgrade does, and prints what
 * there is after each step. Its arguments: an image, and a folder for files.
 */

const [, , image = '', folder = ''] = process.argv;
const directory = `${folder}/p`;
const MiB = 1024 * 1024;

const folders = { projects: folder, templates: folder, files: folder };
const mln = await createMln({
  core,
  shell: runShell,
  folders,
  configuration: { plugins: [], template: 'tiny', serviceHost: null, stopWait: 60, folders, origins: {} },
  plugins: [ext, lvm].map((plugin, index) => {
    const name = `plugin${index}`;
    return { name, version: '1.0.0', api: '^1.0.0', source: name, options: {}, plugin };
  }),
});
const project = { name: 'p', secret: 'fixed', directory } as Project;

function store(kind: 'file' | 'lvm', name: string, details: Partial<Disk> = {}, below = directory): Store {
  const path = kind === 'lvm' ? `${name}.p` : 'root.img';
  const disk = { role: 'root', store: kind, path, existing: false, ...details } as Disk;
  const found = mln.hooks.disk.call(disk, { name, keywords: { lvm_vg: 'vg0' } } as unknown as Host, {
    ...project,
    directory: below,
  });
  if (!found) throw new Error(`no store for ${name}`);
  if (found.inside) mkdirSync(dirname(found.path), { recursive: true });
  return found;
}

const run = (program: string, ...args: readonly string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const steps: unknown[] = [];
const columns = ['--noheadings', '--units', 'm', '--nosuffix', '--separator', ' ', '-o', 'lv_name,lv_size,lv_tags'];

async function step(name: string, { path }: Store): Promise<void> {
  const filesystem = await mln.hooks.filesystem.promise(path);
  await filesystem?.check();
  const version = run('debugfs', '-R', 'cat /etc/version', path);
  const volumes = run('lvs', ...columns, 'vg0')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().replace(/mln-id:[0-9a-f]+|,/g, ''));
  steps.push([name, version, (filesystem?.reach ?? 0) / MiB, volumes.sort()]);
}

const digest = ({ path }: Store): string => createHash('sha256').update(readFileSync(path)).digest('hex');
const scratch = `${folder}/scratch`;
const undo = `${directory}/.upgrade/.undo/a`;
const version = (content: string, replaces: boolean): readonly Edit[] => [
  { do: 'file', path: '/etc/version', content: Buffer.from(content), mode: 0o644, owner: 0, group: 0, replaces },
];
async function patch(of: Store, content: string, replaces: boolean): Promise<void> {
  const present = await openPresent(mln, of, scratch);
  await present.patch(version(content, replaces), undo);
  await present.close();
}

mkdirSync(directory, { recursive: true });
const volume = store('lvm', 'a');
await remake(mln, { from: image, to: store('lvm', 'a', {}, `${directory}/.upgrade`), size: 24 * MiB, scratch });
await volume.place?.();
await patch(volume, 'one', false);
run('rm', undo);
const before = digest(volume);
await patch(volume, 'two', true);
const patched = digest(volume);
await unpatch(volume, undo);
steps.push(['put back', patched === before, digest(volume) === before]);
await step('file to volume, larger, edited', volume);

const kept = store('lvm', 'a', { kept: '1' });
await kept.take?.(volume.path);
await remake(mln, { from: kept.path, to: volume, size: 24 * MiB, scratch });
await step('kept aside, and a copy in its place', volume);

const file = store('file', 'a');
await remake(mln, { from: volume.path, to: file, size: 16 * MiB, scratch });
steps.push(['file', statSync(file.path).size / MiB]);
await volume.remove();
const other = store('lvm', 'b');
await other.take?.(kept.path);
await step('of another host', other);
await step('volume to file, smaller', file);
await other.remove();
steps.push(['left', run('lvs', '--noheadings', '-o', 'lv_name', 'vg0').trim()]);
process.stdout.write(`${JSON.stringify(steps)}\n`);
