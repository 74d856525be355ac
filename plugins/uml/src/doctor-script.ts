import { quote } from '@mln/core';
import type { SwitchProgram } from './uplink.js';

/** Tenths of seconds that a probe guest may take to its userland. */
const LIMIT = 300;
/** Seconds after which guest and switch end by themselves. */
const LIFE = LIMIT / 10 + 10;
/** What a probe guest prints when its userland runs, before what it has to tell. */
export const MARK = 'mln-probe';

/** How a probe guest comes to its programs. */
export type Root = 'busybox' | 'host';

/*
 * The guest is told what to do on its kernel's command line, so no script of its own is needed. It says whether its disk
 * can be written and its network card comes up, and waits to be ended; init's end is the kernel's.
 */
function guestScript(root: Root): string {
  const disk =
    root === 'busybox'
      ? 'busybox mount -t proc proc /proc; echo written >/written; disk=$?'
      : 'mount -t proc proc /proc; mount -t ext4 /dev/ubda /mnt && echo written >/mnt/written; disk=$?';
  const tool = root === 'busybox' ? 'busybox ' : '';
  return [
    'PATH=/bin:/sbin:/usr/bin:/usr/sbin',
    disk,
    `${tool}ip link set eth0 up`,
    'card=$?',
    `echo ${MARK} release=$(${tool}uname -r) disk=$disk card=$card`,
    `${tool}sleep ${LIFE}`,
  ].join('; ');
}

/** How each kind of switch is begun, where it listens, and how a card is connected to it. */
const switches: Record<SwitchProgram, { readonly command: string; readonly socket: string; readonly card: string }> = {
  uml_switch: { command: 'uml_switch -unix ctl', socket: 'ctl', card: 'daemon,,unix,ctl' },
  vde_switch: { command: 'vde_switch -s ctl -m 0600 --dirmode 0700 -f /dev/null', socket: 'ctl/ctl', card: 'vde,ctl' },
};

/** The words that the probe guest's kernel is begun with. */
function kernelWords(root: Root, card: string): readonly string[] {
  const begin =
    root === 'busybox'
      ? ['root=/dev/ubda', 'rw', 'init=/bin/busybox', '--', 'sh', '-c']
      : ['rootfstype=hostfs', 'rootflags=/', 'ro', 'init=/bin/sh', '--', '-c'];
  return [
    'mem=64M',
    // There is no such file yet: the kernel makes a copy-on-write disk over the image.
    'ubd0=cow,image',
    `eth0=${card}`,
    'con=null',
    'con0=null,fd:1',
    'umid=probe',
    'uml_dir=run',
    ...begin,
    `"${guestScript(root)}"`,
  ];
}

/**
 * A script that boots a guest in its working folder, connected to a switch there, asks it for its version, and ends both:
 * also when a signal ends the script, and when whoever runs it dies. It prints `name=value` lines, an empty line, and the
 * guest's console. Should the script itself be killed, guest and switch end when their time is over.
 */
export function probeScript(root: Root, program: SwitchProgram): string {
  const { command, socket, card } = switches[program];
  return `umask 077
runner=$PPID
guest=
switch=
finish() {
  [ -z "$switch" ] || kill "$switch"
  [ -z "$guest" ] || kill -KILL "-$guest" || kill -KILL "$guest"
  wait
  tries=0
  while [ -n "$guest" ] && kill -0 "-$guest" && [ "$tries" -lt 50 ]; do
    tries=$((tries + 1))
    sleep 0.02
  done
  [ -d "/proc/$runner" ] || rm -rf "$PWD"
} 2>/dev/null
trap finish EXIT
trap 'exit 1' HUP INT TERM
uptime() { read -r up _ </proc/uptime && echo "$1=$up"; }

if command -v ${program} >/dev/null; then
  mkfifo switch.in
  timeout -k 1 ${LIFE} ${command} <>switch.in >switch.log 2>&1 &
  switch=$!
  tries=0
  while [ ! -S ${socket} ] && kill -0 "$switch" 2>/dev/null && [ "$tries" -lt 50 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
  [ -S ${socket} ] && echo "switch=listens" || echo "switch=$(tail -n 1 switch.log)"
fi
uptime begun
setsid setarch -R linux.uml ${kernelWords(root, card).map(quote).join(' ')} </dev/null >console.log 2>&1 &
guest=$!
tries=0
until grep -q '^${MARK}' console.log; do
  tries=$((tries + 1))
  [ -d "/proc/$runner" ] || exit 1
  [ "$tries" -le ${LIMIT} ] || break
  kill -0 "$guest" 2>/dev/null || break
  sleep 0.1
done
uptime ready
if kill -0 "$guest" 2>/dev/null; then
  echo "memory=$(sed -n 's/^Pss: *\\([0-9]*\\) kB/\\1/p' "/proc/$guest/smaps_rollup")"
  echo "mconsole=$(timeout 5 uml_mconsole run/probe/mconsole version 2>/dev/null)"
  [ ! -f cow ] || echo "cow=$(stat -c %b cow)"
else
  wait "$guest"
  echo "exit=$?"
fi
echo
cat console.log
`;
}
