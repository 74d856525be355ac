/*
 * Makes the Debian package of mln: `npm run deb -- FOLDER` writes mln_VERSION_all.deb there, or into dist/. It holds the
 * packages as npm would publish them, the libraries that they need as package-lock.json has them, and what the commands
 * tell of themselves. The same sources give the same bytes: times are SOURCE_DATE_EPOCH, or that of the last commit.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { changelog, control, copyright, postinst, postrm, prerm } from './deb-files.js';
import { pack } from './pack.js';
import { root, run } from './setup.js';

const to = resolve(process.argv[2] ?? join(root, 'dist'));
const scratch = mkdtempSync(join(tmpdir(), 'mln-deb-'));
const stage = join(scratch, 'stage');
const lib = join(stage, 'usr/lib/mln');
const read = (path) => readFileSync(join(root, path), 'utf8');
const { version, description } = JSON.parse(read('package.json'));
const time = Number(process.env.SOURCE_DATE_EPOCH ?? lastCommit());

try {
  const libraries = installPackages();
  symlink('../lib/mln/bin/mln.js', 'usr/bin/mln');
  setUp();
  write('usr/share/doc/mln/copyright', copyright(read('LICENSE'), libraries));
  zip('usr/share/doc/mln/changelog', changelog(read('CHANGELOG.md'), time));
  plainModes(stage);
  const files = below(stage);
  write('DEBIAN/control', control({ version, description, kibibytes: kibibytes(files) }));
  write(
    'DEBIAN/conffiles',
    configurationFiles(files)
      .map((path) => `/${path}\n`)
      .join(''),
  );
  write('DEBIAN/md5sums', sums(files));
  write('DEBIAN/postinst', postinst, 0o755);
  write('DEBIAN/prerm', prerm, 0o755);
  write('DEBIAN/postrm', postrm, 0o755);
  chmodSync(join(stage, 'DEBIAN'), 0o755);
  mkdirSync(to, { recursive: true });
  const made = join(to, `mln_${version}_all.deb`);
  // What several threads compress depends on their number.
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(time), DPKG_DEB_THREADS_MAX: '1' };
  run('dpkg-deb', ['--root-owner-group', '-Zxz', '-z6', '--build', stage, made], { quiet: true, env });
  console.log(made);
} finally {
  rmSync(scratch, { recursive: true });
}

/** Seconds since 1970; of a tree that is no checkout, when its CHANGELOG was written. */
function lastCommit() {
  const { status, stdout } = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : Math.floor(statSync(join(root, 'CHANGELOG.md')).mtimeMs / 1000);
}

/** The distribution, its packages below it, and their libraries; gives the folders of the latter. */
function installPackages() {
  for (const { name, filename } of pack(join(scratch, 'packed'))) {
    const folder = name === 'mln' ? lib : join(lib, 'node_modules', name);
    mkdirSync(folder, { recursive: true });
    run('tar', ['-xzf', join(scratch, 'packed', filename), '-C', folder, '--strip-components=1'], { quiet: true });
  }
  // The dependency on nodejs is one on this program, whatever else a PATH may find first.
  const program = join(lib, 'bin/mln.js');
  writeFileSync(program, readFileSync(program, 'utf8').replace(/^#!.*/, '#!/usr/bin/node'));
  const { packages } = JSON.parse(read('package-lock.json'));
  const links = Object.entries(packages).filter(([, { link }]) => link);
  const libraries = Object.entries(packages).filter(
    ([path, { dev, devOptional, link, optional }]) =>
      path.includes('node_modules/') && !dev && !devOptional && !link && (!optional || existsSync(join(root, path))),
  );
  const copied = libraries.map(([path]) => {
    const [name] = links.find(([, { resolved }]) => resolved && path.startsWith(`${resolved}/`)) ?? [];
    const inside = name ? path.replace(packages[name].resolved, name) : path;
    const filter = (each) => isRun(each.slice(join(root, path).length));
    cpSync(join(root, path), join(lib, inside), { recursive: true, filter });
    return { path: join('usr/lib/mln', inside), folder: join(lib, inside) };
  });
  run('find', [lib, '-type', 'd', '-empty', '-delete'], { quiet: true });
  return copied;
}

/** What a library is run from: not the libraries below it, which come by themselves, nor what it was made of. */
function isRun(path) {
  return !path.startsWith('/node_modules') && !/\.(map|[cm]?ts)$|\/\.[^/]*$/.test(path);
}

/**
 * What `mln setup` writes for a package: configuration, completion, man pages, units. It calls mln and Node by the names
 * that the PATH has for them, here below the stage. The unit is enabled by whoever wants it, and data is never a package's.
 */
function setUp() {
  symlink(process.execPath, 'usr/bin/node');
  const env = { PATH: `${join(stage, 'usr/bin')}:${process.env.PATH}`, HOME: scratch };
  const args = ['setup', '--system', '--boot', '--prefix', stage, '--yes'];
  run(process.execPath, [join(stage, 'usr/bin/mln'), ...args], { quiet: true, env, cwd: scratch });
  for (const path of ['usr/bin/node', 'etc/systemd', 'var', 'run'])
    rmSync(join(stage, path), { recursive: true, force: true });
  // Debian's zsh looks for those of packages in a folder of its own.
  renameSync(join(stage, 'usr/share/zsh/site-functions'), join(stage, 'usr/share/zsh/vendor-completions'));
  for (const path of below(stage).filter((each) => !each.startsWith('usr/lib/mln/'))) {
    const text = readFileSync(join(stage, path), 'utf8').replaceAll(stage, '');
    rmSync(join(stage, path));
    if (path.startsWith('usr/share/man/')) zip(path, text);
    else write(path, text);
  }
}

function write(path, content, mode = 0o644) {
  mkdirSync(dirname(join(stage, path)), { recursive: true });
  writeFileSync(join(stage, path), content);
  chmodSync(join(stage, path), mode);
}

/** gzip -9n: without a name and a time. */
function zip(path, content) {
  write(`${path}.gz`, gzipSync(content, { level: 9 }));
}

function symlink(target, path) {
  mkdirSync(dirname(join(stage, path)), { recursive: true });
  symlinkSync(target, join(stage, path));
}

/** Whatever the umask of who builds, and the modes in other people's packages. */
function plainModes(folder) {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) chmodSync(path, 0o755);
    else if (entry.isFile()) chmodSync(path, readFileSync(path, 'latin1').startsWith('#!') ? 0o755 : 0o644);
  }
}

/** The regular files below a folder, sorted. */
function below(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

function configurationFiles(files) {
  return files.filter((path) => path.startsWith('etc/'));
}

/** What `dpkg --verify` compares; configuration may be changed. */
function sums(files) {
  const digest = (path) =>
    createHash('md5')
      .update(readFileSync(join(stage, path)))
      .digest('hex');
  const kept = new Set(configurationFiles(files));
  return files
    .filter((path) => !kept.has(path))
    .map((path) => `${digest(path)}  ${path}\n`)
    .join('');
}

/** As dpkg-gencontrol counts. */
function kibibytes(files) {
  return files.reduce((sum, path) => sum + Math.ceil(statSync(join(stage, path)).size / 1024), 0);
}
