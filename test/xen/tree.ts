import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Root filesystems that are put together from unpacked packages, with /bin and /lib as links into /usr. */

const machine = process.arch === 'x64' ? 'x86_64-linux-gnu' : `${process.arch}-linux-gnu`;
const folders = ['bin', 'sbin', 'lib', 'lib64'];

/** An environment in which unpacked programs find their unpacked libraries. */
export function withLibraries(unpacked: string): NodeJS.ProcessEnv {
  const own = [`usr/lib/${machine}`, `lib/${machine}`].map((folder) => join(unpacked, folder));
  const { LD_LIBRARY_PATH: others } = process.env;
  return { ...process.env, LD_LIBRARY_PATH: [...own, ...(others ? [others] : [])].join(':') };
}

/** Makes the folders that every root has, and busybox under all its names. */
export function makeRoot(root: string, unpacked: string): void {
  for (const folder of [...folders.map((each) => `usr/${each}`), `usr/lib/${machine}`])
    mkdirSync(join(root, folder), { recursive: true });
  for (const folder of ['proc', 'sys', 'dev', 'run', 'tmp', 'etc', 'mnt', 'root', 'var/lib', 'var/log'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const folder of folders) symlinkSync(`usr/${folder}`, join(root, folder));
  symlinkSync('/run', join(root, 'var/run'));
  symlinkSync('/run/lock', join(root, 'var/lock'));
  const busybox = firstOf(unpacked, ['usr/bin/busybox', 'bin/busybox']);
  copyFileSync(busybox, join(root, 'usr/bin/busybox'));
  for (const path of execFileSync(busybox, ['--list-full'], { encoding: 'utf8' }).trim().split('\n')) {
    const target = join(root, 'usr', path.includes('sbin/') ? 'sbin' : 'bin', basename(path));
    if (!existsSync(target)) symlinkSync('/usr/bin/busybox', target);
  }
}

/** Copies a program into a root, in the stead of what busybox has of that name. */
export function addProgram(root: string, path: string, name = basename(path)): string {
  for (const folder of ['usr/bin', 'usr/sbin']) rmSync(join(root, folder, name), { force: true });
  const target = join(root, path.includes('/sbin/') ? 'usr/sbin' : 'usr/bin', name);
  copyFileSync(realpathSync(path), target);
  chmodSync(target, 0o755);
  return target;
}

/** Copies the shared libraries that programs need, as ldd(1) tells them; what is no such program needs none. */
export function addLibraries(root: string, programs: readonly string[], unpacked: string): void {
  const env = withLibraries(unpacked);
  const { stdout } = spawnSync('ldd', programs, { env, encoding: 'utf8' });
  const missing = [...stdout.matchAll(/^\s(\S+) => not found/gm)].map(([, name]) => name);
  if (missing.length > 0) throw new Error(`libraries are missing: ${[...new Set(missing)].join(', ')}`);
  for (const path of new Set([...stdout.matchAll(/^\s(?:\S+ => )?(\/\S+) \(/gm)].map(([, each = '']) => each)))
    copyFileSync(
      realpathSync(path),
      join(root, path.includes('/ld-linux') ? 'usr/lib64' : `usr/lib/${machine}`, basename(path)),
    );
}

/** Copies modules of the kernel, with those that they need, and lists them for modprobe(8). */
export function addModules(root: string, names: readonly string[], unpacked: string, kernel: string): void {
  const env = withLibraries(unpacked);
  const program = firstOf(unpacked, ['bin/kmod', 'usr/bin/kmod']);
  // kmod(8) goes by the name that it is called by.
  const kmod = (name: 'modprobe' | 'depmod', args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync(program, args, { env, argv0: name, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${name} ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const source = firstOf(unpacked, ['lib/modules', 'usr/lib/modules']);
  const base = dirname(dirname(source));
  if (!existsSync(join(source, kernel, 'modules.dep'))) kmod('depmod', ['-b', base, kernel]);
  const target = join(root, 'usr/lib/modules', kernel);
  const told = names.map((name) => kmod('modprobe', ['-d', base, '-S', kernel, '--show-depends', name]));
  for (const [, path = ''] of told.join('').matchAll(/^insmod (\S+)/gm)) {
    const copy = join(target, path.slice(path.indexOf(`/${kernel}/`) + kernel.length + 2));
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(path, copy);
  }
  for (const list of ['modules.builtin', 'modules.builtin.modinfo', 'modules.order'])
    copyFileSync(join(source, kernel, list), join(target, list));
  kmod('depmod', ['-b', root, kernel]);
}

/** Copies a folder of the unpacked packages to the same place of a root. */
export function addFolder(root: string, folder: string, unpacked: string): void {
  cpSync(join(unpacked, folder), join(root, folder), { recursive: true, verbatimSymlinks: true });
}

/** Packs a root for the kernel to unpack, everything in it belonging to root. */
export function pack(root: string, target: string): void {
  const output = openSync(target, 'w');
  try {
    const all = execFileSync('find', ['.', '-print0'], { cwd: root });
    const args = ['--null', '-o', '-H', 'newc', '--quiet', '-R', '0:0'];
    execFileSync('cpio', args, { cwd: root, input: all, stdio: ['pipe', output, 'pipe'] });
  } finally {
    closeSync(output);
  }
}

/** The first of some paths that is there. */
export function firstOf(folder: string, paths: readonly string[]): string {
  const found = paths.map((path) => join(folder, path)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`none of ${paths.join(', ')} is in ${folder}`);
  return found;
}
