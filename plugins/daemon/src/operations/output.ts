import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

const BYTES = 2000;

/** What a worker printed last, where it died before it could say it in its log. */
export async function lastWords(path: string): Promise<string> {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  try {
    const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const { size } = await file.stat();
      const { buffer, bytesRead } = await file.read(Buffer.alloc(BYTES), 0, BYTES, Math.max(0, size - BYTES));
      const text = buffer.subarray(0, bytesRead).toString().trim().split('\n').slice(-5).join('\n');
      return text === '' ? '' : `; its last words:\n${text}`;
    } finally {
      await file.close();
    }
  } catch {
    return '';
  }
}
