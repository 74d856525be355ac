import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTemplates } from '@mln/core';
import type { Package } from '../../src/protocol.js';
import { packProject, sendFiles } from '../../src/transfer/pack.js';
import type { Placing } from '../../src/transfer/receive.js';
import { decided, LOCAL, machine, makeImage, scratch, serverLab, type ServerLab } from './lab.js';

const text = `global { project ring; $secret = word }
superclass all { template tiny; cow_filesystem no; users { jack $secret }; files { www /var/www; note /root/note 0600 } }
host a { superclass all; nice 5; mount { /dev/vg0/data /data ext4 }; swap 64M
  network eth0 { switch lan; address 10.0.0.1/24; gateway 10.0.0.254; mtu 1400 }; startup { echo "$secret" } }
host b { superclass all; service_host other; network eth0 { switch lan; address 10.0.0.2/24 } }
switch lan { }
`;

async function packed() {
  const folder = scratch();
  const mln = await machine(folder);
  mkdirSync(join(folder, 'www/inner'), { recursive: true });
  writeFileSync(join(folder, 'www/index.html'), '<p>');
  writeFileSync(join(folder, 'www/inner/page'), 'page');
  symlinkSync('/etc/passwd', join(folder, 'www/link'));
  writeFileSync(join(folder, 'note'), 'note');
  writeFileSync(join(folder, 'ring.mln'), text);
  await createTemplates(mln.folders.templates, mln.shell).add(makeImage(join(folder, 'image')), { name: 'tiny' });
  const { project, source } = await decided(mln, join(folder, 'ring.mln'));
  return packProject(mln, project, ['a'], source);
}

/** The host a of a small project, packed: its template and two things that it copies. */
export const good = await packed();

/** A copy of its package, as it comes in. */
export const valid = (): Package => JSON.parse(JSON.stringify(good.package)) as Package;

export const placingIn = (folder: string, owner: Placing['owner'] = null): Placing => ({
  folder: join(folder, 'operation'),
  projects: join(folder, 'projects'),
  templates: join(folder, 'templates'),
  owner,
});

/** Sets a value at a place in another, where there is such a place; `+` stands for the end of a list. */
export function put(target: unknown, place: readonly (string | number)[], value: unknown): void {
  let at = target as Record<string | number, unknown>;
  for (const key of place.slice(0, -1)) {
    const next = at[key];
    if (typeof next !== 'object' || next === null) return;
    at = next as Record<string | number, unknown>;
  }
  const last = place.at(-1) ?? '';
  if (last === '+') (at as unknown as unknown[]).push(value);
  else Object.defineProperty(at, last, { value, enumerable: true, configurable: true, writable: true });
}

/** A server that was sent its files. */
export async function sentLab(): Promise<ServerLab> {
  const lab = await serverLab();
  await sendFiles(lab.client, LOCAL, good);
  return lab;
}
