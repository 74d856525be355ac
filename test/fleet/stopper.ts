import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../guests/support.js';
import type { Node } from './node.js';

/** What a machine's mln does when it is told to: stands still before a step, or lets the making of a host fail. */
export const stopper = `
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
export const manifest = { name: 'stopper', version: '1.0.0', api: '^1.0.0', options: {
  type: 'object', properties: { folder: { type: 'string' } } } };
const wait = new Int32Array(new SharedArrayBuffer(4));
export default function ({ hooks, core }, { folder }) {
  const [armed, reached] = [join(folder, 'armed'), join(folder, 'reached')];
  hooks.event.tap('stopper', ({ operation, state, step }) => {
    if (state !== 'step' || !existsSync(armed) || readFileSync(armed, 'utf8') !== operation.name + ' ' + step) return;
    rmSync(armed);
    writeFileSync(reached + '.new', String(process.pid));
    renameSync(reached + '.new', reached);
    while (existsSync(reached)) Atomics.wait(wait, 0, 0, 10);
  });
  hooks.configureFilesystem.tapPromise('stopper', async (_guest, { name }) => {
    if (existsSync(join(folder, 'fail')) && readFileSync(join(folder, 'fail'), 'utf8') === name)
      throw core.failure('MLN_SCRIPT_FAILED', name + ' is to fail');
  });
}
`;

/** A machine on which mln stands still where it is told to. */
export interface Stop {
  /** Waits until it stands there; gives the process that does. */
  reached(): Promise<number>;
  /** Lets it go on. */
  go(): void;
}

/** Has mln on a machine stand still before a step is done: `build disks`. */
export function stopAt(node: Node, step: string): Stop {
  const place = stopperFolder(node);
  const at = (name: string): string => join(place, name);
  rmSync(at('reached'), { force: true });
  writeFileSync(at('armed'), step);
  return {
    async reached() {
      await until(() => existsSync(at('reached')), `mln on ${node.name} to come to ${step}`);
      return Number(readFileSync(at('reached'), 'utf8'));
    },
    go() {
      rmSync(at('armed'), { force: true });
      rmSync(at('reached'), { force: true });
    },
  };
}

/** Lets the making of a host fail on a machine; none where left out. */
export function failAt(node: Node, host?: string): void {
  const path = join(stopperFolder(node), 'fail');
  if (host === undefined) rmSync(path, { force: true });
  else writeFileSync(path, host);
}

/** Where a machine's stopper looks; guests of others run as a user who may do so too. */
export function stopperFolder({ folder }: Pick<Node, 'folder'>): string {
  return join(folder, 'stopper');
}
