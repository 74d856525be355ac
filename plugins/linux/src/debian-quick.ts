import type { Guest } from '@mln/core';

/*
 * sysvinit with a boot that takes a second or two instead of twenty: most of Debian's goes into starting shells, which
 * is slow in a guest. Runlevels, services and their order are Debian's; what has a place of its own in /etc/rcS.d, and
 * is not named below, is called there.
 */

const boot = `#!/bin/sh
# In place of /etc/init.d/rcS, which /etc/inittab may call again: the same in a fraction of the time.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

mounted() { while read -r _ point _; do [ "$point" != "$1" ] || return 0; done </proc/mounts; return 1; }

[ -e /proc/mounts ] || mount -n -t proc -o nosuid,nodev,noexec proc /proc
mounted /sys || mount -n -t sysfs -o nosuid,nodev,noexec sysfs /sys
mounted /dev || mount -n -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -n -t devpts -o gid=5,mode=620,ptmxmode=0666 devpts /dev/pts
mount -n -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /dev/shm
mount -n -t tmpfs -o nosuid,nodev,mode=0755 tmpfs /run
mkdir -m 1777 /run/lock
mkdir /run/network
[ ! -f /etc/hostname ] || hostname -F /etc/hostname

for script in /etc/rcS.d/S*; do
  case \${script##*/S??} in
  hostname.sh | mountkernfs.sh | mountdevsubfs.sh | mount-configfs) ;;
  checkfs.sh | *-bootclean.sh | brightness | hwclock.sh | urandom) ;;
  checkroot.sh)
    while read -r device point _ options _; do
      case $point,$options in /,ro | /,ro,*) fsck -p "$device" ; mount -o remount,rw / ;; esac
    done </proc/mounts
    ;;
  kmod)
    while read -r module; do
      case $module in '' | '#'*) ;; *) modprobe $module ;; esac
    done </etc/modules
    ;;
  mountall.sh)
    mount -a -t nonfs,nonfs4,nocifs,noncp,nosmbfs,nocoda
    swapon -a
    ;;
  procps) sysctl -q --system >/dev/null ;;
  networking) ifup -a ;;
  mountnfs.sh) ! grep -Eqs '^[^#]+[[:space:]](nfs|nfs4|cifs)[[:space:]]' /etc/fstab || mount -a ;;
  bootmisc.sh)
    find /tmp -xdev -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} +
    : >/run/utmp
    chgrp utmp /run/utmp
    chmod 0664 /run/utmp
    ;;
  *) "$script" start ;;
  esac
done
`;

/** Puts the quick boot in the place of Debian's. */
export async function bootQuickly(guest: Guest): Promise<void> {
  await guest.write('/usr/local/sbin/quick-boot', boot, { mode: 0o755 });
  const inittab = await guest.text('/etc/inittab');
  await guest.write('/etc/inittab', inittab.replace(/^si::sysinit:.*$/m, 'si::sysinit:/usr/local/sbin/quick-boot'));
}
