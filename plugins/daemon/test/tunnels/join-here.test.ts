import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Operation, Part } from '@mln/core';
import daemon from '@mln/plugin-daemon';
import uml from '@mln/plugin-uml';
import { decided, testKernel } from '../../../../test/support/test-kernel.js';
import { fleetClient } from '../../src/client/shared.js';
import type { Options } from '../../src/options.js';
import { joinHere } from '../../src/tunnels/join.js';

/* What a command asks of this machine's own daemon, by its unix socket. */

const operation: Operation = { id: 'x', name: 'start', user: 'me', at: '', options: {} };
const text = `global { project lab }
switch lan { }
switch own { }
switch wan { }
host a { network eth0 { switch lan; address 10.0.0.1/24 }
  network eth1 { switch own; address 10.0.1.1/24 }
  network eth2 { switch wan; address 10.0.2.1/24 } }
host b { service_host backend3
  network eth0 { switch lan; address 10.0.0.2/24 }
  network eth1 { switch wan; address 10.0.2.2/24 } }
`;

let folder: string;
let server: Server | null = null;
const asked: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mln-join-'));
  asked.length = 0;
});
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  server = null;
  rmSync(folder, { recursive: true });
});

/** A daemon that notes what it is asked. */
async function listen(answer: unknown): Promise<void> {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''} ${body}`);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  server.listen(join(folder, 'socket'));
  await once(server, 'listening');
}

async function ask(phase: 'join' | 'leave', names = ['lan', 'own', 'wan']) {
  const mln = await testKernel([[uml, { default: true }], daemon]);
  const project = await decided(mln, '/lab.mln', text);
  const units = project.switches.filter(({ name }) => names.includes(name));
  const part: Part = { server: null, phase, units, project, source: text };
  const options: Options = { socket: join(folder, 'socket') };
  try {
    return await joinHere(mln, options, operation, part, () => undefined);
  } finally {
    fleetClient(mln, options).close();
  }
}

test('switches on several servers are joined by the daemon, and left', async () => {
  const problem = { severity: 'error', code: 'MLN_NO_SERVER', message: 'backend3 does not answer' };
  await listen({ failures: [{ unit: 'lan', server: 'gateway1', problem }] });
  expect(await ask('join')).toEqual({ failures: [{ unit: 'lan', problem }] });
  expect(await ask('leave', ['wan', 'own'])).toEqual({ failures: [{ unit: 'lan', problem }] });
  expect(asked).toEqual([
    'POST /v1/tunnels/lab {"switches":["lan","wan"]}',
    'DELETE /v1/tunnels/lab {"switches":["wan"]}',
  ]);
});

test('for a switch on one server nobody is asked', async () => {
  expect(await ask('join', ['own'])).toEqual({ failures: [] });
});

test('without a daemon nothing is joined, and nothing need be left', async () => {
  await expect(ask('join', ['lan'])).rejects.toMatchObject({
    code: 'MLN_NO_SERVER',
    message:
      'the switch lan is on this machine and backend3: its parts are joined by daemons; mln daemon must run here too',
  });
  await expect(ask('join')).rejects.toThrow('the switches lan, wan are on this machine and backend3: their parts');
  expect(await ask('leave')).toEqual({ failures: [] });
});
