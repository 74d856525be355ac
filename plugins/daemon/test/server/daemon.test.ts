import { afterAll, expect, test } from '@jest/globals';
import { mlnProcess } from './mln-process.js';

const mln = mlnProcess();

test('a daemon answers on its socket, and ends when it is told to', async () => {
  const daemon = await mln.daemon();
  const { stdout, exit, stderr } = await mln.run(['operations', 'list', '--json']);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ items: [] });
  daemon.child.kill('SIGTERM');
  expect(await daemon.ended).toBe(0);
});
