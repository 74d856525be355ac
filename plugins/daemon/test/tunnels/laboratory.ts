import { createPublicKey } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { unitsOf, type Mln, type Project, type Shell } from '@mln/core';
import daemonPlugin from '@mln/plugin-daemon';
import uml from '@mln/plugin-uml';
import xen from '@mln/plugin-xen';
import { runShell } from '../../../../core/src/shell.js';
import { createScripts } from '../../../../core/src/scripts.js';
import { writeState } from '../../../../core/src/state.js';
import { decided, testKernel } from '../../../../test/support/test-kernel.js';
import { createClient } from '../../src/client/client.js';
import type { Options } from '../../src/options.js';
import { usualLimits } from '../../src/server/limits.js';
import { fleetServer, listenOn } from '../../src/server/listen.js';
import { createPeers } from '../../src/server/peers.js';
import type { Daemon } from '../../src/server/route.js';
import { certify, makeAuthority, makeKey, type Pair } from '../../src/tls/certificates.js';
import { certificateProblem, principalOf, readIdentity, serverOptions } from '../../src/tls/identity.js';
import { tunnelRoutes, tunnelUpgrades } from '../../src/tunnels/routes.js';
import { tunnelsOf } from '../../src/tunnels/tunnels.js';
import { createRelay, type Relay } from './relay.js';

/*
 * Servers of a fleet that all run here: each with its certificate, its projects folder, its daemon (all of it that joins
 * switches, behind the real HTTPS), and the link by which others reach it. Switches are started by their own scripts.
 */

export interface LabServer {
  readonly daemon: Daemon;
  readonly link: Relay;
  /** A path in the project's folder. */
  path(file: string): string;
  /** Runs a script of a unit: `lan/start`. */
  run(script: string): Promise<void>;
  /** Ends its daemon. */
  close(): Promise<void>;
}

export interface LabOptions {
  /** The network namespace of each server, where its programs run. */
  readonly namespaces?: Readonly<Record<string, string>>;
  /** The addresses that servers call each other by in VXLANs. */
  readonly addresses?: Readonly<Record<string, string>>;
}

export interface Lab {
  readonly folder: string;
  readonly project: Project;
  /** Whom servers refuse: `server:NAME`. */
  readonly refused: Set<string>;
  server(name: string): LabServer;
  /** Puts another daemon in the stead of a server's own. */
  replace(name: string): Promise<LabServer>;
  close(): Promise<void>;
}

export async function laboratory(text: string, names: readonly string[], options: LabOptions = {}): Promise<Lab> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mln-tunnels-')));
  const authority = await makeAuthority('lab');
  const kernel = await testKernel(
    [[uml, { default: true }], xen, [daemonPlugin, { servers: options.addresses ?? {} }]],
    { projects: folder },
  );
  const project = await decided(kernel, '/lab.mln', text);
  const ways: Record<string, string> = {};
  const servers = new Map<string, LabServer>();
  const refused = new Set<string>();
  const openServer = async (name: string): Promise<LabServer> => {
    const own: Project = { ...project, directory: join(folder, name, 'projects', project.name) };
    const link = servers.get(name)?.link ?? (await createRelay());
    ways[name] = `127.0.0.1:${link.port}`;
    const opened = await open({ folder, name, kernel, project: own, ways, options, refused, link });
    servers.set(name, opened);
    return opened;
  };
  for (const name of names) {
    await writeIdentity(join(folder, name, 'fleet'), name, authority);
    await writeProject(kernel, { ...project, directory: join(folder, name, 'projects', project.name) });
    await openServer(name);
  }
  const server = (name: string): LabServer => {
    const found = servers.get(name);
    if (!found) throw new Error(`there is no server ${name}`);
    return found;
  };
  return {
    folder,
    project,
    refused,
    server,
    async replace(name) {
      await server(name).close();
      return openServer(name);
    },
    async close() {
      for (const each of servers.values()) {
        await each.close();
        await each.link.close();
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Opened {
  readonly folder: string;
  readonly name: string;
  readonly kernel: Mln;
  readonly project: Project;
  /** Addresses by which clients reach servers; filled as they come. */
  readonly ways: Record<string, string>;
  readonly options: LabOptions;
  readonly refused: ReadonlySet<string>;
  readonly link: Relay;
}

async function open(opened: Opened): Promise<LabServer> {
  const { folder, name, kernel, project, ways, options, refused, link } = opened;
  const { namespaces = {}, addresses = {} } = options;
  const at = (path: string): string => join(folder, name, path);
  const namespace = namespaces[name];
  const shell: Shell = (program, args, more) =>
    namespace === undefined
      ? runShell(program, args, more)
      : runShell('ip', ['netns', 'exec', namespace, program, ...args], more);
  const mln = Object.assign(Object.create(kernel) as Mln, {
    shell,
    configuration: { ...kernel.configuration, serviceHost: name },
  });
  const places = { fleet: at('fleet'), roles: at('roles.yaml'), state: at('state'), socket: at('socket') };
  const clientOptions: Options = { servers: ways, fleet: places.fleet, timeout: 2 };
  const logger = pino({ level: 'silent' });
  const daemon: Daemon = {
    mln,
    options: { servers: addresses, timeout: 0.5 },
    places,
    name,
    logger,
    client: createClient(mln, clientOptions),
    operations: undefined as unknown as Daemon['operations'],
    projectFolders: () => Promise.resolve([at('none'), dirname(project.directory)]),
  };
  const identity = await readIdentity(places.fleet);
  const closing = new AbortController();
  const server = fleetServer(
    {
      routes: [
        ...tunnelRoutes(daemon),
        { method: 'GET', path: '/v1/server', handle: () => Promise.resolve({ status: 200, json: { name } }) },
      ],
      upgrades: tunnelUpgrades(daemon),
      guard({ principal }, verb, about) {
        if (!refused.has(`${principal.kind}:${principal.name}`)) return;
        throw kernel.core.failure('MLN_NOT_ALLOWED', `${principal.name} may not ${verb} ${about ?? ''}`);
      },
      logger,
      limits: usualLimits,
      peers: createPeers(usualLimits, () => true),
      closing: closing.signal,
    },
    serverOptions(identity),
    (socket) => principalOf(socket) ?? certificateProblem(socket),
  );
  await listenOn(server, { host: '127.0.0.1', port: 0 });
  const { port } = server.address() as AddressInfo;
  link.to(port);
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    await tunnelsOf(daemon).close();
    closing.abort();
    daemon.client.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) =>
      server.close(() => {
        resolve();
      }),
    );
  };
  return {
    daemon,
    link,
    path: (file) => join(project.directory, file),
    async run(script) {
      await shell(join(project.directory, script), [], { timeout: 20_000 });
    },
    close,
  };
}

async function writeIdentity(fleet: string, name: string, authority: Pair): Promise<void> {
  const key = makeKey();
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const wanted = { name, kind: 'server', days: 1, addresses: ['127.0.0.1'] } as const;
  await mkdir(fleet, { recursive: true });
  await writeFile(join(fleet, 'ca.pem'), authority.certificate);
  await writeFile(join(fleet, 'self.pem'), await certify(authority, publicKey, wanted));
  await writeFile(join(fleet, 'self.key'), key, { mode: 0o600 });
}

/** A built project, as far as switches go. */
async function writeProject(kernel: Mln, project: Project): Promise<void> {
  await mkdir(project.directory, { recursive: true });
  for (const unit of unitsOf(project).filter(({ kind }) => kind === 'switch')) {
    const { scripts, files } = createScripts();
    kernel.hooks.emitScripts.call(unit, scripts, project);
    await mkdir(join(project.directory, unit.name));
    for (const { path, text } of files)
      await writeFile(join(project.directory, unit.name, path), text, { mode: 0o700 });
  }
  await writeState(project.directory, { builtAt: new Date().toISOString(), plugins: {}, templates: {}, project });
}
