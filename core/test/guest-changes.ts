import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import type { Change } from './guest-following.js';
import { scratchFolder } from './scratch.js';

/** A folder of the physical host, to be copied. */
const folder = scratchFolder();
mkdirSync(`${folder}/sub`);
writeFileSync(`${folder}/a`, 'one\nx\n');
writeFileSync(`${folder}/sub/c`, 'c\n', { mode: 0o600 });
symlinkSync('a', `${folder}/link`);

const path = fc.constantFrom(
  '/etc/hosts',
  '/etc/conf',
  '/etc/link',
  '/etc/app',
  '/etc/app/a',
  '/etc/app/sub/b',
  '/etc/app/sub/c',
  '/srv/www/index',
  '/srv/www',
  '/srv',
  '/bin/tool',
  '/new',
  '/new/deep/file',
);
const text = fc
  .array(fc.constantFrom('one', 'two', 'x', 'y', '', '\0'), { maxLength: 4 })
  .map((lines) => lines.join('\n'));
const options = fc.record(
  { mode: fc.constantFrom(0o600, 0o755), owner: fc.constantFrom(0, 7), replaceLink: fc.boolean() },
  { requiredKeys: [] },
);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(path, text, options).map(
    ([to, what, how]): Change =>
      (guest) =>
        guest.write(to, what, how),
  ),
  fc.tuple(path, text).map(
    ([to, what]): Change =>
      (guest) =>
        guest.append(to, `${what}\n`),
  ),
  fc.tuple(path, fc.constantFrom('p', 'q'), fc.option(text)).map(
    ([to, name, what]): Change =>
      (guest) =>
        guest.region(to, name, what),
  ),
  fc.tuple(path, options).map(
    ([to, how]): Change =>
      (guest) =>
        guest.directory(to, how),
  ),
  path.map(
    (to): Change =>
      (guest) =>
        guest.directory(to, { asOne: true }),
  ),
  fc.tuple(path, fc.constantFrom('/etc/conf', 'hosts')).map(
    ([to, what]): Change =>
      (guest) =>
        guest.symlink(to, what),
  ),
  path.map(
    (to): Change =>
      (guest) =>
        guest.copyIn(folder, to),
  ),
  path.map(
    (to): Change =>
      (guest) =>
        guest.copyIn(`${folder}/a`, to),
  ),
  path.map(
    (to): Change =>
      (guest) =>
        guest.remove(to),
  ),
);
/** What cannot be done (a file where a directory stands) is left out, in a build as in an upgrade. */
export const changes = fc.array(change, { maxLength: 7 }).map((all) =>
  all.map(
    (each): Change =>
      (guest) =>
        each(guest).catch(() => undefined),
  ),
);
