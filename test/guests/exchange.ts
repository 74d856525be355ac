import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { until, type Lab } from './support.js';

/* One MiB from the physical host to a guest and one back, over TCP. */

/** Gives `bytes` to whoever asks by HTTP, and keeps the digest of what comes on the next port in a file. */
const server = `
const [folder, address] = process.argv.slice(1);
const fs = require('node:fs');
const digest = () => require('node:crypto').createHash('md5');
const give = require('node:http').createServer((request, response) => {
  fs.createReadStream(folder + '/bytes').pipe(response);
});
const take = require('node:net').createServer((socket) => {
  const hash = digest();
  socket.on('data', (bytes) => hash.update(bytes));
  socket.on('error', () => undefined);
  socket.on('end', () => fs.writeFileSync(folder + '/taken', hash.digest('hex')));
});
give.listen(0, address, () => take.listen(0, address, () => console.log(give.address().port, take.address().port)));
`;

/** Moves a MiB each way between a guest and an address of the physical host that the guest reaches by another name. */
export async function exchange(
  lab: Lab,
  type: (command: string) => Promise<string>,
  { listen, call = listen, inside = [] }: { listen: string; call?: string; inside?: readonly string[] },
): Promise<void> {
  const bytes = Buffer.from(Array.from({ length: 1024 * 1024 }, (_, index) => (index * 7919 + (index >> 9)) % 251));
  writeFileSync(join(lab.folder, 'bytes'), bytes);
  const [program, ...args] = [...inside, process.execPath, '-e', server, lab.folder, listen];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [ports] = (await once(child.stdout, 'data')) as [Buffer];
    const [give = '', take = ''] = ports.toString().trim().split(' ');
    const expected = createHash('md5').update(bytes).digest('hex');
    expect(await type(`wget -q -O /tmp/bytes http://${call}:${give}/ && md5sum /tmp/bytes`)).toContain(expected);
    await type(`nc ${call} ${take} </tmp/bytes`);
    const taken = join(lab.folder, 'taken');
    expect(await until(() => readOr(taken), 'what the guest has sent')).toBe(expected);
    writeFileSync(taken, '');
  } finally {
    child.kill('SIGKILL');
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
