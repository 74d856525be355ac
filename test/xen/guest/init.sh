#!/bin/sh
# The first process of a guest's ramdisk: what its disk and its cards need, then the guest's own init.
export PATH=/usr/sbin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in xen-blkfront xen-netfront ext4; do modprobe "$module"; done
root='' mode=ro init=/sbin/init
# shellcheck disable=SC2013 # the command line's words
for word in $(cat /proc/cmdline); do
  case $word in
  root=*) root=${word#root=} ;;
  init=*) init=${word#init=} ;;
  ro | rw) mode=$word ;;
  esac
done
# Its disk comes when Xen has joined it.
tries=0
until [ -b "$root" ]; do
  tries=$((tries + 1))
  [ "$tries" -le 300 ] || break
  sleep 0.1
done
mount -t ext4 -o "$mode" "$root" /mnt || exec sh
umount /proc /sys
mount -o move /dev /mnt/dev
exec switch_root /mnt "$init"
