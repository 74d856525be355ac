/*
 * What demo and test need before they can begin. Plain Node: on a fresh machine there is nothing else yet.
 * As root, missing programs are installed with apt-get. An ordinary user gets them unpacked into a cache folder, and
 * nothing on the machine is changed.
 */
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** Programs, and the Debian packages that hold them (with the libraries that a bare machine lacks). */
export const forGuests = {
  'linux.uml': ['user-mode-linux'],
  uml_switch: ['uml-utilities'],
  uml_mconsole: ['uml-utilities', 'libreadline8', 'libtinfo6'],
  busybox: ['busybox-static'],
  debugfs: ['e2fsprogs', 'libext2fs2', 'libss2', 'libcom-err2'],
  setarch: ['util-linux'],
};
export const forTests = {
  ...forGuests,
  shellcheck: ['shellcheck'],
  screen: ['screen'],
  dash: ['dash'],
  useradd: ['passwd'],
  ip: ['iproute2'],
  openssl: ['openssl'],
  gpgv: ['gpgv'],
  mandoc: ['mandoc'],
  'systemd-analyze': ['systemd'],
  zstd: ['zstd'],
  xz: ['xz-utils'],
  setpriv: ['util-linux'],
  mmdebstrap: ['mmdebstrap'],
  newuidmap: ['uidmap', 'libsubid4'],
  'dpkg-deb': ['dpkg'],
  vde_switch: ['vde-switch', 'libvdeplug2'],
  vde_plug: ['vdeplug', 'libvdeplug2'],
  vde_plug2tap: ['vde2', 'libvdeplug2'],
  bridge: ['iproute2'],
  nft: ['nftables', 'libnftables1', 'libnftnl11', 'libmnl0', 'libjansson4', 'libedit2', 'libxtables12'],
  'slirp-fullbolt': ['slirp'],
  zsh: ['zsh', 'zsh-common', 'libcap2', 'libtinfo6'],
  fish: ['fish', 'fish-common', 'libpcre2-32-0', 'libtinfo6'],
  script: ['bsdutils'],
  lvm: [
    'lvm2',
    'libdevmapper1.02.1',
    'libdevmapper-event1.02.1',
    'libaio1',
    'libedit2',
    'libbsd0',
    'libmd0',
    'libtinfo6',
  ],
  'cf-promises': ['cfengine3', 'libpromises3', 'liblmdb0', 'libpcre3', 'libssl3', 'libyaml-0-2'],
};
/** What a status of many servers, and a disk on its way, are measured beside (test/bench). */
export const forFleets = {
  rsync: ['rsync', 'libpopt0', 'libxxhash0'],
  sshd: ['openssh-server'],
  ssh: ['openssh-client'],
  clush: ['clustershell'],
  'parallel-ssh': ['pssh'],
};
/** What the machine is made of on which Xen runs (test/xen), beside packages that it unpacks itself. */
export const forXen = {
  'qemu-system-x86_64': ['qemu-system-x86'],
  gcc: ['gcc', 'libc6-dev'],
  cpio: ['cpio'],
  xz: ['xz-utils'],
  bash: ['bash'],
  dash: ['dash'],
  awk: ['mawk'],
  ip: ['iproute2'],
  mke2fs: ['e2fsprogs'],
  mount: ['mount'],
  flock: ['util-linux'],
  setpriv: ['util-linux'],
  logger: ['bsdutils'],
  ps: ['procps'],
  ldd: ['libc-bin'],
};

/** Runs a program and shows what it says; ends everything when it fails. */
export function run(program, args, { cwd = root, env = process.env, quiet = false } = {}) {
  const result = spawnSync(program, args, {
    cwd,
    env,
    stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    encoding: 'utf8',
  });
  if (result.status === 0) return result.stdout;
  if (quiet) process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  throw new Error(`${program} ${args.join(' ')} failed${result.error ? `: ${result.error.message}` : ''}`);
}

export function say(text) {
  process.stderr.write(`\n\u001b[1m${text}\u001b[0m\n`);
}

/** Makes sure that programs are on the PATH of this process and its children. */
export function ensurePrograms(wanted) {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mln', 'programs');
  usePath(['/usr/local/sbin', '/usr/sbin', '/sbin']);
  if (existsSync(cache)) useCache(cache);
  const missing = Object.keys(wanted).filter((program) => !isProgram(program));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.flatMap((program) => wanted[program]))];
  if (!isProgram('apt-get'))
    throw new Error(`these programs are missing: ${missing.join(', ')}. On Debian they are in ${packages.join(', ')}`);
  say(`Getting ${missing.join(', ')}`);
  if (process.getuid() === 0) install(packages);
  else unpack(packages, cache);
  const still = Object.keys(wanted).filter((program) => !isProgram(program));
  if (still.length > 0) throw new Error(`these programs are still missing: ${still.join(', ')}`);
}

/** The same for programs that are too large to be unpacked somewhere else: an ordinary user is told what to install. */
export function ensureInstalled(wanted) {
  usePath(['/usr/local/sbin', '/usr/sbin', '/sbin']);
  const missing = Object.keys(wanted).filter((program) => !isProgram(program));
  const packages = [...new Set(missing.flatMap((program) => wanted[program]))].join(' ');
  if (missing.length > 0 && process.getuid() !== 0)
    throw new Error(
      `these programs are missing: ${missing.join(', ')}. As root: apt-get install --no-install-recommends ${packages}`,
    );
  ensurePrograms(wanted);
}

function install(packages) {
  run('apt-get', ['-qq', 'update'], { quiet: true });
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', ...packages], { quiet: true, env });
}

/** With package lists of its own, as those of the machine may be missing or old. */
function unpack(packages, cache) {
  const state = join(cache, '.apt');
  const downloads = join(cache, '.downloads');
  for (const folder of [join(state, 'lists/partial'), join(state, 'cache/archives/partial'), downloads])
    mkdirSync(folder, { recursive: true });
  const options = [`Dir::State::lists=${join(state, 'lists')}`, `Dir::Cache=${join(state, 'cache')}`].flatMap(
    (option) => ['-o', option],
  );
  run('apt-get', [...options, '-qq', 'update'], { quiet: true });
  run('apt-get', [...options, '-qq', 'download', ...packages], { cwd: downloads, quiet: true });
  for (const file of readdirSync(downloads)) run('dpkg', ['-x', join(downloads, file), cache], { quiet: true });
  rmSync(downloads, { recursive: true });
  rmSync(state, { recursive: true });
  useCache(cache);
}

function useCache(cache) {
  usePath(['usr/bin', 'bin', 'usr/sbin', 'sbin'].map((folder) => join(cache, folder)));
  const libraries = ['usr/lib', 'lib'].flatMap((folder) =>
    existsSync(join(cache, folder)) ? [join(cache, folder), ...below(join(cache, folder))] : [],
  );
  process.env.LD_LIBRARY_PATH = [process.env.LD_LIBRARY_PATH, ...libraries].filter(Boolean).join(delimiter);
}

/** The folders of libraries for one kind of processor, such as x86_64-linux-gnu. */
function below(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('-linux-gnu'))
    .map((name) => join(folder, name));
}

function usePath(folders) {
  const path = (process.env.PATH ?? '').split(delimiter);
  process.env.PATH = [...path, ...folders.filter((folder) => !path.includes(folder))].join(delimiter);
}

/** Tells whether a program is on the PATH of this process. */
export function isProgram(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Installs the npm packages where the lock file has changed since, and compiles what has changed. */
export function ensureBuilt() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    throw new Error(`mln needs Node 20.19 or newer; this is ${process.versions.node}`);
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const mark = join(root, 'node_modules/.mln-installed');
  if (!existsSync(mark) || readFileSync(mark, 'utf8') !== lock) {
    say('Installing npm packages');
    run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error']);
    writeFileSync(mark, lock);
  }
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b']);
  run(process.execPath, [join(root, 'scripts/bundle.js')]);
}
