/*
 * What a transfer to a daemon is compared with: an HTTPS server that digests what is sent to it with SHA-256, and no more, or
 * (/written) writes it to a file besides. Its folder has certificate and key; prints its port.
 */
import { createHash } from 'node:crypto';
import { createWriteStream, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const [folder = '.', file = 'file'] = process.argv.slice(2);
const [cert, key, ca] = ['self.pem', 'self.key', 'ca.pem'].map((name) => readFileSync(join(folder, name)));
const server = createServer({ cert, key, ca, requestCert: true, minVersion: 'TLSv1.3' }, async (request, response) => {
  const hash = createHash('sha256');
  const digested = async function* (bytes) {
    for await (const chunk of bytes) {
      hash.update(chunk);
      yield chunk;
    }
  };
  if (request.url === '/written') await pipeline(request, digested, createWriteStream(file));
  else for await (const chunk of request) hash.update(chunk);
  response.end(hash.digest('hex'));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
