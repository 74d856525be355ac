/*
 * Where disks come to in measurements: an HTTPS server that takes an image in over an upgraded connection, as a daemon does,
 * and is what that is compared with: what is sent to it it throws away. Its folder has certificate and key; prints its port,
 * and for each image the bytes that came in.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { receiveImage } from '../../plugins/daemon/build/images/receive-image.js';

const [certificates = '.', place = '.'] = process.argv.slice(2);
const [cert, key, ca] = ['self.pem', 'self.key', 'ca.pem'].map((name) => readFileSync(join(certificates, name)));

/** Runs a program, as mln's own shell does where nothing goes wrong. */
const shell = async (program, args) => {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const [stdout] = await Promise.all([child.stdout.toArray(), new Promise((resolve) => child.once('close', resolve))]);
  if (child.exitCode !== 0) throw new Error(`${program} ended with ${child.exitCode}`);
  return { stdout: stdout.join('') };
};

const server = createServer({ cert, key, ca, requestCert: true, minVersion: 'TLSv1.3' }, async (request, response) => {
  await finished(request.resume());
  response.end();
});
server.on('upgrade', async (request, socket, head) => {
  const { searchParams } = new URL(request.url, 'https://there');
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: mln-images\r\n\r\n');
  if (head.length > 0) socket.unshift(head);
  const bases = searchParams.getAll('base');
  const received = await receiveImage(socket, { folder: join(place, searchParams.get('name')), bases, shell });
  console.log(JSON.stringify({ ...received, bytes: socket.bytesRead }));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
