import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Folders } from '@mln/core';

/** What a configuration says of the daemon; package.json describes each. */
export interface Options {
  readonly listen?: readonly string[];
  readonly allow?: readonly string[];
  readonly memory?: string;
  readonly groups?: readonly string[];
  readonly allowPaths?: readonly string[];
  readonly servers?: Readonly<Record<string, string>>;
  readonly fleet?: string;
  readonly roles?: string;
  readonly state?: string;
  readonly socket?: string;
  readonly socketGroup?: string;
  readonly guestUser?: string;
  readonly timeout?: number;
  readonly portFilter?: boolean;
}

/** The port that the original listened on, too. */
export const PORT = 34001;
/** Seconds after which a server that does not answer is given up. */
const TIMEOUT = 5;

/** Where the daemon and its clients keep what they need; absolute paths. */
export interface Places {
  /** `ca.pem`, `self.pem`, `self.key`, `crl.pem`; on the machine that issues certificates also the folder `authority`. */
  readonly fleet: string;
  readonly roles: string;
  /** `operations/ID`, `blobs`, `sources/PROJECT`, `users/USER`. */
  readonly state: string;
  readonly socket: string;
}

/** Gives the places that options name, or those that count where they name none. */
export function placesOf(
  options: Options,
  folders: Folders,
  environment: NodeJS.ProcessEnv = process.env,
  uid = process.getuid?.() ?? 0,
): Places {
  const root = uid === 0;
  const configured = environment['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  const running = environment['XDG_RUNTIME_DIR'] || `/tmp/mln-${uid}`;
  const fleet = options.fleet ?? (root ? '/etc/mln/fleet' : join(configured, 'mln/fleet'));
  return {
    fleet,
    roles: options.roles ?? join(fleet, 'roles.yaml'),
    state: options.state ?? join(dirname(folders.projects), 'daemon'),
    socket: options.socket ?? (root ? '/run/mln/daemon.sock' : join(running, 'mln/daemon.sock')),
  };
}

/** Milliseconds after which a server that does not answer is given up. */
export function timeoutOf({ timeout = TIMEOUT }: Options): number {
  return timeout * 1000;
}
