import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { makerTag } from '../src/template-owner.js';
import { commandLine } from './cli-process.js';
import { httpsServer, type HttpsServer } from './https-server.js';
import { templatePlugin } from './template-plugin.js';

// A machine that is busy with other tests takes its time to start processes.
jest.setTimeout(60_000);

const cli = commandLine(templatePlugin);
let server: HttpsServer;

beforeAll(async () => {
  server = await httpsServer();
});
afterAll(() => server.close());

test('an add that was killed leaves nothing: what is left of it is taken away, and told', async () => {
  const bin = join(cli.folder, 'bin');
  mkdirSync(bin);
  // Instead of copying, cp kills whoever has called it.
  writeFileSync(join(bin, 'cp'), '#!/bin/sh\necho half >"$6"\nkill -9 $PPID\n', { mode: 0o755 });
  writeFileSync(join(cli.folder, 't'), 'template');
  const killed = await cli.run(['template', 'add', join(cli.folder, 't')], {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
  });
  expect(killed.exit).toBe(null);
  expect(readdirSync(cli.templates)).toEqual([expect.stringMatching(/^\.new\.\d+-\d+-[0-9a-f]{8}-[0-9a-f]{8}-/)]);
  // What somebody who lives is making stays.
  const living = `.new${makerTag()}`;
  mkdirSync(join(cli.templates, living));
  expect(await cli.run(['template', 'list'])).toEqual({
    exit: 0,
    stdout: '',
    stderr: 'a template add that was cut off is taken back: nothing of it is left\n',
  });
  expect(readdirSync(cli.templates)).toEqual([living]);
  rmdirSync(join(cli.templates, living));
});

test('a download that is killed leaves what has come, and nothing else; while it goes on nobody else has it', async () => {
  const body = Buffer.concat([Buffer.from('template '), randomBytes(4_000_000)]);
  const sha256 = createHash('sha256').update(body).digest('hex');
  const trusted = { NODE_EXTRA_CA_CERTS: server.certificate };
  server.files.set('/killed', { body, etag: '"one"', holdAfter: 3_000_000 });
  const args = ['template', 'add', `${server.url}/killed`, '--name', 'killed', '--sha256', sha256];
  const child = cli.start(args, trusted);
  let said = '';
  while (!said.includes(' %')) said += String((await once(child.stderr ?? child, 'data'))[0]);
  const other = await cli.run(args, trusted);
  expect(other).toMatchObject({
    exit: 75,
    stderr: expect.stringContaining(`by another mln (process ${child.pid ?? 0})`) as unknown,
  });
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
  // Beside it the folder that the template was to be made in: there is no image in it yet.
  const [begun = '', ...parts] = readdirSync(cli.templates);
  expect(begun).toMatch(/^\.new\./);
  expect(readdirSync(join(cli.templates, begun))).not.toContain('image');
  expect(parts).toEqual([expect.stringMatching(/^\.part-[0-9a-f]{16}\.\d+-/)]);
  const come = statSync(join(cli.templates, parts[0] ?? '', 'data')).size;
  expect(come).toBeGreaterThan(0);
  server.requests();
  server.files.set('/killed', { body, etag: '"one"' });
  const ended = await cli.run(args, trusted);
  expect(ended).toMatchObject({
    exit: 0,
    stderr: expect.stringContaining('that was cut off is taken back') as unknown,
  });
  expect(server.requests()).toEqual([{ path: '/killed', range: `bytes=${come}-`, ifRange: '"one"' }]);
  expect(readFileSync(join(cli.templates, 'killed/1.0/image')).equals(body)).toBe(true);
  expect(readdirSync(cli.templates)).toEqual(['killed']);
});
