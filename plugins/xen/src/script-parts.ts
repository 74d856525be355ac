/*
 * Scripts run by hand, in any folder, under any sh: they go to their own folder first. A domain is known by its UUID.
 *
 * The xl that has made a domain goes on in the background: it takes the domain away when it ends, and makes it anew
 * when it reboots. It inherits a lock on `domain.cfg`, so that lock tells whether a domain that has ended, or that is
 * not there for the two seconds of a reboot, is looked after.
 */

/** What every script begins with. Unit is a checked name. */
export function head(comment: string, unit: string): string {
  return `#!/bin/sh
# ${comment}
set -eu
here=\${0%/*}
[ "$here" != "$0" ] || here=.
cd -P -- "\${here:-/}"
PATH=$PATH:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin
fail() {
  echo "${unit}: $1" >&2
  exit 1
}
need() {
  for program in "$@"; do
    command -v "$program" >/dev/null || fail "the program $program is not installed"
  done
}
`;
}

/** Ends a script that is not run by root, with the exit code EX_NOPERM of sysexits.h. */
export function rootOnly(unit: string, why: string): string {
  return `[ "$(id -u)" = 0 ] || {
  echo "${unit}: ${why}" >&2
  exit 77
}
`;
}

/** One script of this folder works at a time, also after whoever called it was killed. */
export const lock = `need flock
exec 9<start
flock -w 60 9 || fail "another script has worked on it for a minute"
`;

/**
 * Finds the domain: its number (empty where there is none), its state as xl(1) prints it, and where that is asked for
 * the reason why it has shut down (2: its memory was being saved), and the UUID of a stranger that has its name.
 */
export function lookFunction(unit: string, uuid: string, more: readonly ('reason' | 'stranger')[]): string {
  const [reason, stranger] = [more.includes('reason'), more.includes('stranger')];
  return `look() {
  number='' state=''${more.map((each) => ` ${each}=''`).join('')}
  listed=$(xl list -v 2>&1) || fail "the hypervisor does not answer: $listed"
  while read -r ${stranger ? 'a' : '_'} b _ _ c _ d ${reason ? 'e ' : ''}_; do
    if [ "$d" = ${uuid} ]; then
      case $number:$c in ?*:*d) continue ;; esac
      number=$b state=$c${reason ? ' reason=$e' : ''}
${stranger ? `    elif [ "$a" = ${unit} ]; then\n      stranger=$d\n` : ''}    fi
  done <<END
$listed
END
}
watched() { ! flock -s -n 8 8<domain.cfg; }
`;
}

/**
 * Tells what state a domain is in, and ends it. It is unsettled while it is torn down, or made anew (paused, under a
 * number that no script has written down); to destroy it then would leave half of it behind.
 */
export const settleFunctions = `half_made() { [ -e starting.create ] && case $state in *p*) ;; *) false ;; esac }
dead() { case $state in *[scd]*) ;; *) return 1 ;; esac }
settled() {
  look
  case $number:$state in
  :*) ! watched ;;
  *d) false ;;
  *[sc]*) [ "$reason" = 2 ] || ! watched ;;
  *p*)
    # Whoever made it is done, or dead: he would hold the lock.
    [ ! -e starting.create ] && [ ! -e starting.unpause ] || return 0
    known=''
    [ ! -e domid ] || read -r known <domid || :
    [ "$number" = "$known" ] || ! watched
    ;;
  esac
}
settle() {
  tries=0
  until settled; do
    tries=$((tries + 1))
    [ "$tries" -le 90 ] || return 1
    sleep 0.5
  done
}
end_domain() {
  tries=0
  said=''
  while :; do
    if settled || { [ -n "$number" ] && [ "$tries" -gt 60 ]; }; then
      [ -n "$number" ] || return 0
      said=$(xl destroy "$number" 2>&1) || :
    fi
    tries=$((tries + 1))
    [ "$tries" -le 90 ] || fail "its domain \${number:-is made anew again and again, and} cannot be ended: \${said:-xl still works on it}"
    sleep 0.5
  done
}
`;

/** Tells whether the process that keeps the console going does so: a pid alone may have been given away since. */
export const consoleFunction = `console_runs() {
  keeper=''
  [ ! -e pid ] || read -r keeper <pid || :
  [ -n "$keeper" ] && [ "$(readlink "/proc/$keeper/cwd" 2>/dev/null)" = "$PWD" ]
}
`;
