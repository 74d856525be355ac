import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { install } from '../guests/installation.js';
import { ordinaryUser, processesIn, until } from '../guests/support.js';
import { layWire } from './network.js';
import { makeNode, makeServer, type Node, type Server } from './node.js';
import { stopper, stopperFolder } from './stopper.js';

/*
 * A fleet on one machine: servers, and machines of people, each with its own network, folders and certificate, with mln as
 * it is installed and a daemon as systemd would run it.
 */

export interface Fleet {
  readonly folder: string;
  server(name: string): Server;
  /** A machine without a daemon, from which somebody asks the servers. It has no certificate. */
  client(name: string): Node;
  /** The system user as whom guests of others run. */
  readonly guestUid: number;
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly servers: readonly string[];
  /** Guests that are small processes, in place of none; and mln stands still where it is told to (stopper.ts). */
  readonly toys?: boolean;
  /** Servers have the right `host` too: projects may have hook blocks. */
  readonly trusting?: boolean;
  /** Seconds after which a server that does not answer is given up. */
  readonly timeout?: number;
}

/**
 * Opens a fleet whose daemons run: the first server makes the certificates, and the others join it. It alone has the tiny
 * template.
 */
export async function openFleet({
  servers: names,
  toys = false,
  trusting = false,
  timeout = 10,
}: FleetOptions): Promise<Fleet> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mln-fleet-')));
  chmodSync(folder, 0o755);
  const wire = layWire();
  const guests = ordinaryUser();
  const close = async (): Promise<void> => {
    // What they have begun may begin more.
    for (let left = processesIn(folder); left.length > 0; left = processesIn(folder)) {
      for (const { pid } of left) killed(pid);
      await until(() => left.every(({ pid }) => !existsSync(`/proc/${pid}`)), 'what is killed to end');
    }
    wire.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const program = join(install(join(folder, 'installation')), 'bin/mln.js');
    // As systemd-notify(1) would tell systemd.
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'systemd-notify'), '#!/bin/sh\nprintf "%s\\n" "$@" >>"$NOTIFY_SOCKET"\n', { mode: 0o755 });
    const pack = join(folder, 'pack');
    cpSync(join(import.meta.dirname, '../../examples/pack'), pack, { recursive: true });
    writeFileSync(join(folder, 'stopper.mjs'), stopper);
    execFileSync('chmod', ['-R', 'go-w,a+rX', pack, join(folder, 'stopper.mjs')]);
    const addresses: Record<string, string> = {};

    const installed = { folder, program, bin };
    const node = (name: string): Node => makeNode(installed, name, wire.plug(name));

    /** Says in the machine's configuration what it is. */
    const configure = (each: Node, isServer: boolean): void => {
      const others = Object.entries(addresses).filter(([name]) => name !== each.name);
      const options = {
        ...(isServer
          ? { listen: [each.address], groups: [each.name.replace(/\d+$/, 's')], guestUser: guests.name }
          : {}),
        servers: Object.fromEntries(others),
        fleet: each.fleet,
        state: each.state,
        socket: join(each.folder, 'run/daemon.sock'),
        timeout,
      };
      const { projects, templates } = each;
      const plugins = toys ? [pack, [join(folder, 'stopper.mjs'), { folder: stopperFolder(each) }]] : [];
      const configuration = {
        projects,
        templates,
        ...(isServer ? { service_host: each.name } : {}),
        plugins: ['standard', ...plugins, ['@mln/plugin-daemon', options]],
      };
      writeFileSync(join(each.folder, 'mln.config.json'), JSON.stringify(configuration, null, 1));
    };

    const servers = Object.fromEntries(names.map((name) => [name, makeServer(node(name))]));
    for (const { name, address } of Object.values(servers)) addresses[name] = address;
    for (const each of Object.values(servers)) {
      configure(each, true);
      mkdirSync(each.fleet, { mode: 0o700 });
      writeFileSync(join(each.fleet, 'roles.yaml'), roles(trusting));
    }
    const [first, ...others] = Object.values(servers);
    if (!first) throw new Error('a fleet has a server');
    await first.ok('ca', 'init');
    await first.up();
    await Promise.all(
      others.map(async (each) => {
        const token = (await first.ok('ca', 'issue', each.name, '--server')).trim().split('\n').at(-1) ?? '';
        // On a machine that is busy an answer may come too late; a token that was not used is still good.
        let joined = await each.mln('ca', 'join', first.address, token);
        for (let tries = 1; joined.code === 69 && tries < 3; tries += 1)
          joined = await each.mln('ca', 'join', first.address, token);
        if (joined.code !== 0) throw new Error(`${each.name} cannot join: ${joined.stderr}`);
        await each.up();
      }),
    );
    await first.ok('template', 'build', 'tiny');
    return {
      folder,
      server(name) {
        const found = servers[name];
        if (!found) throw new Error(`there is no server ${name}`);
        return found;
      },
      guestUid: guests.uid,
      client(name) {
        const each = node(name);
        configure(each, false);
        cpSync(first.templates, each.templates, { recursive: true });
        return each;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Who may do what, on every server. */
const roles = (trusting: boolean): string => `roles:
  - name: fleet
    principals: ['server:*']
    verbs: ${trusting ? '[all, host]' : 'all'}
  - name: this-machine
    principals: [local]
    verbs: [all, host, admin]
  - name: operators
    principals: ['user:olga']
    verbs: [all, admin]
  - name: kafe
    principals: ['user:alice', 'user:bob', 'user:late']
    verbs: [read, build, start, stop, remove, console]
    projects: ['kafe*']
  - name: watch
    principals: ['user:watch']
    verbs: [read]
`;

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended since.
  }
}
