#!/bin/sh
# The first process of the machine that rules Xen, a dom0: starts what Xen needs, then the agent that the tests talk to.
export PATH=/usr/sbin:/usr/bin HOME=/root TERM=dumb LANG=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
# What udev would have made.
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t tmpfs run /run
mkdir -p /run/lock /run/xen /run/xenstored /run/lvm /var/lib/xen /var/log/xen/console

# shellcheck disable=SC2013 # one module a word
for module in $(cat /etc/modules); do
  modprobe "$module" || echo "dom0: there is no module $module"
done
mount -t xenfs xenfs /proc/xen
hostname dom0
ip link set lo up
mount -o ro /dev/vda /bed

tools=$(echo /usr/lib/xen-[0-9]*/bin)
XENSTORED_ROOTDIR=/run/xenstored "$tools/xenstored" --pid-file /run/xenstored.pid
tries=0
until xenstore-read -s / >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -le 200 ] || break
  sleep 0.1
done
"$tools/xen-init-dom0"
"$tools/xenconsoled" --pid-file /run/xenconsoled.pid

echo "dom0: up after $(cut -d' ' -f1 /proc/uptime) s"
/bed/node /mln/agent.mjs /dev/vport*p1
echo "dom0: the agent has ended: $?"
sync
poweroff -f
