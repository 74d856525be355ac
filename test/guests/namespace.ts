import { execFileSync, spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { resultOf, type Lab, type Result } from './support.js';

/** A network namespace that root has made: nothing in it is the machine's own network. */
export interface Namespace {
  /** Runs a program in it, as root or as the lab's user, for whom /dev/net/tun is open there alone. */
  run(user: 'root' | 'lab', program: string, ...args: string[]): Promise<Result>;
  /** Runs a program in it as root, and fails unless it ends with 0. Gives what it printed. */
  root(program: string, ...args: string[]): string;
  close(): void;
}

/** Makes a namespace, beside a device file for taps that everybody may open. */
export function openNamespace(lab: Lab): Namespace {
  const name = `mln-test-${process.pid}`;
  const device = join(lab.folder, 'tun');
  execFileSync('mknod', [device, 'c', '10', '200']);
  chmodSync(device, 0o666);
  execFileSync('ip', ['netns', 'add', name]);
  execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  const { env, uid, gid } = lab.spawnOptions;
  const mount = ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /dev/net/tun && exec "$@"', device];
  const become = ['setpriv', '--reuid', String(uid), '--regid', String(gid), '--clear-groups'];
  const inside = ['netns', 'exec', name];
  // What root makes is root's.
  const ofRoot = {
    MLN_PROJECTS: join(dirname(lab.folder), 'of-root'),
    MLN_TEMPLATES: join(lab.folder, 'templates-of-root'),
  };
  return {
    run: (user, ...command) =>
      resultOf(
        spawn('ip', [...inside, ...(user === 'root' ? command : [...mount, ...become, ...command])], {
          cwd: lab.folder,
          env: { ...env, ...(user === 'root' && ofRoot) },
          stdio: ['ignore', 'pipe', 'pipe'],
        }),
      ),
    root: (...command) => execFileSync('ip', [...inside, ...command], { encoding: 'utf8' }),
    close: () => {
      execFileSync('ip', ['netns', 'delete', name]);
    },
  };
}
