import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { findRecord } from '../src/setup/choice.js';
import type { Caller, Kind } from '../src/setup/places.js';
import { recordOf, recordPath } from '../src/setup/record.js';
import { scratchFolder } from './scratch.js';

/* What setup believes of what it is said to have written. */

const uid = process.getuid?.() ?? 0;
let home = '';
beforeEach(() => {
  home = scratchFolder();
});

const callerOf = (more: Partial<Caller> = {}): Caller => ({ environment: {}, home, uid, prefix: null, ...more });

/** Writes a record of the kind where that of a caller is; gives its path. */
function record(wrote: Readonly<Record<string, readonly string[]>>, caller: Caller, of: Kind = 'user'): string {
  const path = recordPath('user', caller);
  mkdirSync(dirname(path), { recursive: true });
  const folders = { projects: '/p', templates: '/t', files: '/f' };
  const choice = { kind: of, serviceHost: null, boot: false, folders };
  writeFileSync(path, JSON.stringify({ version: 1, choice, wrote }));
  return path;
}

test('files and links are in the places of the kind; folders that were made may be anywhere', async () => {
  const wrote = {
    [join(home, '.config/mln/mln.config.yaml')]: ['sha256 0'],
    [join(home, '.config/systemd/user/mln.service')]: ['sha256 0'],
    [join(home, '.config/systemd/user/default.target.wants/mln.service')]: ['link /x'],
    [join(home, '.local/share/man/man1/mln.1')]: ['sha256 0'],
    '/srv/projects': ['folder'],
  };
  record(wrote, callerOf());
  expect(await recordOf('user', callerOf())).toMatchObject({ wrote });
});

test.each(['/etc/passwd', '.ssh/authorized_keys', '.config/mln/../../.bashrc', '.config/mln-other/x', '.config/mln'])(
  '%s is nothing that setup wrote',
  async (name) => {
    const victim = name.startsWith('/') ? name : `${home}/${name}`;
    const path = record({ [victim]: ['folder', 'sha256 0'] }, callerOf());
    await expect(recordOf('user', callerOf())).rejects.toMatchObject({
      code: 'MLN_IO',
      message: expect.stringMatching(`${path}.*names ${victim}`) as unknown,
    });
  },
);

test('a record is of the kind that it is found as', async () => {
  record({}, callerOf(), 'system');
  await expect(recordOf('user', callerOf())).rejects.toMatchObject({ code: 'MLN_IO' });
});

test('what a user set up is nothing to root who does not ask for it; a user is meant by no more than that', async () => {
  const prefix = join(home, 'stage');
  record({}, callerOf({ prefix }));
  const root = callerOf({ uid: 0 });
  record({}, root);
  // Of a machine that mln is set up on, there may be the system's.
  expect((await findRecord(undefined, root))?.choice.kind).not.toBe('user');
  expect((await findRecord('user', root))?.choice.kind).toBe('user');
  expect((await findRecord(undefined, callerOf({ uid: 1000 })))?.choice.kind).toBe('user');
  expect((await findRecord(undefined, callerOf({ prefix })))?.choice.kind).toBe('user');
});

(uid === 0 ? test : test.skip)('root believes no record of a stranger', async () => {
  const path = record({}, callerOf());
  for (const each of [path, dirname(path), home]) {
    chownSync(each, 65_533, 65_533);
    await expect(recordOf('user', callerOf())).rejects.toMatchObject({ code: 'MLN_NOT_ALLOWED' });
    chownSync(each, 0, 0);
  }
  expect(await recordOf('user', callerOf())).not.toBeNull();
});
