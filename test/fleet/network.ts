import { execFileSync, spawnSync } from 'node:child_process';

/** Machines on one wire: network namespaces that root has made; where nobody is root, addresses of loopback. */
export interface Wire {
  /** Gives a machine its place on the wire: its address, and what stands before a command that is to run there. */
  plug(name: string): Machine;
  close(): void;
}

export interface Machine {
  readonly address: string;
  readonly inside: readonly string[];
  /** Takes the machine's link to the others down, or up again. */
  link(state: 'up' | 'down'): void;
  /** The names of the links in the machine's namespace, without its own two. */
  links(): readonly string[];
}

/** Makes the wire. What an earlier process of this number has left is taken away first. */
export function layWire(): Wire {
  return noNamespaces() === null ? namespaces() : addresses();
}

/** Why no link can be cut here, as all machines are on loopback; null where each has a namespace. */
export function noNamespaces(): string | null {
  if (process.getuid?.() !== 0) return 'only root makes network namespaces';
  const name = `mln-try-${process.pid}`;
  if (spawnSync('ip', ['netns', 'add', name]).status !== 0) return 'network namespaces cannot be made';
  ip('netns', 'delete', name);
  return null;
}

function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** One namespace with a bridge is the wire; each machine is a namespace with one port of it. */
function namespaces(): Wire {
  const prefix = `mln-fleet-${process.pid}`;
  const made: string[] = [];
  const make = (name: string): string => {
    spawnSync('ip', ['netns', 'delete', name]);
    ip('netns', 'add', name);
    made.push(name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
    return name;
  };
  const close = (): void => {
    for (const name of made.splice(0)) spawnSync('ip', ['netns', 'delete', name]);
  };
  try {
    const hub = make(`${prefix}-hub`);
    ip('-n', hub, 'link', 'add', 'wire', 'type', 'bridge');
    ip('-n', hub, 'link', 'set', 'wire', 'up');
    let number = 0;
    const plug = (name: string): Machine => {
      number += 1;
      const [own, port, address] = [make(`${prefix}-${name}`), `port${number}`, `10.1.0.${number}`];
      ip('-n', hub, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', own);
      ip('-n', hub, 'link', 'set', port, 'master', 'wire', 'up');
      ip('-n', own, 'address', 'add', `${address}/24`, 'dev', 'eth0');
      ip('-n', own, 'link', 'set', 'eth0', 'up');
      return {
        address,
        inside: ['ip', 'netns', 'exec', own],
        // The far end: the machine itself sees its link go.
        link: (state) => void ip('-n', hub, 'link', 'set', port, state),
        links: () => linksIn(own).filter((link) => link !== 'lo' && link !== 'eth0'),
      };
    };
    return { plug, close };
  } catch (error) {
    close();
    throw error;
  }
}

function linksIn(namespace: string): readonly string[] {
  const listed = JSON.parse(ip('-j', '-n', namespace, 'link', 'show')) as { ifname: string }[];
  return listed.map(({ ifname }) => ifname);
}

function addresses(): Wire {
  let number = 0;
  return {
    plug: () => {
      number += 1;
      return {
        address: `127.77.${process.pid % 250}.${number}`,
        inside: [],
        link: () => {
          throw new Error('this machine has no link of its own');
        },
        links: () => [],
      };
    },
    close: () => undefined,
  };
}
