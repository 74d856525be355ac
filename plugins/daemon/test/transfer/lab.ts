import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from '@jest/globals';
import * as core from '@mln/core';
import { createMln, failure, isMlnError, type Mln, type Project } from '@mln/core';
import autoenum from '@mln/plugin-autoenum';
import cfengine from '@mln/plugin-cfengine';
import ext from '@mln/plugin-ext';
import linux from '@mln/plugin-linux';
import lvm from '@mln/plugin-lvm';
import uml from '@mln/plugin-uml';
import xen from '@mln/plugin-xen';
import { decide } from '../../../../core/src/decide.js';
import { readProject } from '../../../../core/src/read-project.js';
import { runShell } from '../../../../core/src/shell.js';
import { usualTemplate } from '../../../../core/src/testing/usual-template.js';
import { createClient, LOCAL, type FleetClient } from '../../src/client/client.js';
import { placesOf, type Options } from '../../src/options.js';
import type { Principal } from '../../src/protocol.js';
import type { Call, Daemon } from '../../src/server/route.js';
import { transferRoutes } from '../../src/transfer/routes.js';

const root = mkdtempSync(join(tmpdir(), 'mln-transfer-'));
const servers: Server[] = [];
const before: (() => void)[] = [];
let made = 0;

afterAll(() => {
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
  for (const act of before) act();
  rmSync(root, { recursive: true, force: true });
});

/** Does something before the folders of a test file are taken away. */
export function beforeCleaning(act: () => void): void {
  before.push(act);
}

export function scratch(): string {
  const path = join(root, String((made += 1)));
  mkdirSync(path);
  return path;
}

/** A kernel with the standard plug-ins, whose folders are in one of its own. */
export function machine(folder: string): Promise<Mln> {
  const folders = {
    projects: join(folder, 'projects'),
    templates: join(folder, 'templates'),
    files: join(folder, 'files'),
  };
  const plugin = (name: string, plugin: core.Plugin, options = {}): core.LoadedPlugin => ({
    name,
    version: '1.0.0',
    api: '^1.0.0',
    source: 'test',
    options,
    plugin,
  });
  return createMln({
    core,
    shell: runShell,
    folders,
    configuration: { plugins: [], template: 'tiny', serviceHost: null, stopWait: 60, folders, origins: {} },
    plugins: [
      plugin('linux', linux),
      plugin('ext', ext),
      plugin('autoenum', autoenum),
      plugin('xen', xen),
      plugin('lvm', lvm),
      plugin('cfengine', cfengine),
      plugin('uml', uml, { default: true }),
    ],
  });
}

export async function decided(mln: Mln, file: string): Promise<{ project: Project; source: string }> {
  const { project, source } = await readProject(mln, file);
  return { project: decide(project, null, 'fade'), source };
}

/** An ext4 image with the usual files of a small Debian. */
export function makeImage(path: string, more: Readonly<Record<string, string>> = {}): string {
  const tree = scratch();
  for (const [name, text] of Object.entries({ ...usualTemplate, ...more })) {
    const file = join(tree, name);
    mkdirSync(name.endsWith('/') ? file : dirname(file), { recursive: true });
    if (text.startsWith('→')) symlinkSync(text.slice(1), file);
    else if (!name.endsWith('/')) writeFileSync(file, text);
  }
  chmodSync(join(tree, 'bin/busybox'), 0o755);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
  truncateSync(path, 8 * 1024 * 1024);
  const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  const options = ['-q', '-F', '-t', 'ext4', '-b', '4096', '-O', '^has_journal', '-E', 'root_owner=0:0'];
  execFileSync('mke2fs', [...options, '-d', tree, path], { env: { ...process.env, PATH }, stdio: 'pipe' });
  return path;
}

export function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

export interface ServerLab {
  readonly daemon: Daemon;
  readonly client: FleetClient;
  readonly blobs: string;
  /** What came over the wire: bytes of bodies, and requests as `METHOD /path`. */
  readonly seen: { bytes: number; requests: string[] };
  /** The connection is cut, once, when so many bytes of bodies have come. */
  cutAfter: number;
  /** From then on nobody is answered. */
  thenDown: boolean;
  /** Whose requests they are. */
  principal: Principal;
  allowed: boolean;
}

export { LOCAL };

/** A machine that answers the routes of transfers on a unix socket, and a client of it. */
export async function serverLab(folder = scratch(), more: Options = {}): Promise<ServerLab> {
  const options: Options = { state: join(folder, 'daemon'), socket: join(scratch(), 'socket'), ...more };
  const mln = await machine(folder);
  const daemon = { mln, options, places: placesOf(options, mln.folders), logger: { warn: () => undefined } };
  const lab: ServerLab = {
    daemon: daemon as unknown as Daemon,
    client: createClient(mln, options),
    blobs: join(folder, 'daemon/blobs'),
    seen: { bytes: 0, requests: [] },
    cutAfter: Infinity,
    thenDown: false,
    principal: { kind: 'user', name: 'alice' },
    allowed: true,
  };
  const server = createServer((request, response) => {
    void answer(lab, request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(options.socket, resolve));
  return lab;
}

async function answer(lab: ServerLab, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://server');
  const send = (status: number, json: unknown): void => {
    const text = JSON.stringify(json);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  };
  request.on('error', () => undefined);
  if (lab.thenDown && lab.seen.bytes >= lab.cutAfter) {
    request.destroy();
    return;
  }
  lab.seen.requests.push(`${request.method ?? ''} ${url.pathname}`);
  const route = transferRoutes(lab.daemon).find(
    (each) =>
      each.method === request.method && each.path.replace(/:\w+$/, '') === url.pathname.replace(/[^/]{64}$/, ''),
  );
  try {
    if (!route) throw failure('MLN_BAD_REQUEST', `there is no ${url.pathname}`);
    const json: unknown = route.body?.kind === 'json' ? JSON.parse((await request.toArray()).join('')) : undefined;
    const call: Call = {
      principal: lab.principal,
      onBehalfOf: null,
      parameters: { sha256: url.pathname.split('/').at(-1) ?? '' },
      query: url.searchParams,
      header: () => undefined,
      json,
      stream: request,
      signal: new AbortController().signal,
      require(verb, project) {
        if (!lab.allowed || project === undefined) throw failure('MLN_NOT_ALLOWED', `${verb} is not allowed`);
      },
    };
    if (json === undefined)
      request
        .on('data', (chunk: Buffer) => {
          lab.seen.bytes += chunk.length;
          if (lab.seen.bytes < lab.cutAfter) return;
          if (!lab.thenDown) lab.cutAfter = Infinity;
          request.destroy();
        })
        .pause();
    const reply = await route.handle(call);
    if ('json' in reply) send(reply.status, reply.json);
  } catch (error) {
    if (!isMlnError(error)) throw error;
    if (!response.destroyed)
      send(error.code === 'MLN_BAD_REQUEST' ? 400 : 422, { problems: error.problems, exit: error.exit });
  }
}
