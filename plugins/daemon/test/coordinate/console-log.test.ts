import { appendFileSync, linkSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { scratchFolder } from '../../../../core/test/scratch.js';
import { consoleLog } from '../../src/coordinate/console-log.js';
import { errorOf } from '../client/error-of.js';

function project(text?: string): { readonly name: string; readonly directory: string; readonly path: string } {
  const directory = join(scratchFolder(), 'kafe');
  mkdirSync(join(directory, 'a'), { recursive: true });
  const path = join(directory, 'a', 'console.log');
  if (text !== undefined) writeFileSync(path, text);
  return { name: 'kafe', directory, path };
}

const whole = { from: 0, follow: false, signal: new AbortController().signal };

function bytesOf(data: unknown): string {
  return Buffer.from((data as { bytes: string }).bytes, 'base64').toString();
}

describe('a console log', () => {
  test('is sent in pieces, whose numbers say how far it has come', async () => {
    const text = 'x'.repeat(100_000);
    const numbers: number[] = [];
    let got = '';
    for await (const { id, data } of await consoleLog(project(text), 'a', whole)) {
      numbers.push(id);
      got += bytesOf(data);
    }
    expect(got).toBe(text);
    expect(numbers).toEqual([49_151, 98_303, 99_999]);
  });

  test('goes on behind what was sent', async () => {
    const pieces: unknown[] = [];
    for await (const event of await consoleLog(project('0123456789'), 'a', { ...whole, from: 7 })) pieces.push(event);
    expect(pieces).toEqual([{ id: 9, data: { bytes: Buffer.from('789').toString('base64') } }]);
  });

  test('is followed as it grows, and where it begins anew', async () => {
    const made = project('one ');
    const stop = new AbortController();
    let got = '';
    for await (const { id, data } of await consoleLog(made, 'a', { ...whole, follow: true, signal: stop.signal })) {
      got += bytesOf(data);
      if (got === 'one ') appendFileSync(made.path, 'two ');
      if (got === 'one two ') {
        renameSync(made.path, `${made.path}.1`);
        writeFileSync(made.path, 'three');
      }
      if (got === 'one two three') {
        expect(id).toBe(12);
        stop.abort();
      }
    }
    expect(got).toBe('one two three');
  });

  test('is not there yet', async () => {
    expect(await errorOf(consoleLog(project(), 'a', whole))).toMatchObject({ code: 'MLN_NO_FILE' });
  });

  test.each<[string, (made: ReturnType<typeof project>, secret: string) => void]>([
    [
      'a link',
      ({ path }, secret) => {
        symlinkSync(secret, path);
      },
    ],
    [
      'another name of a file',
      ({ path }, secret) => {
        linkSync(secret, path);
      },
    ],
    [
      'in a folder that is a link',
      ({ directory }, secret) => {
        renameSync(join(directory, 'a'), join(directory, 'was'));
        symlinkSync(join(secret, '..'), join(directory, 'a'));
      },
    ],
    [
      'a folder',
      ({ path }) => {
        mkdirSync(path);
      },
    ],
  ])('is not read where it is %s', async (_what, make) => {
    const secret = join(scratchFolder(), 'console.log');
    writeFileSync(secret, 'a secret');
    const made = project();
    make(made, secret);
    expect(await errorOf(consoleLog(made, 'a', whole))).toMatchObject({ code: 'MLN_NOT_ALLOWED' });
  });
});
