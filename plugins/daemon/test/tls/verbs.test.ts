import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { CommandOptions } from '@mln/core';
import { createCommands } from '../../../../core/src/commands.js';
import { tryPlugin } from '../../../../core/src/testing.js';
import { clientOptions, readIdentity } from '../../src/tls/identity.js';
import { addAuthorityVerbs } from '../../src/tls/verbs.js';
import { ask } from './fleet.js';
import { beginFleet, ca, endFleet, folder, gateway1, home, joined, run, type Machine } from './machines.js';

/* `mln ca init`, `issue`, `join` and `list`, as they are typed. */

let port = 0;
beforeAll(async () => {
  port = await beginFleet();
});
afterAll(endFleet);

test('ca init makes the authority, whose key nobody else can read, and the server’s own certificate', async () => {
  const mode = (path: string): number => statSync(join(home, path)).mode & 0o777;
  expect([mode('authority'), mode('authority/ca.key'), mode('self.key')]).toEqual([0o700, 0o600, 0o600]);
  const identity = await readIdentity(home);
  expect(identity.principal).toEqual({ kind: 'server', name: 'gateway1' });
  const own = new X509Certificate(identity.certificate);
  expect(own.subjectAltName).toBe('DNS:gateway1, IP Address:127.0.0.1');
  expect([...own.keyUsage].sort()).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  expect(new X509Certificate(identity.authority).subject).toContain('O=acme');

  const again = await run(gateway1, 'ca init');
  expect([again.exit, again.stderr]).toEqual([
    64,
    expect.stringContaining('there is an authority on this machine already'),
  ]);
  expect(await readIdentity(home)).toEqual(identity);
});

test('ca init goes on where it was cut off', async () => {
  const machine: Machine = { name: 'half', fleet: join(folder, 'half') };
  await run(machine, 'ca init');
  const authority = readFileSync(join(machine.fleet, 'authority/ca.pem'), 'utf8');
  for (const name of ['ca.pem', 'self.pem']) rmSync(join(machine.fleet, name));
  expect(await run(machine, 'ca init')).toMatchObject({ exit: 0 });
  expect((await readIdentity(machine.fleet)).authority).toBe(authority);
});

test('a machine without a name has the authority alone', async () => {
  const machine: Machine = { fleet: join(folder, 'nameless') };
  expect(await run(machine, 'ca init')).toMatchObject({
    exit: 0,
    stderr: expect.stringContaining('is no service host'),
  });
  expect(existsSync(join(machine.fleet, 'self.pem'))).toBe(false);
});

test('servers and users join by tokens', async () => {
  const [backend, alice] = [await joined('backend3', 'server', port), await joined('alice', 'user', port)];
  for (const [{ fleet }, who] of [
    [backend, 'server:backend3'],
    [alice, 'user:alice'],
  ] as const)
    expect(await ask(port, clientOptions(await readIdentity(fleet), 'gateway1'))).toBe(`200 ${who}`);
});

test('the token of one server lets no other join', async () => {
  const { stdout } = await run(gateway1, 'ca issue', ['backend3'], { server: true });
  const machine: Machine = { name: 'backend4', fleet: join(folder, 'backend4') };
  const said = await run(machine, 'ca join', [`127.0.0.1:${port}`, stdout.trim()]);
  expect([said.exit, said.stderr]).toEqual([
    64,
    expect.stringContaining('the token is for the server backend3, and this machine is backend4'),
  ]);
  expect(existsSync(machine.fleet)).toBe(false);
});

test('--out writes a folder that is a fleet folder as it is', async () => {
  const out = join(folder, 'carried');
  const said = await run(gateway1, 'ca issue', ['bob'], { user: true, out, days: '10' });
  expect([said.exit, said.stdout]).toEqual([0, '']);
  const identity = await readIdentity(out);
  expect(await ask(port, clientOptions(identity, 'gateway1'))).toBe('200 user:bob');
  const days = (Date.parse(new X509Certificate(identity.certificate).validTo) - Date.now()) / 86_400_000;
  expect(Math.round(days)).toBe(10);
  expect(await run(gateway1, 'ca issue', ['bob'], { out })).toMatchObject({
    exit: 64,
    stderr: expect.stringContaining('there is a key already'),
  });
  expect(await readIdentity(out)).toEqual(identity);
});

test('many certificates that are issued at the same time are all kept', async () => {
  const names = Array.from({ length: 12 }, (_each, index) => `many${index}`);
  await Promise.all(names.map((name) => run(gateway1, 'ca issue', [name], { out: join(folder, 'many', name) })));
  const { stdout } = await run(gateway1, 'ca list', [], { json: true });
  const { items } = JSON.parse(stdout) as { items: readonly { name: string; serial: string; state: string }[] };
  expect(items.filter(({ name, state }) => name.startsWith('many') && state === 'good')).toHaveLength(12);
  expect(new Set(items.map(({ serial }) => serial)).size).toBe(items.length);
});

const wrong: readonly (readonly [verb: string, args: readonly string[], given: CommandOptions, message: string])[] = [
  ['ca issue', ['../x'], {}, 'cannot be a name'],
  ['ca issue', ['a b'], {}, 'cannot be a name'],
  ['ca issue', ['a'], { server: true, user: true }, 'of a server or of a user'],
  ['ca issue', ['a'], { days: '-1' }, '--days takes a number'],
  ['ca issue', ['a'], { days: 'x' }, '--days takes a number'],
  ['ca issue', ['a'], { minutes: '1e9' }, '--minutes takes a number'],
  ['ca init', [], { name: 'a/b' }, 'cannot be the name of a fleet'],
  ['ca revoke', ['nobody'], {}, 'no certificate was ever issued to nobody'],
  ['ca revoke', ['user:'], {}, 'is no name'],
  ['ca join', ['10.0.0.1', 'token'], {}, 'this is not a whole token'],
];

test.each(wrong)('mln %s %j %j is not understood: %s', async (verb, args, given, message) => {
  const said = await run(gateway1, verb, args, given);
  expect([said.exit, said.stdout, said.stderr]).toEqual([64, '', expect.stringContaining(message)]);
});

test.each([
  ['ca issue', ['a']],
  ['ca revoke', ['a']],
  ['ca list', []],
] as const)('%s wants the authority', async (verb, args) => {
  const said = await run({ fleet: join(folder, 'none') }, verb, args);
  expect([said.exit, said.stderr]).toEqual([77, expect.stringContaining('this machine does not issue certificates')]);
});

test('all verbs are there, and each says what it takes', async () => {
  const { mln } = await tryPlugin(ca, 'global { project p }');
  const commands = createCommands();
  addAuthorityVerbs(commands, mln, {});
  expect(commands.all.map(({ name, arguments: words = '' }) => `${name} ${words}`.trim())).toEqual([
    'ca init',
    'ca issue <name>',
    'ca join <address> <token>',
    'ca revoke <name>',
    'ca list',
  ]);
});
