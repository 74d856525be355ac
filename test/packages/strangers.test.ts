import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ordinary, run } from './installation.js';
import { asRoot, code, lists, mln, program, put, ran, stranger } from './plugin-lab.js';

/* What strangers can lay where mln comes by: links, records, pipes, and what Node looks through for imports. */

describe('of strangers', () => {
  asRoot('no link leads an ordinary user to code of their own that is no configuration', async () => {
    const own = put('own', { 'cleanup.mjs': `${code('cleanup')}export const a = 1;` });
    const theirs = put('theirs', {}, stranger);
    const link = join(theirs, 'mln.config.mjs');
    symlinkSync(join(own, 'cleanup.mjs'), link);
    lchownSync(link, stranger, stranger);
    for (const args of [
      ['template', 'list'],
      ['complete', 'bash', 'mln st', 'st'],
    ])
      await mln(args, { cwd: theirs, user: ordinary });
    expect((await mln(['template', 'list'], { cwd: theirs, user: ordinary })).stderr).toContain(
      `${link} belongs to another user`,
    );
    expect(ran()).toBe('');
  });

  asRoot('no record is believed by root, who is not the user that it is of', async () => {
    const mine = put('mine', { precious: 'text' }, 0);
    const mark = `sha256 982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1`;
    const folders = { projects: '/p', templates: '/t', files: '/f' };
    const record = {
      version: 1,
      choice: { kind: 'user', serviceHost: null, boot: false, folders },
      wrote: { [join(mine, 'precious')]: [mark] },
    };
    const home = put('theirs', { '.local/share/mln/setup.json': JSON.stringify(record) }, stranger);
    const told = await mln(['setup', '--remove', '--user', '-y'], { env: { HOME: home } });
    expect(told).toMatchObject({ code: 77, stderr: expect.stringContaining('root does not believe it') as unknown });
    expect(existsSync(join(mine, 'precious'))).toBe(true);
  });

  asRoot('no module is imported in the place of mln’s own', async () => {
    for (const bait of ['node_modules/@mln/core/index.js', 'package.json']) {
      const shared = put(`shared-${bait.length}`, {}, 0);
      chmodSync(shared, 0o1777);
      const lab = put(
        join(`shared-${bait.length}`, 'lab'),
        {
          'mln.config.json': lists('./own.mjs'),
          'own.mjs': code('own'),
        },
        0,
      );
      const list = (): Promise<{ code: number; stderr: string }> =>
        mln(['template', 'list', '--config', join(lab, 'mln.config.json')]);
      expect(await list()).toMatchObject({ code: 0 });
      expect(ran()).toBe('own');
      put(`shared-${bait.length}`, {}, 0);
      chmodSync(shared, 0o1777);
      mkdirSync(join(shared, bait, '..'), { recursive: true });
      writeFileSync(join(shared, bait), '{}');
      const top = join(shared, bait.split('/')[0] ?? '');
      spawnSync('chown', ['-R', String(stranger), top]);
      expect(await list()).toMatchObject({
        code: 78,
        stderr: expect.stringContaining(`could import by way of ${top}`) as unknown,
      });
      expect(ran()).toBe('');
    }
  });

  test('no pipe that lies about keeps mln waiting; one that is named is read', async () => {
    const cwd = put('work', { 'a.mln': 'global {\n\tproject lab\n}\nhost web {\n}\n' });
    for (const name of ['b.mln', 'mln.config.yaml']) spawnSync('sh', ['-c', 'mkfifo "$0"', join(cwd, name)]);
    const inTime = (script: string): ReturnType<typeof run> =>
      run('timeout', ['60', 'bash', '-c', script, process.execPath, program], { cwd, env: { NO_COLOR: '1' } });
    const config = await inTime('"$0" "$1" config; "$0" "$1" parse');
    expect(config).toMatchObject({ code: 0, stderr: '' });
    for (const script of [
      '"$0" "$1" parse -f <(cat a.mln)',
      'cat a.mln | "$0" "$1" parse -f -',
      'cat a.mln | "$0" "$1" parse -f /dev/stdin',
    ])
      expect(await inTime(script)).toMatchObject({ code: 0, stderr: '' });
    for (const script of [
      '"$0" "$1" --config <(echo stop_wait: 41) config',
      'echo stop_wait: 41 | "$0" "$1" --config /dev/stdin config',
    ])
      expect(await inTime(script)).toMatchObject({ code: 0, stdout: expect.stringContaining('41') as unknown });
  });
});
