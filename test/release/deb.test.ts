import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runShell } from '../../core/src/shell.js';
import { findSources, ownSuite } from '../../plugins/linux/src/debian-sources.js';
import { root, run, scratch, succeed, writeAll, type Ended } from '../packages/installation.js';

/*
 * The Debian package, in a small Debian of its own: nothing of this machine is changed. Debian's own nodejs may be too old,
 * so this machine's is put into a package there, and dpkg has a version to check.
 */

const isRoot = process.getuid?.() === 0;
const folder = scratch();
const debian = join(folder, 'debian');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const name = `mln_${version}_all.deb`;

async function build(to: string, env: Readonly<Record<string, string>> = {}, umask = '022'): Promise<string> {
  const command = `umask ${umask} && exec "$@"`;
  await succeed('sh', ['-c', command, 'sh', process.execPath, join(root, 'scripts/deb.js'), join(folder, to)], { env });
  return join(folder, to, name);
}

async function makeDebian(): Promise<void> {
  const suite = ownSuite(readFileSync('/etc/os-release', 'utf8'));
  const sources = await findSources(runShell, suite, undefined);
  if (sources !== null) writeFileSync(join(folder, 'sources.list'), sources);
  const packages = ['e2fsprogs', 'zstd', 'busybox-static', 'libstdc++6', 'libatomic1'];
  const options = ['--quiet', '--variant=essential', `--include=${packages.join(',')}`];
  await succeed('mmdebstrap', [...options, suite, debian, ...(sources === null ? [] : [join(folder, 'sources.list')])]);
}

/** A package of some files and nothing else, in the Debian's /root. */
async function smallPackage(control: Readonly<Record<string, string>>, program?: string): Promise<string> {
  const tree = join(folder, `${control['Package'] ?? ''}-${control['Version'] ?? ''}`);
  const all = { Maintainer: 'nobody <nobody@mln.invalid>', Description: 'for a test', Architecture: 'all', ...control };
  const text = Object.entries(all).map(([key, value]) => `${key}: ${value}\n`);
  writeAll(tree, { 'DEBIAN/control': text.join('') });
  if (program !== undefined) {
    mkdirSync(join(tree, 'usr/bin'), { recursive: true });
    cpSync(program, join(tree, 'usr/bin/node'), { dereference: true });
  }
  return rebuild(tree, `${control['Package'] ?? ''}-${control['Version'] ?? ''}.deb`);
}

/** Makes a package of a tree, in the Debian's /root; gives its path there. */
async function rebuild(tree: string, file: string): Promise<string> {
  await succeed('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, join(debian, 'root', file)]);
  return `/root/${file}`;
}

/** Runs a program inside, where nothing is known of this machine; what is mounted for it is so for it alone. */
function inside(...command: readonly string[]): Promise<Ended> {
  const script =
    'mount --rbind /proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" /usr/bin/env -i "$@"';
  const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LC_ALL=C', 'DEBIAN_FRONTEND=noninteractive'];
  return run('unshare', ['--mount', 'sh', '-c', script, debian, ...env, ...command]);
}

async function done(...command: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await inside(...command);
  expect({ command, code, stderr: code === 0 ? '' : stdout + stderr }).toEqual({ command, code: 0, stderr: '' });
  return stdout;
}

const there = (path: string): boolean => existsSync(join(debian, path));
const text = (path: string): string => readFileSync(join(debian, path), 'utf8');
const configuration = 'etc/mln/mln.config.yaml';

afterAll(() => {
  rmSync(folder, { recursive: true });
});

(isRoot ? describe : describe.skip)(`the Debian package${isRoot ? '' : ' (skipped: chroot needs root)'}`, () => {
  let first: string;
  beforeAll(async () => {
    // Neither is left to itself when the other fails.
    const [built, made] = await Promise.allSettled([build('first'), makeDebian()]);
    for (const each of [built, made]) if (each.status === 'rejected') throw each.reason;
    first = join(folder, 'first', name);
    cpSync(first, join(debian, 'root', name));
  }, 300_000);

  test('the same sources give the same bytes', async () => {
    const second = await build('second', { TZ: 'Asia/Tokyo', LC_ALL: 'C' }, '077');
    const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
    expect(digest(second)).toBe(digest(first));
  });

  test('with a Node that is too old it is not set up', async () => {
    await done('dpkg', '--install', await smallPackage({ Package: 'nodejs', Version: '18.20.4+dfsg-1' }));
    const { code, stderr } = await inside('dpkg', '--install', `/root/${name}`);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/mln depends on nodejs \(>= 20\.19\)/);
  });

  test('once there is one, everything of mln is in its place', async () => {
    const own = { Package: 'nodejs', Version: `${process.versions.node}-1`, Depends: 'libstdc++6' };
    await done('dpkg', '--install', await smallPackage(own, process.execPath));
    await done('dpkg', '--configure', 'mln');
    expect(await done('mln', '--version')).toBe(`${version}\n`);
    expect(await done('mln', 'plugin', 'list')).toContain('@mln/plugin-uml');
    expect(gunzipSync(readFileSync(join(debian, 'usr/share/man/man1/mln.1.gz'))).toString()).toMatch(
      /^\.TH "?mln"? /im,
    );
    expect(text('usr/share/bash-completion/completions/mln')).toMatch(/^complete .* mln$/m);
    expect(text('usr/share/zsh/vendor-completions/_mln')).toMatch(/^#compdef mln$/m);
    expect(text('usr/share/fish/vendor_completions.d/mln.fish')).toMatch(/^complete .*mln/m);
    expect(text('usr/share/doc/mln/copyright')).toContain('Files: usr/lib/mln/node_modules/zod/*\n');
    expect(text(configuration)).toMatch(/^# /m);
    expect(readdirSync(join(debian, 'usr/lib/systemd/system')).filter((each) => each.startsWith('mln'))).not.toEqual(
      [],
    );
    expect((await inside('find', '/etc/systemd', '-name', '*mln*')).stdout).toBe('');
    expect(await inside('dpkg', '--verify', 'mln')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('a project is planned there with what the package brings', async () => {
    cpSync(join(root, 'examples/ring.mln'), join(debian, 'root/ring.mln'));
    await done('mln', 'template', 'build', 'tiny');
    const planned = await done('mln', 'plan', '-f', '/root/ring.mln');
    expect(planned).toContain('/etc/hostname');
    expect(there('var/lib/mln/templates/tiny')).toBe(true);
  });

  /** The package as it would be later; gives its path inside. */
  async function later(number: string, configured: (old: string) => string): Promise<string> {
    const tree = join(folder, `mln-${number}`);
    await succeed('dpkg-deb', ['--raw-extract', first, tree]);
    const control = join(tree, 'DEBIAN/control');
    writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*/m, `Version: ${version}+${number}`));
    writeFileSync(join(tree, configuration), configured(readFileSync(join(tree, configuration), 'utf8')));
    return rebuild(tree, `mln-${number}.deb`);
  }

  test('an upgrade keeps a configuration that was changed', async () => {
    const mine = `${text(configuration)}stop_wait: 7\n`;
    writeFileSync(join(debian, configuration), mine);
    await done('dpkg', '--install', await later('1', (old) => old));
    expect(text(configuration)).toBe(mine);
    // Where the package has another one as well, it is put beside.
    await done('dpkg', '--force-confold', '--install', await later('2', (old) => `# Newer.\n${old}`));
    expect(text(configuration)).toBe(mine);
    expect(text(`${configuration}.dpkg-dist`)).toMatch(/^# Newer\.\n/);
    expect(JSON.parse(await done('mln', 'config', '--json'))).toMatchObject({ stop_wait: 7 });
  });

  test('to remove it keeps the configuration, to purge it the disks', async () => {
    await done('dpkg', '--remove', 'mln');
    expect([there('usr/lib/mln'), there('usr/bin/mln'), there(configuration)]).toEqual([false, false, true]);
    const { code, stderr } = await inside('dpkg', '--purge', 'mln');
    expect(code).toBe(0);
    expect(stderr).toContain('/var/lib/mln');
    expect([there('etc/mln/mln.config.yaml'), there('var/lib/mln/templates/tiny/1.0/image')]).toEqual([false, true]);
  });
});
