import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Packages } from './packages.js';
import { addFolder, addLibraries, addModules, addProgram, firstOf, makeRoot } from './tree.js';

/** Programs of this machine: what mln and the scripts of Xen call, where busybox has none or another one. */
const programs = [
  'awk bash dash flock ip bridge logger mount umount losetup blkid blkdiscard fallocate findmnt setpriv setsid mkswap',
  'cat chmod chown cp cut date dd df head id ln ls mkdir mkfifo mktemp mv readlink rm rmdir sleep sort stat sync tail',
  'timeout touch tr true truncate uname wc grep sed tar ps',
  'debugfs dumpe2fs e2fsck e2image mke2fs resize2fs tune2fs',
]
  .join(' ')
  .split(' ');
const volumeTools = [
  'lvchange lvconvert lvcreate lvdisplay lvextend lvreduce lvremove lvrename lvresize lvs lvscan',
  'pvchange pvcreate pvdisplay pvremove pvresize pvs pvscan',
  'vgchange vgcreate vgdisplay vgextend vgreduce vgremove vgrename vgs vgscan',
]
  .join(' ')
  .split(' ');
/** Loaded at boot, in this order. */
const loaded = [
  'xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs xen-blkback xen-netback',
  'virtio_pci virtio_blk virtio_console dm-mod bridge loop ext4',
]
  .join(' ')
  .split(' ');
const onDemand = ['dm-snapshot', 'dm-thin-pool', 'crc32c_generic', 'tun'];

/** As a machine without udev needs it: devices are made by LVM itself, and nothing is waited for. */
const lvmConfiguration = `devices {
  obtain_device_list_from_udev = 0
  external_device_info_source = "none"
  use_devicesfile = 0
  filter = [ "a|^/dev/vd.*|", "r|.*|" ]
}
activation {
  udev_sync = 0
  udev_rules = 0
  monitoring = 0
}
global {
  use_lvmpolld = 0
  thin_check_executable = ""
  thin_repair_executable = ""
}
backup {
  backup = 0
  archive = 0
}
`;

/** Puts the root filesystem of a dom0 together: the programs of Xen, of LVM, and those that mln calls. */
export function makeDom0(root: string, unpacked: string, { xen, kernel }: Packages): void {
  makeRoot(root, unpacked);
  const copied = programs.map((name) => addProgram(root, programOf(name), name));
  rmSync(join(root, 'usr/bin/sh'));
  symlinkSync('dash', join(root, 'usr/bin/sh'));
  for (const name of ['mkfs.ext2', 'mkfs.ext3', 'mkfs.ext4']) {
    rmSync(join(root, 'usr/sbin', name), { force: true });
    symlinkSync('mke2fs', join(root, 'usr/sbin', name));
  }
  copyFileSync('/etc/mke2fs.conf', join(root, 'etc/mke2fs.conf'));
  copied.push(...addXen(root, unpacked, xen), ...addVolumeTools(root, unpacked));
  addLibraries(root, [...copied, process.execPath], unpacked);
  // xl loads this one when a thread is cancelled; node has brought it.
  firstOf(root, ['usr/lib/x86_64-linux-gnu/libgcc_s.so.1']);
  addModules(root, [...loaded, ...onDemand], unpacked, kernel);
  const files = {
    modules: `${loaded.join('\n')}\n`,
    passwd: 'root:x:0:0:root:/root:/bin/bash\n',
    group: 'root:x:0:\n',
    hosts: '127.0.0.1 localhost\n',
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
    'lvm/lvm.conf': lvmConfiguration,
  };
  mkdirSync(join(root, 'etc/lvm'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, 'etc', name), text);
  for (const folder of ['bed', 'mln', 'var/lib/xen', 'var/log/xen']) mkdirSync(join(root, folder), { recursive: true });
}

/** Everything of Xen but what debugs it; gives the programs. */
function addXen(root: string, unpacked: string, version: string): string[] {
  const place = `usr/lib/xen-${version}`;
  for (const folder of [place, 'usr/lib/xen-common', 'etc/xen', 'etc/default']) addFolder(root, folder, unpacked);
  for (const folder of ['boot', 'lib/python']) rmSync(join(root, place, folder), { recursive: true, force: true });
  const bin = join(root, place, 'bin');
  for (const name of readdirSync(bin))
    if (/^(test-|xen-access$|oxenstored$|xenpaging$|pygrub$|xen-vmtrace$|.*-stream)/.test(name))
      rmSync(join(bin, name));
  for (const folder of ['usr/sbin', 'usr/bin'])
    for (const name of readdirSync(join(unpacked, folder)))
      if (/^(xl|xentop|xenstore.*)$/.test(name)) {
        const source = join(unpacked, folder, name);
        if (lstatSync(source).isSymbolicLink()) addFolder(root, join(folder, name), unpacked);
        else addProgram(root, source);
      }
  const own = readdirSync(bin).map((name) => join(bin, name));
  const stores = readdirSync(join(root, 'usr/bin')).filter((name) => name.startsWith('xenstore'));
  return [...own, ...stores.map((name) => join(root, 'usr/bin', name))];
}

function addVolumeTools(root: string, unpacked: string): string[] {
  const tools = ['lvm', 'dmsetup'].map((name) =>
    addProgram(root, firstOf(unpacked, [`sbin/${name}`, `usr/sbin/${name}`])),
  );
  for (const name of volumeTools) symlinkSync('lvm', join(root, 'usr/sbin', name));
  return tools;
}

function programOf(name: string): string {
  const found = searched()
    .split(':')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
  if (found === undefined) throw new Error(`the program ${name} is not on this machine`);
  return found;
}

function searched(): string {
  return `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
}
