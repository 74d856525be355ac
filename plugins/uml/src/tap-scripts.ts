import { quote } from '@mln/core';

/*
 * Taps of the physical host. Root makes those that are missing; each is written down in `taps` before it is made, so
 * that `untap` can take away what was made here and nothing else. Whoever is not root uses what root has made.
 *
 * A guest ends when it likes, and its tap is to go then: the guest holds a lock on `untap`, shared, with a descriptor
 * that it has inherited, and one `untap` waits for that lock alone. So it begins when the last process has ended, in
 * whatever way.
 */

/** What a start script needs of the physical host. Empty: nothing. */
export interface Tap {
  readonly name: string;
  /** With its prefix. */
  readonly address: string | null;
  readonly mtu: number | null;
  readonly bridge: string | null;
}

/** The commands of ip(8) that make a tap, for root to read; `&&` between them. */
const functions = `tap_line() {
  line="ip tuntap add dev $1 mode tap user $(id -un)"
  [ -z "$2" ] || line="$line && ip address add $2 dev $1"
  [ -z "$3" ] || line="$line && ip link set dev $1 mtu $3"
  [ -z "$4" ] || line="$line && ip link set dev $1 master $4"
  echo "$line && ip link set dev $1 up"
}
make_tap() {
  boot=$(cat /proc/sys/kernel/random/boot_id)
  echo "$1 none $boot" >>taps
  if [ -z "$guarded" ]; then
    guarded=1
    setsid flock untap ./untap 8<&- 9<&- </dev/null >/dev/null 2>&1 &
  fi
  ip tuntap add dev "$1" mode tap || fail "the tap $1 cannot be made"
  link=$(ip -o link show dev "$1")
  echo "$1 \${link%%:*} $boot" >>taps
  [ -z "$2" ] || ip address add "$2" dev "$1" || fail "the tap $1 cannot have the address $2"
  [ -z "$3" ] || ip link set dev "$1" mtu "$3" || fail "the tap $1 cannot have an mtu of $3"
  [ -z "$4" ] || ip link set dev "$1" master "$4" || fail "the tap $1 cannot be joined to the bridge $4"
  ip link set dev "$1" up || fail "the tap $1 cannot be switched on"
}
# TAP ADDRESS MTU BRIDGE; what is empty is not asked for.
need_tap() {
  if [ -n "$4" ]; then
    case "$(ip -d -o link show dev "$4" 2>/dev/null) " in
    *' bridge '*) ;;
    *) fail "there is no bridge $4; as root: ip link add $4 type bridge && ip link set dev $4 up" ;;
    esac
  fi
  link=$(ip -d -o link show dev "$1" 2>/dev/null) || link=
  if [ -z "$link" ]; then
    [ "$(id -u)" = 0 ] || fail "there is no tap $1; as root: $(tap_line "$@")"
    make_tap "$@"
    return
  fi
  case "$link " in
  *' tun type tap '*) ;;
  *) fail "$1 is no tap, but another network interface" ;;
  esac
  if [ "$(id -u)" != 0 ]; then
    allowed=
    case "$link " in
    *" user $(id -un) "* | *" user $(id -u) "*) allowed=1 ;;
    *' user '*) ;;
    *' group '*) for group in $(id -Gn); do case "$link " in *" group $group "*) allowed=1 ;; esac done ;;
    *) allowed=1 ;;
    esac
    [ -n "$allowed" ] ||
      fail "the tap $1 belongs to another user; as root: ip tuntap del dev $1 mode tap && $(tap_line "$@")"
  fi
  flags=\${link#*<}
  case ",\${flags%%>*}," in
  *,LOWER_UP,*) fail "the tap $1 is in use by another program" ;;
  *,UP,*) ;;
  *) fail "the tap $1 is down; as root: ip link set dev $1 up" ;;
  esac
  if [ -n "$2" ] && ! ip -o address show dev "$1" | grep -qF " $2 "; then
    fail "the tap $1 does not have the address $2; as root: ip address add $2 dev $1"
  fi
  if [ -n "$4" ]; then
    case "$link " in
    *" master $4 "*) ;;
    *) fail "the tap $1 is not joined to the bridge $4; as root: ip link set dev $1 master $4" ;;
    esac
  fi
}
need ip grep
[ -e /dev/net/tun ] || fail "there is no /dev/net/tun; as root: modprobe tun"
{ [ -r /dev/net/tun ] && [ -w /dev/net/tun ]; } || fail "/dev/net/tun may not be opened; as root: chmod 0666 /dev/net/tun"
if [ "$(id -u)" = 0 ]; then
  exec 8<untap
  flock -w 10 8 || fail "its last processes still run"
  ./untap
  flock -s 8
fi
guarded=
`;

/** The part of a start script that makes taps, or checks those that are there; it keeps their counters as they are now. */
export function needTaps(taps: readonly Tap[]): string {
  if (taps.length === 0) return '';
  const lines = taps.map(({ name, address, mtu, bridge }) =>
    ['need_tap', ...[name, address ?? '', mtu === null ? '' : String(mtu), bridge ?? ''].map(orEmpty)].join(' '),
  );
  return `${functions}${lines.map((line) => `${line}\n`).join('')}cat /proc/self/net/dev >net.before\n`;
}

/** What a process that keeps taps does before it becomes its program: a terminal between may have closed the lock. */
export function holdTaps(taps: readonly Tap[]): string {
  if (taps.length === 0) return '';
  return `  if [ "$(id -u)" = 0 ]; then
    exec 8<untap
    flock -s 8
  fi
`;
}

/** The script that takes away the taps that were made here, by their numbers: names are given again. */
export function untapScript(unit: string, filtered = false): string {
  return `#!/bin/sh
# Takes away the taps that were made for ${unit}.
set -eu
cd -P -- "$(dirname -- "$0")"
PATH=$PATH:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin
# Who stops it does this, and who waited for its end: one behind the other.
exec 7<stop
flock 7
${filtered ? './filter down\n' : ''}[ -e taps ] || exit 0
now=$(cat /proc/sys/kernel/random/boot_id)
numbered=$(sed -n 's/^\\([^ ]*\\) [0-9][0-9]* .*/\\1/p' taps | tr '\\n' ' ')
while read -r tap index boot; do
  [ "$boot" = "$now" ] || continue
  link=$(ip -o link show dev "$tap" 2>/dev/null) || continue
  # Without a number: whoever made it was killed before he could write it down.
  if [ "$index" = none ]; then
    case " $numbered" in *" $tap "*) continue ;; esac
  else
    [ "\${link%%:*}" = "$index" ] || continue
  fi
  ip link delete dev "$tap" || {
    ! ip link show dev "$tap" >/dev/null 2>&1 || exit 1
  }
done <taps
rm -f taps
`;
}

function orEmpty(text: string): string {
  return text === '' ? "''" : quote(text);
}
