import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { makeDom0 } from './dom0.js';
import { findPackages, renewLists, unpackPackages, type Packages } from './packages.js';
import { addModules, addProgram, firstOf, makeRoot, pack } from './tree.js';

/** The parts of a machine with Xen, made from Debian packages. */
export interface Bed {
  /** The hypervisor, as an ELF file: the multiboot loader of QEMU takes no other. */
  readonly hypervisor: string;
  /** The kernel of the dom0, uncompressed. */
  readonly kernel: string;
  /** The whole of the dom0, in its memory. */
  readonly dom0: string;
  /** A read-only ext4 image: node, and what guests boot, vmlinux and guest.cpio. */
  readonly image: string;
  /** The programs and libraries of Xen, unpacked. */
  readonly tools: string;
  /** As 4.17. */
  readonly xen: string;
}

/** What makes a bed another one; not what is written into each boot anew. */
const sources = ['bed.ts', 'dom0.ts', 'packages.ts', 'tree.ts', 'guest/init.sh'];

/** Gives the bed, made before or now. One is kept, for the packages' versions that apt offers. */
export function openBed(): Bed {
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'mln/xen-bed');
  mkdirSync(cache, { recursive: true });
  const known = findPackages(cache);
  if (known && existsSync(join(cache, keyOf(known)))) return bedIn(join(cache, keyOf(known)), known);
  renewLists(cache);
  const packages = findPackages(cache);
  if (!packages) throw new Error('apt offers no xen-system-amd64, or no linux-image-amd64, on this machine');
  const name = keyOf(packages);
  const folder = join(cache, name);
  const made = `${folder}.${process.pid}`;
  try {
    if (!existsSync(folder)) makeBed(made, packages, cache);
    // Another run may have made it meanwhile.
    if (!existsSync(folder)) renameSync(made, folder);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  for (const each of readdirSync(cache)) if (isOld(each, name)) rmSync(join(cache, each), { recursive: true });
  return bedIn(folder, packages);
}

function bedIn(folder: string, { xen }: Packages): Bed {
  const path = (each: string): string => join(folder, each);
  return {
    hypervisor: path('xen.elf'),
    kernel: path('vmlinux'),
    dom0: path('dom0.cpio'),
    image: path('bed.img'),
    tools: path('tools'),
    xen,
  };
}

/** A bed of other packages, or one whose making was cut off. */
function isOld(found: string, name: string): boolean {
  const [, key, pid] = /^([0-9a-f]{16})(?:\.(\d+))?$/.exec(found) ?? [];
  return key !== undefined && (pid === undefined ? key !== name : !existsSync(`/proc/${pid}`));
}

function keyOf(packages: Packages): string {
  const hash = createHash('sha256').update(JSON.stringify([packages, process.version]));
  for (const source of sources) hash.update(readFileSync(join(import.meta.dirname, source)));
  return hash.digest('hex').slice(0, 16);
}

function makeBed(folder: string, packages: Packages, cache: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const unpacked = join(folder, 'unpacked');
  unpackPackages(packages, unpacked, cache);
  writeFileSync(join(folder, 'xen.elf'), gunzipSync(readFileSync(join(unpacked, `boot/xen-${packages.xen}-amd64.gz`))));
  uncompress(join(unpacked, `boot/vmlinuz-${packages.kernel}`), join(folder, 'vmlinux'));
  const dom0 = join(folder, 'dom0');
  makeDom0(dom0, unpacked, packages);
  pack(dom0, join(folder, 'dom0.cpio'));
  makeImage(folder, unpacked, packages);
  for (const each of ['boot', 'lib/modules', 'usr/lib/modules'])
    rmSync(join(unpacked, each), { recursive: true, force: true });
  rmSync(dom0, { recursive: true });
  renameSync(unpacked, join(folder, 'tools'));
}

/** What is read on the fly and need not be in the memory of the dom0. */
function makeImage(folder: string, unpacked: string, packages: Packages): void {
  const content = join(folder, 'image');
  const guest = join(folder, 'guest');
  mkdirSync(content);
  makeRoot(guest, unpacked);
  addModules(guest, ['xen-blkfront', 'xen-netfront', 'ext4', 'crc32c_generic'], unpacked, packages.kernel);
  addProgram(guest, join(import.meta.dirname, 'guest/init.sh'));
  renameSync(join(guest, 'usr/bin/init.sh'), join(guest, 'init'));
  pack(guest, join(content, 'guest.cpio'));
  cpSync(process.execPath, join(content, 'node'), { dereference: true });
  cpSync(join(folder, 'vmlinux'), join(content, 'vmlinux'));
  const size = Number(execFileSync('du', ['-sm', content], { encoding: 'utf8' }).split('\t')[0]);
  const args = ['-q', '-t', 'ext4', '-O', '^has_journal', '-m', '0', '-d', content];
  execFileSync('mke2fs', [...args, join(folder, 'bed.img'), `${size + 16}M`], { stdio: ['ignore', 'pipe', 'pipe'] });
  rmSync(content, { recursive: true });
  rmSync(guest, { recursive: true });
}

/** A kernel is packed behind code that unpacks it; Xen wants what is packed. See Documentation/x86/boot.rst of Linux. */
function uncompress(packed: string, target: string): void {
  const bytes = readFileSync(packed);
  const at = bytes.indexOf(Buffer.from('\xfd7zXZ\0', 'latin1'));
  if (at < 0) throw new Error(`${packed} is not packed by xz`);
  const output = openSync(target, 'w');
  try {
    const options = { input: bytes.subarray(at), stdio: ['pipe', output, 'pipe'] } as const;
    execFileSync(firstOf('/', ['usr/bin/xz', 'bin/xz']), ['-dc', '--single-stream'], {
      ...options,
      stdio: [...options.stdio],
    });
  } finally {
    closeSync(output);
  }
}
