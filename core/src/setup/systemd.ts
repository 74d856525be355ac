import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { messageOf } from '../errors.js';
import type { Shell } from '../shell.js';
import type { Kind } from './places.js';

/** What systemd-analyze(1) says against units, one line each; nothing where it is not there, or has nothing to say. */
export async function faultsOfUnits(shell: Shell, kind: Kind, paths: readonly string[]): Promise<readonly string[]> {
  if (paths.length === 0) return [];
  const whose = kind === 'user' ? ['--user'] : [];
  try {
    // Manual pages are looked for too, by a program that need not be there.
    const { stderr } = await shell('systemd-analyze', ['verify', '--man=no', ...whose, ...paths], {
      accept: [0, 1],
      timeout: 20_000,
    });
    return stderr.split('\n').filter((line) => paths.some((path) => line.includes(basename(path))));
  } catch {
    return [];
  }
}

/** Lets systemd read its units anew, if it runs: sd_booted(3). Gives what went wrong. */
export async function reload(shell: Shell, kind: Kind, running = '/run/systemd/system'): Promise<string | null> {
  if (!existsSync(running)) return null;
  const whose = kind === 'user' ? ['--user'] : [];
  try {
    await shell('systemctl', [...whose, 'daemon-reload'], { timeout: 20_000 });
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
